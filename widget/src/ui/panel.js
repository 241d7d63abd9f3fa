// Opening and closing, focus, keyboard, scrolling, and what the browser tells about the page.
import { open as openAtOnce } from "../config.js";
import * as session from "../session.js";
import { storageKey, tab } from "../store.js";
import { dark, draw } from "./draw.js";
import * as frame from "./frame.js";
import { input, launcher, panel, scroll } from "./frame.js";

const phone = matchMedia("(max-width: 640px), (max-height: 480px)");
const pageStyle = document.documentElement.style;

let unread = 0;
/** The visitor reads the end of the conversation, so it may follow what is added. */
let following = true;
let page = location.href;

function refresh() {
  draw(unread);
  if (session.ready) setTimeout(() => (frame.log.ariaLive = "polite"), 500);
  if (following) scroll.scrollTop = scroll.scrollHeight;
}

/** @param {unknown} [focus] not when the panel only comes back with the next page */
export function openPanel(focus = true) {
  if (!panel.open) {
    panel.ariaModal = `${phone.matches}`;
    if (phone.matches) {
      panel.showModal();
      pageStyle.overflow = "hidden";
    } else panel.open = true;
    unread = 0;
    following = true;
    tab.set({ open: true });
    if (session.ready) session.sync();
    else session.start();
  }
  refresh();
  if (focus) input.focus();
}

export function closePanel() {
  const focused = panel.matches(":focus-within");
  panel.close();
  pageStyle.overflow = "";
  tab.set({ open: false });
  refresh();
  if (focused) launcher.focus();
}

/** Where the focus goes when its control went away: on phones without raising the keyboard. */
const focusBack = () => (phone.matches ? scroll : input).focus();

function submit() {
  if (frame.sendButton.disabled) return;
  session.send(input.value.trim());
  input.value = "";
  refresh();
}

/** Sites that change pages without loading them. */
const moved = () =>
  setTimeout(() => {
    const [before, now] = [page, location.href];
    page = now;
    if (before.split("#")[0] !== now.split("#")[0]) session.viewPage(before);
  }, 300);

function wirePanel() {
  launcher.onclick = () => (panel.open ? closePanel() : openPanel());
  frame.closeButton.onclick = closePanel;
  frame.endButton.onclick = session.end;
  frame.restartButton.onclick = session.restart;
  frame.stopButton.onclick = () => {
    session.stop();
    focusBack();
  };
  frame.sendButton.onclick = submit;
  input.oninput = refresh;
  input.onkeydown = (event) => {
    // 229: Safari's Enter that ends the composition of a character.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    submit();
  };
  panel.onkeydown = ({ key, isComposing }) => {
    if (key === "Escape" && !isComposing) closePanel();
  };
  // What a phone's "back" does to a dialog.
  panel.oncancel = (event) => {
    event.preventDefault();
    closePanel();
  };
  panel.onclick = ({ target }) => {
    const control = /** @type {Element} */ (target);
    if (!control.isConnected || control.closest("[hidden],:disabled")) focusBack();
  };
  scroll.onscroll = () => {
    following = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 60;
  };
}

function wirePage() {
  addEventListener("offline", refresh);
  addEventListener("online", session.online);
  addEventListener("storage", ({ key }) => key === storageKey && session.changed());
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && panel.open) session.sync();
  });
  dark.onchange = refresh;
  phone.onchange = () => {
    if (!panel.open) return;
    closePanel();
    openPanel();
  };
  visualViewport?.addEventListener("resize", () => {
    // The on-screen keyboard covers the page without changing its height.
    panel.style.setProperty("--height", `${visualViewport?.height}px`);
    refresh();
  });
  addEventListener("popstate", moved);
  /** @type {any} */ (window).navigation?.addEventListener("currententrychange", moved);
}

/** Begins to listen; a visitor who was here before finds the conversation as they left it. */
export function startPanel() {
  session.listen((change) => {
    if (change === "sent") following = true;
    if (change === "answered" && !panel.open) unread++;
    refresh();
  });
  // A transcript that comes back is not read aloud again; what is said from then on is.
  if (session.getSaved()) frame.log.ariaLive = "off";
  wirePanel();
  wirePage();
  refresh();
  session.viewPage();
  if ((tab.value.open ?? openAtOnce !== "false") && !phone.matches) openPanel(false);
  else if (session.getPending()[0]) session.start();
}

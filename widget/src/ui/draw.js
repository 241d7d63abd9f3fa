// Draws the whole chat from the session's state; cheap enough to be called after every change.
import { theme } from "../config.js";
import * as session from "../session.js";
import * as strings from "../strings.js";
import { buildItem } from "../transcript.js";
import { button, reconcile, setProps } from "./dom.js";
import * as frame from "./frame.js";
import { describe, drawItem, drawNote } from "./messages.js";

const MAX_CHARACTERS = 4000;
const LOADING = buildItem("", "agent", { state: "thinking" });

export const dark = matchMedia("(prefers-color-scheme: dark)");

/** @param {number} unread */
function drawLauncher(unread) {
  const { open } = frame.panel;
  const label = open ? strings.closeChat : strings.openChat + (unread ? ` (${unread})` : "");
  setProps(frame.launcher, { "aria-label": label, title: label, "aria-expanded": `${open}` });
  frame.badge.textContent = unread ? `${unread}` : "";
}

function drawComposer() {
  const { value } = frame.input;
  const busy = !!session.current;
  const over = value.length - MAX_CHARACTERS;
  frame.limit.textContent = over > 0 ? strings.long.replace("{n}", `${over}`) : "";
  frame.sendButton.disabled = over > 0 || !value.trim();
  frame.sendButton.hidden = busy && frame.sendButton.disabled;
  if (!busy && frame.stopButton.matches(":focus")) frame.input.focus();
  frame.stopButton.hidden = !busy;
  frame.composer.hidden = session.ended;
  frame.farewell.hidden = !session.ended;
  frame.endButton.hidden = session.ended || !session.ready;
  frame.status.textContent = busy ? strings.typing : "";
  frame.input.style.height = "auto";
  frame.input.style.height = `${frame.input.scrollHeight}px`;
}

function drawNotice() {
  const failure = session.trouble;
  const waiting = session.timer || !navigator.onLine;
  const text = waiting
    ? navigator.onLine
      ? strings.lost
      : strings.offline
    : failure && describe(failure);
  reconcile(frame.notice, text ? [drawNote(text, !waiting && (() => session.retry()))] : []);
}

/** @param {number} unread answers that came while the panel was closed */
export function draw(unread) {
  const night = theme === "dark" || (theme === "auto" && dark.matches);
  frame.root.className = night ? "root dark" : "root";
  drawLauncher(unread);
  drawComposer();
  drawNotice();
  frame.disclosure.textContent = session.disclosure;
  const items = session.items.length || session.trouble ? session.items : [LOADING];
  const nodes = items.map(drawItem);
  reconcile(
    frame.log,
    items.map((item, index) => [item, () => nodes[index]]),
  );
  for (const card of frame.log.querySelectorAll("fieldset"))
    card.disabled = !!session.current || session.ended;
  const chips = session.current || session.ended ? [] : session.suggestions;
  reconcile(
    frame.chips,
    chips.map((text) => [text, () => button(text, () => session.send(text))]),
  );
}

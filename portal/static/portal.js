// What htmx does not do by itself: listen for changes, copy secrets, keep the keyboard's place.
(() => {
  const EDITED = "input:not([readonly]), textarea, select";
  let stream = null;
  let missed = false;

  const announce = () => document.body.dispatchEvent(new CustomEvent("portal:changed"));

  function listen() {
    if (stream || document.hidden || !document.querySelector("[data-live]")) return;
    stream = new EventSource("/portal/events");
    stream.addEventListener("ready", () => {
      document.getElementById("offline").hidden = true;
      // What happened between two connections was not announced.
      if (missed) announce();
      missed = false;
    });
    stream.addEventListener("changed", announce);
    stream.addEventListener("signed-out", () => {
      const here = location.pathname + location.search;
      location.assign(`/portal/login?next=${encodeURIComponent(here)}`);
    });
    stream.addEventListener("error", () => {
      missed = true;
      document.getElementById("offline").hidden = false;
    });
  }

  function stop() {
    stream?.close();
    stream = null;
    missed = true;
  }

  // A hidden page holds no connection: browsers allow six to a server, for all tabs together.
  document.addEventListener("visibilitychange", () => (document.hidden ? stop() : listen()));
  addEventListener("pagehide", stop);
  addEventListener("pageshow", listen);

  const asksByItself = (event) => event.detail.triggeringEvent?.type === "portal:changed";

  document.addEventListener("htmx:beforeRequest", (event) => {
    const edited = document.activeElement?.closest(EDITED);
    // Nothing is taken away from under somebody who is typing.
    if (asksByItself({ detail: event.detail.requestConfig }) && edited && event.target.contains(edited)) {
      event.preventDefault();
    }
  });
  document.addEventListener("htmx:configRequest", (event) => {
    if (asksByItself(event)) event.detail.headers["X-Portal-Refresh"] = "1";
  });

  // What was open and what had the focus stays so when a part of the page is replaced.
  let open = [];
  let focused = "";
  document.addEventListener("htmx:beforeSwap", (event) => {
    open = [...event.target.querySelectorAll("details[open][id]")].map((each) => each.id);
    focused = event.target.contains(document.activeElement) ? document.activeElement.id : "";
  });
  document.addEventListener("htmx:afterSwap", () => {
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    open = [];
    focused = "";
  });

  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-copy]");
    if (!button) return;
    const field = document.getElementById(button.dataset.copy);
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Selected: copy it";
    }
  });

  // One press sends a form once.
  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (button && !event.target.hasAttribute("hx-post")) {
      setTimeout(() => button.setAttribute("disabled", ""));
      setTimeout(() => button.removeAttribute("disabled"), 4000);
    }
  });

  // On a phone the links are a strip that scrolls: the current one is brought into it.
  document.querySelector(".nav [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });

  listen();
})();

// The fixed parts of the chat: launcher, panel, header, composer. The panel wires them up.
import { title } from "../config.js";
import * as strings from "../strings.js";
import { button, h, icon } from "./dom.js";

const CHAT = "M12 4c-5 0-9 3.3-9 7.4 0 2.3 1.3 4.3 3.3 5.7V21l3.6-2.3 2.1.2c5 0 9-3.4 9-7.5S17 4 12 4z";
const name = title || strings.title;

/** @param {string} label for tooltip and screen reader @param {string} path @param {string} [look] */
const iconButton = (label, path, look) =>
  h("button", { class: look, "aria-label": label, title: label }, icon(path));

export const badge = h("span", { class: "badge" });
export const launcher = h(
  "button",
  { class: "launcher", "aria-haspopup": "dialog" },
  icon(CHAT),
  icon("m6 9.5 6 6 6-6"),
  badge,
);

export const endButton = iconButton(strings.end, "M12 4v8m5-5.5a7.5 7.5 0 1 1-10 0");
export const closeButton = iconButton(strings.closeChat, "m6.5 6.5 11 11m0-11-11 11");

export const notice = h("p", { class: "notice", role: "status" });
export const status = h("p", { class: "sr", role: "status" });

export const disclosure = h("p", { id: "about", class: "about" });
export const log = h("div", { role: "log", "aria-label": name });
export const chips = h("div", { class: "chips" });
export const scroll = h("div", { class: "scroll", tabindex: 0 }, disclosure, log, chips);

export const input = h("textarea", {
  rows: 1,
  "aria-label": strings.placeholder,
  "aria-describedby": "limit",
  placeholder: strings.placeholder,
  enterkeyhint: "send",
});
export const limit = h("p", { id: "limit", class: "limit", role: "status" });
export const stopButton = iconButton(strings.stop, "M8 8h8v8H8z", "round stop");
export const sendButton = iconButton(strings.send, "M12 19.5v-15m-6 6 6-6 6 6", "round");
export const composer = h("div", { class: "composer" }, input, stopButton, sendButton);

export const restartButton = button(strings.restart);
export const farewell = h("p", { class: "ended" }, strings.ended, restartButton);

export const panel = h(
  "dialog",
  { "aria-labelledby": "title", "aria-describedby": "about" },
  h(
    "div",
    { class: "top" },
    h("span", { class: "face" }, icon(CHAT)),
    h("div", {}, h("h2", { id: "title" }, name), h("p", {}, strings.ai)),
    endButton,
    closeButton,
  ),
  scroll,
  notice,
  h("div", { class: "bottom" }, composer, limit, farewell),
  status,
);

export const root = h("div", { role: "region", "aria-label": name }, panel, launcher);

// What an answer may carry besides text. One function per kind; unknown kinds are left out, so an
// older widget keeps working with a newer server. A card that acts for the visitor imports what it
// needs (send, call) from the session.
import { h, link } from "./dom.js";

/** @type {Record<string, (card: any) => Element>} */
const kinds = {
  /** @param {{title?: string, items?: {title: string, url: string}[]}} card */
  links: ({ title = "", items = [] }) =>
    h(
      "div",
      { class: "card" },
      h("b", {}, title),
      ...items.map((item) => h("p", {}, link(item.url, {}, item.title || item.url))),
    ),
};

/** @param {Card} card @returns {import("./dom.js").Part[]} */
export const listCard = (card) =>
  Object.hasOwn(kinds, card.kind) ? [[JSON.stringify(card), () => kinds[card.kind](card)]] : [];

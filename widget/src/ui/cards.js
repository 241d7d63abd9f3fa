// What an answer may carry besides text. One function per kind; unknown kinds are left out, so an
// older widget keeps working with a newer server. A card that acts for the visitor sends an
// ordinary message, with the action that the server gave the button.
import { send } from "../session.js";
import { button, h, link } from "./dom.js";

/** @param {string} [title] @param {...(Node | string)} children */
const card = (title = "", ...children) =>
  h("fieldset", { class: "card" }, h("b", {}, title), ...children);

/** @param {string} [text] */
const line = (text = "") => h("p", {}, text);

/** @param {{label: string, action?: CardAction}[]} actions */
const buttons = (actions) =>
  h(
    "div",
    { class: "chips" },
    ...actions.map(({ label, action }) => button(label, () => send(label, action))),
  );

/** @type {Record<string, (card: any) => Element>} */
const kinds = {
  /** @param {{title?: string, items?: {title: string, url: string}[]}} card */
  links: ({ title, items = [] }) =>
    card(title, ...items.map((item) => h("p", {}, link(item.url, {}, item.title || item.url)))),

  /** @param {{title: string, timezone: string, slots: {id: string, label: string}[], hint: string}} card */
  slots: ({ title, timezone, slots, hint }) =>
    card(
      `${title} (${timezone})`,
      buttons(slots.map(({ id, label }) => ({ label, action: { kind: "slot", id } }))),
      line(hint),
    ),

  /** @param {{label: string, timezone: string, rep: string, status_label: string, actions: any[]}} card */
  appointment: ({ label, timezone, rep, status_label: status, actions }) =>
    card(label, line(timezone), line(`${rep} · ${status}`), buttons(actions)),

  /** @param {{title: string, fields: any[], submit: string, action: CardAction}} card */
  form: ({ title, fields, submit, action }) =>
    h(
      "form",
      {
        /** @param {SubmitEvent & {target: HTMLFormElement}} event */
        submit(event) {
          event.preventDefault();
          const values = Object.fromEntries(new FormData(event.target));
          send(Object.values(values).join(", "), { ...action, values });
        },
      },
      card(
        title,
        ...fields.map(({ label, ...field }) =>
          h("label", {}, label, h("input", { ...field, autocomplete: field.name })),
        ),
        button(submit),
      ),
    ),
};

/** @param {Card} card @returns {import("./dom.js").Part[]} */
export const listCard = (card) =>
  Object.hasOwn(kinds, card.kind) ? [[JSON.stringify(card), () => kinds[card.kind](card)]] : [];

// How a line of the conversation looks: sentences with numbered sources, cards, notes.
import { retry } from "../session.js";
import * as strings from "../strings.js";
import { listCard } from "./cards.js";
import { button, h, link, reconcile, setProps } from "./dom.js";

/** @typedef {import("./dom.js").Part} Part */

const speakers = { visitor: strings.you, agent: strings.ai, staff: strings.staff };

/** @type {WeakMap<Item, HTMLElement[]>} */
const drawn = new WeakMap();

/**
 * A link that opens the source at the quoted words where the browser can find them; the address
 * that is shown and copied stays the page's own.
 * @param {Citation} citation @param {string} text @param {import("./dom.js").Props} [props]
 */
const sourceLink = ({ url, quote }, text, props) =>
  link(
    url,
    {
      ...props,
      /** @param {{currentTarget: HTMLAnchorElement}} event */
      click({ currentTarget: anchor }) {
        const { href } = anchor;
        const words = quote.trim().split(/\s+/);
        const ends = words[8] ? [words.slice(0, 4), words.slice(-4)] : [words];
        const found = ends.map((end) => encodeURIComponent(end.join(" ")).replace(/-/g, "%2D"));
        anchor.href += `${anchor.hash ? "" : "#"}:~:text=${found}`;
        setTimeout(() => (anchor.href = href));
      },
    },
    text,
  );

/** @param {Citation} citation */
const drawMark = (citation) =>
  h(
    "sup",
    {},
    sourceLink(citation, `[${citation.n}]`, {
      "aria-label": `[${citation.n}] ${citation.title}`,
      title: `${citation.title}\n“${citation.quote}”`,
    }),
  );

/** @param {Sentence} sentence @param {number} index @param {Citation[]} citations @returns {Part} */
const listSentence = ({ text, citations: cited }, index, citations) => {
  const marks = citations.filter(({ n }) => cited?.includes(n));
  const spoken = index ? (text.startsWith("\n") ? text : ` ${text}`) : text.trimStart();
  return [JSON.stringify([text, marks]), () => h("span", {}, spoken, ...marks.map(drawMark))];
};

/** @param {Citation[]} citations */
const drawSources = (citations) =>
  h(
    "details",
    {},
    h("summary", {}, `${strings.sources} (${citations.length})`),
    ...citations.map((citation) =>
      h(
        "blockquote",
        {},
        `${citation.n}. `,
        sourceLink(citation, citation.title || citation.url),
        h("p", {}, citation.quote),
      ),
    ),
  );

/** What a failure is called. @param {import("../api.js").ApiError} failure */
export function describe({ code, message, wait }) {
  if (code === "RATE_LIMIT_EXCEEDED") return strings.rate + (wait ? ` (${wait} s)` : "");
  // The server knows what is wrong with it, and says it for people.
  if (code === "VALIDATION_ERROR") return message;
  return /FORBIDDEN|NOT_FOUND/.test(code) ? strings.unavailable : strings.failed;
}

/** @param {string} text @param {(() => void) | false} [again] what "try again" does @returns {Part} */
export const drawNote = (text, again) => [
  text,
  () => h("span", {}, `${text} `, again ? button(strings.retry, again) : ""),
];

/** @param {Item} item @returns {Part[]} */
function listNotes(item) {
  const { state, error } = item;
  const again = () => retry(item);
  if (state === "done") return [];
  if (state === "queued") return [drawNote(strings.queued)];
  if (state === "stopped") return [drawNote(strings.stopped, again)];
  if (error) return [drawNote(describe(error), error.code !== "VALIDATION_ERROR" && again)];
  return [["", () => h("span", { class: "dots" }, h("i"), h("i"), h("i"))]];
}

/** Draws an item, or what changed of it. @param {Item} item @returns {Element} */
export function drawItem(item) {
  const { role, state, sentences, citations, cards } = item;
  let parts = drawn.get(item);
  if (!parts) {
    parts = [h("p", {}), h("div"), h("div"), h("div", { class: "notes" })];
    const speaker = speakers[role];
    parts.push(h("article", {}, h("span", { class: "sr" }, `${speaker}: `), ...parts));
    drawn.set(item, parts);
  }
  const [text, sources, extras, notes, article] = parts;
  setProps(article, { class: `${role} ${state}` });
  reconcile(text, sentences.map((sentence, index) => listSentence(sentence, index, citations)));
  reconcile(extras, cards.flatMap(listCard));
  const cited = state === "done" && citations.length;
  reconcile(sources, cited ? [[JSON.stringify(citations), () => drawSources(citations)]] : []);
  reconcile(notes, listNotes(item));
  return article;
}

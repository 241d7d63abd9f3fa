// The conversation as data: pure functions between what the server tells and what is shown.

/** @param {string} id @param {Role} role @param {Partial<Item>} rest @returns {Item} */
export const buildItem = (id, role, rest) => ({
  key: role + id,
  id,
  role,
  state: "done",
  sentences: [],
  citations: [],
  cards: [],
  ...rest,
});

/** @param {string} text @returns {Partial<Item>} */
export const plain = (text) => ({ sentences: [{ text, citations: [] }] });

/** @param {Answer | TranscriptMessage} message @returns {Partial<Item>} */
const readAnswer = ({ text, sentences, citations, cards }) => ({
  ...plain(text),
  ...(sentences?.length && { sentences }),
  citations: citations || [],
  cards: cards || [],
  state: "done",
  error: undefined,
});

/**
 * A question and the place of its answer.
 * @param {Pending} waiting
 */
export const buildTurn = ({ id, text, action }) => [
  buildItem(id, "visitor", plain(text)),
  buildItem(id, "agent", { state: "queued", question: text, action }),
];

/** The first thing that is said. @param {string} text */
export const buildGreeting = (text) => buildItem("", "agent", plain(text));

/**
 * What to show after the server told its transcript: its order, its answers for what failed here,
 * our own lines for everything that is under way or was stopped by the visitor.
 * @param {Item[]} items @param {Transcript} transcript @returns {Item[]}
 */
export function merge(items, { greeting, messages }) {
  const old = items.filter((item) => item.old);
  const ours = new Map(items.filter((item) => !item.old).map((item) => [item.key, item]));
  const told = messages.map((message) => {
    const { key, id, role } = buildItem(message.message_id || message.id, message.role, {});
    const own = ours.get(key);
    ours.delete(key);
    if (own && !/failed|queued/.test(own.state)) return own;
    return Object.assign(own || buildItem(id, role, {}), readAnswer(message));
  });
  const first = ours.get("agent") || buildGreeting(greeting);
  ours.delete("agent");
  return [...(old.length ? old : [first]), ...told, ...ours.values()];
}

/**
 * Adds one event of the stream to an answer.
 * @param {Item} item @param {string} name @param {any} data
 */
export function applyEvent(item, name, data) {
  if (name === "done") {
    Object.assign(item, readAnswer(data));
    return;
  }
  const list = { citation: item.citations, sentence: item.sentences, card: item.cards }[name];
  list?.push(data);
  item.state = "writing";
}

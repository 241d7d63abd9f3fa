// The conversation with the server, without any drawing: what to send, when, and what to do when
// that fails. Whatever changes is told to the one listener.
import { ApiError, call } from "./api.js";
import { locale, readParams, site } from "./config.js";
import { tab, visitor } from "./store.js";
import { applyEvent, buildGreeting, buildItem, buildTurn, merge } from "./transcript.js";

const RETRY_SECONDS = [1, 3, 6, 12];

/** @type {Item[]} */
export let items = [];
/** @type {string[]} */
export let suggestions = [];
export let disclosure = "";
export let ended = false;
/** A person has taken over, or has been asked to. */
let awaitsStaff = false;
/** The server has told the opening of this conversation. */
export let ready = false;
/** @type {ApiError | undefined} what stands between the visitor and the server */
export let trouble;
/** @type {Item | undefined} the answer that is being written */
export let current;

/** @type {ReturnType<typeof setTimeout> | undefined} runs towards the next attempt, if there is one */
export let timer;

let attempts = 0;
let referrer = document.referrer;
/** @type {AbortController | undefined} */
let controller;
/** @type {Promise<void> | undefined} */
let starting;
/** @type {(change?: "sent" | "answered") => void} */
let tell = () => {};

/** @param {typeof tell} listener */
export const listen = (listener) => (tell = listener);

export const getSaved = () => visitor.value.conversation;
/** Questions of this tab that have no answer yet. */
export const getPending = () => tab.value.pending || [];
const getPage = () => ({ url: location.href, title: document.title, referrer });

/**
 * Calls something of the conversation that is open.
 * @param {string} path @param {unknown} [body]
 * @param {(name: string, data: any) => void} [onEvent] @param {AbortController} [abort]
 */
async function callOpen(path, body, onEvent, abort) {
  const saved = getSaved();
  if (!saved) throw new ApiError("NOT_FOUND");
  return call(`/${saved.id}${path}`, saved.token, body, onEvent, abort);
}

/** Finds the visitor's conversation again or begins one; then sends what waits. */
export function start() {
  starting ??= begin()
    .catch(fail)
    .finally(() => {
      starting = undefined;
      tell();
      pump();
    });
  return starting;
}

async function begin() {
  if (getSaved()) await load().catch(forget);
  if (!getSaved()) await create();
  recover();
}

async function create() {
  const created = await call("", "", {
    site_key: site,
    page: getPage(),
    params: readParams(),
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    locale,
    visitor_token: visitor.value.visitor_token,
  });
  const { conversation_id: id, token, visitor_token } = created;
  visitor.set({ visitor_token, conversation: { id, token } });
  opened(created);
  if (items[0]?.key !== "agent") items.unshift(buildGreeting(created.greeting));
}

/** Reads the transcript. */
async function load() {
  const saved = getSaved();
  const transcript = await callOpen("");
  // Another tab may have begun a new conversation meanwhile.
  if (saved?.id !== getSaved()?.id) return;
  ended = transcript.status === "ended";
  awaitsStaff = transcript.awaits_staff;
  items = merge(items, transcript);
  opened(transcript);
}

/** @param {Opening} opening */
function opened(opening) {
  disclosure = opening.disclosure;
  if (!ready || !items[1]) suggestions = opening.suggestions || [];
  ready = true;
  reached();
}

/**
 * Leaves a conversation that the server ended or no longer knows; the visitor stays who they are.
 * @param {any} error
 */
function forget(error) {
  if (!/UNAUTHORIZED|NOT_FOUND|CONFLICT/.test(error.code)) throw error;
  visitor.set({ conversation: null });
  const live = items.filter(({ state }) => state !== "done").map(({ id }) => id);
  for (const item of items) item.old = !live.includes(item.id);
}

/** Asks again what a reload cut off, with the same id, unless the answer is there by now. */
function recover() {
  for (const waiting of getPending()) {
    const [question, answer] = buildTurn(waiting);
    const known = items.filter((item) => item.id === waiting.id);
    if (known[1]) settle(known[1]);
    else items.push(...(known[0] ? [] : [question]), answer);
  }
}

/** Takes what has its answer off the list of what waits. @param {Item} item */
function settle({ id, state, error }) {
  // What failed is tried again after a reload, except for what can never succeed.
  if (/done|stopped/.test(state) || error?.code === "VALIDATION_ERROR") {
    tab.set({ pending: getPending().filter((waiting) => waiting.id !== id) });
  }
}

/** @param {string} text @param {CardAction} [action] the button that stands behind it */
export function send(text, action) {
  // The last part of such an address is a random UUID; crypto.randomUUID exists on https only.
  const address = URL.createObjectURL(new Blob());
  URL.revokeObjectURL(address);
  const waiting = { id: address.slice(-36), text, action };
  tab.set({ pending: [...getPending(), waiting] });
  items.push(...buildTurn(waiting));
  suggestions = [];
  retry();
}

/**
 * Tries again at once. For an answer that failed or was stopped the message_id stays the same, so
 * nothing happens twice.
 * @param {Item} [item]
 */
export function retry(item) {
  if (item) Object.assign(item, { state: "queued", error: undefined });
  reached();
  tell("sent");
  if (ready) pump();
  else start();
}

/** Ends the wait for a better moment, if there is one. */
function reached() {
  clearTimeout(timer);
  timer = trouble = undefined;
}

export const stop = () => controller?.abort(new ApiError("STOPPED"));

/** Sends the next question that waits, one at a time. */
async function pump() {
  const item = items.find(({ state }) => state === "queued");
  if (!item || !ready || current || timer || starting || ended) return;
  current = item;
  item.state = "thinking";
  tell();
  try {
    await ask(item).catch(async (error) => {
      forget(error);
      await create();
      await ask(item);
    });
    attempts = 0;
    reached();
  } catch (error) {
    fail(error, item);
  }
  current = undefined;
  settle(item);
  // The agent is silent while a person speaks in its place.
  if (/done/.test(item.state) && !item.sentences[0]?.text) items = items.filter((each) => each !== item);
  tell(/done/.test(item.state) ? "answered" : undefined);
  pump();
}

/** @param {Item} item */
async function ask(item) {
  const { id, question, action } = item;
  const fresh = buildItem(id, "agent", {});
  controller = new AbortController();
  const message = { message_id: id, text: question, action };
  await callOpen("/messages", message, (name, data) => {
    if (name === "error") throw new ApiError(data.code, data.message);
    applyEvent(fresh, name, data);
    // What an earlier attempt brought stays until this one has as much to show.
    if (fresh.state === "done" || !item.sentences[fresh.sentences.length]) Object.assign(item, fresh);
    suggestions = data.suggestions || [];
    awaitsStaff ||= data.awaits_staff;
    tell();
  }, controller);
  if (/** @type {ItemState} */ (item.state) !== "done") throw new ApiError("OFFLINE");
  visitor.set({ changed: Date.now() });
}

/**
 * Decides what a failure means: wait for the connection, or let the visitor decide.
 * @param {any} error @param {Item} [item] the answer it struck
 */
function fail(error, item) {
  const { code, message } = error;
  const seconds = RETRY_SECONDS[attempts++] || (navigator.onLine ? 0 : 60);
  if (code === "OFFLINE" && seconds) {
    if (item) item.state = "queued";
    trouble = error;
    timer = setTimeout(retry, seconds * 1000);
    return;
  }
  attempts = 0;
  if (code !== "STOPPED") console.warn("sales-agent:", code, message);
  if (item) Object.assign(item, { state: code === "STOPPED" ? "stopped" : "failed", error });
  else trouble = error;
}

/** The browser says that the network is back. */
export function online() {
  attempts = 0;
  if (ready || trouble) retry();
}

/** Reads what happened elsewhere: in another tab, or through staff. */
export async function sync() {
  if (!ready || current || !getSaved()) return;
  await load().catch(() => {});
  tell();
  pump();
}

/** Staff may write at any time: look for it while somebody looks at the panel. */
setInterval(() => {
  if (awaitsStaff && tab.value.open && !document.hidden) sync();
}, 4000);

/** Another tab wrote to the storage. */
export function changed() {
  const before = getSaved();
  visitor.reload();
  if (getSaved()?.id !== before?.id && !current) {
    items = [];
    suggestions = [];
  }
  sync();
}

/** Tells the server which page the visitor is on. @param {string} [from] the page before */
export function viewPage(from = referrer) {
  referrer = from;
  if (getSaved()) callOpen("/page-views", { page: getPage() }).catch(() => {});
}

/** Ends the conversation; what was said stays to be read. */
export async function end() {
  stop();
  await callOpen("/end", {}).then(() => {
    ended = true;
    visitor.set({ changed: Date.now() });
  }, fail);
  tell();
}

/** Begins anew after the end. */
export function restart() {
  visitor.set({ conversation: null });
  tab.set({ pending: [] });
  items = [];
  suggestions = [];
  ended = ready = false;
  tell();
  start();
}

// The calls of the chat API. Every failure is an ApiError with a code to act on.
import { origin } from "./config.js";

const SILENCE_MS = 45_000;

/** The server's code, or OFFLINE (no usable answer) or STOPPED (the visitor's wish). */
export class ApiError extends Error {
  /** @param {string} code @param {string} [message] @param {number} [wait] seconds */
  constructor(code, message, wait) {
    super(message);
    this.code = code;
    this.wait = wait;
  }
}

/** @param {Response} response */
async function readFailure(response) {
  const { status } = response;
  const { error } = await response.json().catch(() => ({}));
  return new ApiError(
    // A server that cannot be reached behind its gateway, or not just now: try again.
    status > 501 ? "OFFLINE" : error?.code || "INTERNAL_ERROR",
    error?.message,
    Number(response.headers.get("Retry-After")),
  );
}

/**
 * Reads server-sent events until the stream ends.
 * @param {ReadableStream<Uint8Array>} stream
 * @param {(name: string, data: any) => void} onEvent
 * @param {() => void} onBytes
 */
async function readEvents(stream, onEvent, onBytes) {
  const decoder = /** @type {ReadableWritablePair<string, any>} */ (new TextDecoderStream());
  const reader = stream.pipeThrough(decoder).getReader();
  let buffer = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    onBytes();
    const blocks = (buffer + value).split(/\r?\n\r?\n/);
    buffer = blocks.pop() || "";
    for (const block of blocks) {
      const name = /^event: ?(.*)/m.exec(block);
      const data = /^data: ?(.*)/m.exec(block);
      if (name && data) onEvent(name[1], JSON.parse(data[1]));
    }
  }
}

/**
 * @param {string} path beneath the conversations
 * @param {string} [token]
 * @param {unknown} [body] sent as POST when given
 * @param {(name: string, data: any) => void} [onEvent] given when the answer is a stream
 * @param {AbortController} [controller]
 * @returns {Promise<any>}
 */
export async function call(path, token, body, onEvent, controller = new AbortController()) {
  /** @type {ReturnType<typeof setTimeout>} */
  let timer;
  // A dead connection does not say that it is dead.
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => controller.abort(), SILENCE_MS);
  };
  heard();
  try {
    const response = await fetch(`${origin}/api/v1/chat/conversations${path}`, {
      method: body ? "POST" : "GET",
      headers: {
        Accept: onEvent ? "text/event-stream" : "application/json",
        ...(body ? { "Content-Type": "application/json" } : {}),
        ...(token ? { Authorization: `Bearer ${token}` } : {}),
      },
      body: body ? JSON.stringify(body) : null,
      credentials: "omit",
      cache: "no-store",
      signal: controller.signal,
    });
    if (!response.ok) throw await readFailure(response);
    if (onEvent && response.body) return await readEvents(response.body, onEvent, heard);
    return response.status === 204 ? null : await response.json();
  } catch (error) {
    const { reason } = controller.signal;
    for (const cause of [error, reason]) if (cause instanceof ApiError) throw cause;
    throw new ApiError("OFFLINE", String(error));
  } finally {
    // Ends the timer's reason to be, and a stream that an error left open.
    controller.abort();
  }
}

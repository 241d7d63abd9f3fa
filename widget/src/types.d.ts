// The shapes that cross the wire, and the ones the widget keeps. See docs/widget.md.

declare module "*.css" {
  const text: string;
  export default text;
}

interface Citation {
  n: number;
  id: string;
  url: string;
  title: string;
  quote: string;
}

interface Sentence {
  text: string;
  citations: number[];
}

/** What a card holds depends on its kind; see ui/cards.js. */
interface Card {
  kind: string;
  [field: string]: unknown;
}

interface Answer {
  message_id: string;
  text: string;
  sentences?: Sentence[];
  citations?: Citation[];
  cards?: Card[];
  profile?: Record<string, unknown>;
  suggestions?: string[];
}

interface Opening {
  conversation_id: string;
  greeting: string;
  disclosure: string;
  suggestions: string[];
}

interface Created extends Opening {
  token: string;
  visitor_token: string;
}

type Role = "visitor" | "agent" | "staff";

interface TranscriptMessage {
  id: string;
  message_id: string | null;
  role: Role;
  text: string;
  sentences?: Sentence[];
  citations?: Citation[];
  cards?: Card[];
  created_at: string;
}

interface Transcript extends Opening {
  status: "open" | "ended";
  awaits_staff: boolean;
  messages: TranscriptMessage[];
}

/** queued: not sent yet. thinking: sent, nothing came. writing: sentences arrive. */
type ItemState = "queued" | "thinking" | "writing" | "done" | "stopped" | "failed";

/** One line of the conversation as the widget keeps it. */
interface Item {
  key: string;
  /** The client's message_id, shared by a question and its answer. */
  id: string;
  role: Role;
  state: ItemState;
  sentences: Sentence[];
  citations: Citation[];
  cards: Card[];
  /** An answer's question, to send it again. */
  question?: string;
  action?: CardAction;
  /** Belongs to an earlier conversation that the server no longer knows. */
  old?: boolean;
  error?: import("./api.js").ApiError;
}

/** What a card's button or form means; the server made it up and reads it again. */
interface CardAction {
  kind: string;
  id?: string;
  values?: Record<string, unknown>;
}

interface Pending {
  id: string;
  text: string;
  action?: CardAction;
}

interface Saved {
  visitor_token?: string;
  conversation?: { id: string; token: string } | null;
  /** Changes with every message, so that other tabs hear of it. */
  changed?: number;
}

interface TabState {
  /** Whether the visitor left the panel open in this tab. */
  open?: boolean;
  /** Questions without an answer yet: sent again, with the same id, after a reload. */
  pending?: Pending[];
}

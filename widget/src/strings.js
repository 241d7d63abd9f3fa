// What the widget says itself; greeting, disclosure and answers come from the server. A language is
// one more column: its code in `languages`, its text at the end of every line.
import { locale } from "./config.js";

const languages = ["en", "de", "es"];
const column = Math.max(languages.indexOf(locale.slice(0, 2).toLowerCase()), 0);
const say = (/** @type {string[]} */ ...texts) => texts[column];

export const language = languages[column];

export const title = say("Chat with us", "Chatten Sie mit uns", "Chatea con nosotros");
export const ai = say("AI assistant", "KI-Assistent", "Asistente de IA");
export const openChat = say("Open chat", "Chat öffnen", "Abrir el chat");
export const closeChat = say("Close chat", "Chat schließen", "Cerrar el chat");
export const you = say("You", "Sie", "Tú");
export const staff = say("Team", "Team", "Equipo");
export const placeholder = say("Ask a question…", "Ihre Frage…", "Haz una pregunta…");
export const send = say("Send", "Senden", "Enviar");
export const stop = say("Stop", "Anhalten", "Detener");
export const retry = say("Try again", "Noch einmal", "Reintentar");
export const typing = say("Writing…", "Schreibt…", "Escribiendo…");
export const stopped = say("Stopped.", "Angehalten.", "Detenido.");
export const failed = say("Something went wrong.", "Das hat nicht geklappt.", "Algo ha salido mal.");
export const queued = say("Not sent yet.", "Noch nicht gesendet.", "Aún sin enviar.");
export const offline = say(
  "You are offline. Messages are sent once you are back.",
  "Sie sind offline. Gesendet wird, sobald Sie wieder online sind.",
  "Estás sin conexión. Los mensajes se enviarán en cuanto vuelvas.",
);
export const lost = say(
  "Connection lost. Trying again…",
  "Keine Verbindung. Neuer Versuch…",
  "Conexión perdida. Reintentando…",
);
export const rate = say(
  "Too many messages. Please wait a moment.",
  "Zu viele Nachrichten. Bitte warten Sie kurz.",
  "Demasiados mensajes. Espera un momento.",
);
export const unavailable = say(
  "The chat is not available here.",
  "Der Chat ist hier nicht verfügbar.",
  "El chat no está disponible aquí.",
);
export const long = say("{n} characters too long", "{n} Zeichen zu lang", "Sobran {n} caracteres");
export const sources = say("Sources", "Quellen", "Fuentes");
export const end = say("End chat", "Chat beenden", "Terminar el chat");
export const ended = say(
  "This chat has ended.",
  "Dieser Chat ist beendet.",
  "Este chat ha terminado.",
);
export const restart = say("Start a new chat", "Neuen Chat beginnen", "Empezar otro chat");

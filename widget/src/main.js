// The entry: one script tag becomes one custom element at the end of the page.
import { accent, position, rightToLeft } from "./config.js";
import { language } from "./strings.js";
import css from "./style.css";
import { setProps } from "./ui/dom.js";
import { root } from "./ui/frame.js";
import { closePanel, openPanel, startPanel } from "./ui/panel.js";

const NAME = "sales-agent-chat";

class SalesAgentChat extends HTMLElement {
  open = openPanel;
  close = closePanel;
}

function start() {
  if (customElements.get(NAME)) return;
  customElements.define(NAME, SalesAgentChat);
  const chat = document.createElement(NAME);
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  const shadow = chat.attachShadow({ mode: "open" });
  shadow.adoptedStyleSheets = [sheet];
  shadow.append(root);
  setProps(chat, { lang: language, dir: rightToLeft ? "rtl" : "ltr", position });
  if (accent) chat.style.setProperty("--sales-agent-accent", accent);
  const attach = () => chat.isConnected || document.body.append(chat);
  attach();
  startPanel();
  // Sites that swap the whole body between pages would lose the chat otherwise.
  new MutationObserver(attach).observe(document.documentElement, { childList: true });
}

if (document.body) start();
else addEventListener("DOMContentLoaded", start);

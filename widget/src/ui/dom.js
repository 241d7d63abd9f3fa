// The few DOM helpers everything is drawn with. Data enters as text nodes and attributes only.

/** @typedef {Record<string, unknown>} Props functions are listeners, the rest attributes */
/** @typedef {[signature: unknown, make: () => Element]} Part something to show, made when needed */

/** @param {Element} node @param {Props} props */
export function setProps(node, props) {
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === "function") node.addEventListener(name, /** @type {any} */ (value));
    else if (value == null || value === false) node.removeAttribute(name);
    else node.setAttribute(name, String(value));
  }
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag @param {Props} [props] @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  setProps(node, props);
  node.append(...children);
  return node;
}

/** @param {string} d the path of a 24 by 24 drawing */
export function icon(d) {
  const [svg, path] = ["svg", "path"].map((tag) =>
    document.createElementNS("http://www.w3.org/2000/svg", tag),
  );
  setProps(svg, { viewBox: "0 0 24 24", "aria-hidden": "true" });
  setProps(path, { d });
  svg.append(path);
  return svg;
}

/** @param {string} text @param {() => void} [click] */
export const button = (text, click) => h("button", { click }, text);

/**
 * A link to another page, or plain text where the address is not one to send a visitor to.
 * @param {string} address @param {Props} props @param {string} text
 */
export function link(address, props, text) {
  let url;
  try {
    url = new URL(address, location.href);
  } catch {
    // Not an address at all.
  }
  return url && /^https?:$/.test(url.protocol)
    ? h("a", { href: url.href, target: "_blank", rel: "noopener", ...props }, text)
    : h("span", {}, text);
}

/** @type {WeakMap<Element, unknown>} */
const signatures = new WeakMap();

/**
 * Makes the children of `parent` what `parts` lists, touching only those that differ: a screen
 * reader announces what was added, never again what stood there already.
 * @param {Element} parent @param {Part[]} parts
 */
export function reconcile(parent, parts) {
  parts.forEach(([signature, make], index) => {
    const present = parent.children[index];
    if (present && signatures.get(present) === signature) return;
    const node = make();
    signatures.set(node, signature);
    if (present) present.replaceWith(node);
    else parent.append(node);
  });
  while (parent.children[parts.length]) parent.lastElementChild?.remove();
}

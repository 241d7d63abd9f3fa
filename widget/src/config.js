// Everything the embedding page decides, read from the script tag once. One page holds one chat,
// so the modules of this widget are its state: constants and functions instead of objects that are
// handed around, which also is what keeps the bundle small.

export const script = /** @type {HTMLScriptElement} */ (
  document.currentScript || document.querySelector("script[data-site]")
);

const { dataset } = script;
const root = document.documentElement;

export const site = dataset.site || "";
export const origin = new URL(script.src).origin;
export const locale = dataset.locale || root.lang || navigator.language;
export const rightToLeft =
  /^(ar|fa|he|iw|ur|yi)\b/i.test(locale) || getComputedStyle(root).direction === "rtl";

/** Custom page parameters: data-page-plan="pro" is told as {plan: "pro"}. */
export const readParams = () =>
  Object.fromEntries(
    [...script.attributes]
      .filter(({ name }) => name.startsWith("data-page-"))
      .map(({ name, value }) => [name.slice(10), value]),
  );

export const { position = "", theme = "auto", accent = "", title = "", open = "false" } = dataset;

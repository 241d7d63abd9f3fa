// What the widget remembers: in localStorage for the visitor, in sessionStorage for this tab.
// Nothing is written before the panel was opened once. Where storage is blocked, memory serves.
import { site } from "./config.js";

export const storageKey = `sales-agent:${site}`;

/**
 * @template {object} T
 * @param {() => Storage} area a getter, because touching a blocked storage throws
 */
function remember(area) {
  /** @returns {T} */
  const read = () => {
    try {
      return JSON.parse(area().getItem(storageKey) || "{}");
    } catch {
      return /** @type {T} */ ({});
    }
  };
  const memory = {
    value: read(),
    /** Takes over what another tab wrote. */
    reload() {
      memory.value = read();
    },
    /** @param {T} change */
    set(change) {
      Object.assign(memory.value, change);
      try {
        area().setItem(storageKey, JSON.stringify(memory.value));
      } catch {
        // Blocked or full: the conversation lives as long as the page does.
      }
    },
  };
  return memory;
}

/** @type {ReturnType<typeof remember<Saved>>} */
export const visitor = remember(() => localStorage);
/** @type {ReturnType<typeof remember<TabState>>} */
export const tab = remember(() => sessionStorage);

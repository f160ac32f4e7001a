// What a page remembers. Storage may be blocked or full, so each use of it may throw: the chat works without.

/** Where each thing is remembered: by the browser for all tabs, or by this tab only, until it is closed. */
const STORAGES = {
  /** The name that was used last. */
  name: () => localStorage,
  /** The name suggested in this tab. */
  guest: () => sessionStorage,
  /** What is written and not sent. */
  text: () => sessionStorage,
  /** The keys of own drafts, to tell own messages apart after a reload. */
  keys: () => sessionStorage,
  /** Own drafts that are being sent, as JSON. */
  drafts: () => sessionStorage,
} as const;

/** @returns the text that is remembered under a name; empty if none is */
export function remembered(name: keyof typeof STORAGES): string {
  try {
    return STORAGES[name]().getItem(`chat-${name}`) ?? "";
  } catch {
    return "";
  }
}

export function remember(name: keyof typeof STORAGES, value: string): void {
  try {
    STORAGES[name]().setItem(`chat-${name}`, value);
  } catch {
    // Not remembered, then.
  }
}

// What a page remembers. Storage may be blocked or full, so each use of it may throw: the chat works without.

const NAME = "chat-name";
const KEYS = "chat-keys";
/** Enough to tell own messages apart in all that the page shows after a reload. */
const MAX_KEYS = 1_000;

/** The name that was used last, in any tab; empty if none is remembered. */
export function rememberedName(): string {
  return read(() => localStorage, NAME);
}

export function rememberName(name: string): void {
  write(() => localStorage, NAME, name);
}

/** The keys of this tab's own drafts; they outlive a reload, and end with the tab. */
export function rememberedKeys(): Set<string> {
  return new Set(read(() => sessionStorage, KEYS).split(" "));
}

export function rememberKeys(keys: ReadonlySet<string>): void {
  write(() => sessionStorage, KEYS, [...keys].slice(-MAX_KEYS).join(" "));
}

function read(storage: () => Storage, name: string): string {
  try {
    return storage().getItem(name) ?? "";
  } catch {
    return "";
  }
}

function write(storage: () => Storage, name: string, value: string): void {
  try {
    storage().setItem(name, value);
  } catch {
    // Not remembered, then.
  }
}

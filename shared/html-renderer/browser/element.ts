/**
 * Finds an element that the server rendered.
 *
 * @throws Error there is none with this id, or it is of another kind
 */
export function element<T extends Element>(id: string, kind: { new (): T; readonly name: string }): T {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new Error(`The page has no ${kind.name} with the id "${id}".`);
}

/** Makes an element with a class and a text; text from others enters the page here, and only as text. */
export function make<K extends keyof HTMLElementTagNameMap>(tag: K, className: string, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

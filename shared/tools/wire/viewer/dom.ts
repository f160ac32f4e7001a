// Finding and making elements. Text from others enters the page here, and only as text.

/**
 * Finds an element of the page.
 *
 * @throws Error there is none with this id, or it is of another kind
 */
export function element<T extends Element>(id: string, kind: { new (): T; readonly name: string }): T {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new Error(`The page has no ${kind.name} with the id "${id}".`);
}

/** Makes an element with a class and a text. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = "",
  text = "",
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (className !== "") made.className = className;
  if (text !== "") made.textContent = text;
  return made;
}

/** Makes a button. */
export function button(className: string, text: string, pressed: () => void): HTMLButtonElement {
  const made = make("button", className, text);
  made.type = "button";
  made.addEventListener("click", pressed);
  return made;
}

/** Changes a text only where it is another, so that nothing is laid out or read out for nothing. */
export function say(node: Element, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

/** @returns what the server gave the page as `data-NAME`; empty if there is none */
export function pageText(name: string): string {
  return document.documentElement.getAttribute(`data-${name}`) ?? "";
}

/** @throws Error if the page has no number under that name */
export function pageNumber(name: string): number {
  const text = pageText(name);
  if (text === "" || Number.isNaN(Number(text))) throw new Error(`The page has no number data-${name}.`);
  return Number(text);
}

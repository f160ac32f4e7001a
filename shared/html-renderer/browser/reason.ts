import { type Language, WORDS } from "../words.ts";

/** The language that the server chose for this page. */
export function pageLanguage(): Language {
  return document.documentElement.lang === "ko" ? "ko" : "en";
}

/**
 * Why something failed, as a sentence in the page's language.
 *
 * @param error what was thrown by fetch or by this project, or the event of an EventSource or a WebSocket
 */
export function reasonOf(error: unknown): string {
  const language = pageLanguage();
  if (error instanceof CloseEvent && error.wasClean) return WORDS.closed[language](error.code);
  if (error instanceof Event) return WORDS.broken[language];
  if (error instanceof DOMException && error.name === "TimeoutError") return WORDS.timeout[language];
  // fetch throws this if there was no answer; a bug may throw one too, so it goes to the console as well.
  if (error instanceof TypeError) {
    console.warn(error);
    return WORDS.noAnswer[language];
  }
  return error instanceof Error ? error.message : String(error);
}

/** An answer that is an error, as an Error with the server's own sentence if the answer has one. */
export async function errorOf(response: Response): Promise<Error> {
  const body: unknown = await response.json().catch(() => undefined);
  const hasSentence =
    typeof body === "object" && body !== null && "error" in body && typeof body.error === "string";
  const sentence = hasSentence ? String(body.error) : "";
  const status = WORDS.status[pageLanguage()](response.status);
  // A 4xx sentence says what the reader is to do; a 5xx is nothing that a reader could change.
  return new Error(sentence && response.status < 500 ? sentence : `${status} ${sentence}`.trim());
}

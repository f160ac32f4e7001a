import type { Draft, Message } from "../../message-store/message.ts";
import { wait } from "./pause.ts";
import { errorOf, reasonOf } from "./reason.ts";

const TIMEOUT = 10_000;
const MAX_PAUSE = 300;

/**
 * Sends a draft by `POST /update`. A kept-alive connection may meet a server that closes it (RFC 9112 §9.3.1),
 * and a server may be restarting: if there was no answer, or a 5xx, it tries once more. The draft's key
 * makes that safe.
 *
 * @returns the message as the log holds it
 * @throws Error with a sentence for the reader: the server's own for a 4xx
 */
export async function post(draft: Draft): Promise<Message> {
  const request = () =>
    fetch("/update", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(draft),
      signal: AbortSignal.timeout(TIMEOUT),
    });
  try {
    let response = await request().catch(() => undefined);
    if (response === undefined || response.status >= 500) {
      await wait(Math.random() * MAX_PAUSE);
      response = await request();
    }
    if (!response.ok) throw await errorOf(response);
    return await response.json();
  } catch (error) {
    throw new Error(reasonOf(error), { cause: error });
  }
}

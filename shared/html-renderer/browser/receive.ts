import { reasonOf } from "./reason.ts";

/**
 * Receives for as long as the page is open.
 *
 * @param chat the page's chat: its `offline` resolves when it is time to try again
 * @param receive one round of the chapter's technique. If it rejects, the page says why, waits, and starts again
 */
export async function keepReceiving(
  chat: { offline(reason: string): Promise<void> },
  receive: () => Promise<void>,
): Promise<never> {
  for (;;) {
    try {
      await receive();
    } catch (error) {
      await chat.offline(reasonOf(error));
    }
  }
}

import type { Message } from "../../message-store/message.ts";
import { errorOf } from "./reason.ts";

/**
 * Reads the answer to "any news?".
 *
 * @param response 200 with a JSON list of messages, or 204
 * @returns the messages, oldest first; none for a 204
 * @throws Error any other answer: the server's sentence, or the status
 */
export async function messagesOf(response: Response): Promise<Message[]> {
  if (response.status === 204) return [];
  if (response.status !== 200) throw await errorOf(response);
  return await response.json();
}

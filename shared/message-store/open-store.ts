// Which log: the value of `--store` and of CHAT_STORE.
import { FileStore } from "./file-store.ts";
import { MemoryStore } from "./memory-store.ts";
import { withoutPassword } from "./redis-address.ts";
import { type MessageStore, StoreError } from "./store.ts";

/**
 * Opens a log.
 *
 * @param spec `file:PATH`, relative to the working directory or absolute; `memory:`; or a log on Redis,
 *   `redis://[[USER]:PASSWORD@]HOST[:PORT][/DB][?log=NAME]`, with TLS `rediss://`
 * @throws StoreError if the spec is none of these or the log cannot be opened
 */
export async function openStore(spec: string): Promise<MessageStore> {
  if (spec === "memory:") return new MemoryStore();
  if (spec.startsWith("file:") && spec !== "file:") return FileStore.open(spec.slice("file:".length));
  if (/^rediss?:/.test(spec)) {
    const { RedisStore } = await import("./redis-store.ts"); // Not loaded by who has no Redis.
    return RedisStore.open(spec);
  }
  const quoted = JSON.stringify(withoutPassword(spec));
  throw new StoreError(`There is no store ${quoted}: say file:PATH, memory: or redis://HOST.`);
}

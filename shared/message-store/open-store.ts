// Which log: the value of `--store` and of CHAT_STORE.
import { FileStore } from "./file-store.ts";
import { MemoryStore } from "./memory-store.ts";
import { type MessageStore, StoreError } from "./store.ts";

/**
 * Opens a log.
 *
 * @param spec `file:PATH`, relative to the working directory or absolute, or `memory:`
 * @throws StoreError if the spec is none of these or the file cannot be opened
 */
export async function openStore(spec: string): Promise<MessageStore> {
  if (spec === "memory:") return new MemoryStore();
  if (spec.startsWith("file:") && spec !== "file:") return FileStore.open(spec.slice("file:".length));
  throw new StoreError(`There is no store ${JSON.stringify(spec)}: say file:PATH or memory:.`);
}

// Opens the log file, whatever it turns out to be.
import { constants } from "node:fs";
import { type FileHandle, mkdir, open, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { StoreError } from "./store.ts";

/**
 * Opens the log file to read and append. Creates it and its folders if they are missing.
 *
 * @param path a file on a local disk; a device works as far as it does, a folder or a pipe does not
 * @throws StoreError if it cannot be opened; it never hangs
 */
export async function openFile(path: string): Promise<FileHandle> {
  try {
    const folder = dirname(resolve(path));
    await makeFolder(folder);
    // O_NONBLOCK: to open a pipe or a serial line must not wait for its other end. Windows has none.
    const { O_RDWR, O_APPEND, O_CREAT, O_NONBLOCK = 0 } = constants;
    const file = await open(path, O_RDWR | O_APPEND | O_CREAT | O_NONBLOCK);
    const status = await file.stat();
    if (status.isFile() || status.isCharacterDevice()) {
      await flushFolder(folder);
      return file;
    }
    await file.close();
    throw new Error("it is no file");
  } catch (error) {
    throw cannotOpen(path, error);
  }
}

/** Makes a folder and those above it, one by one: Node's recursive mkdir under /proc never returns. */
async function makeFolder(folder: string): Promise<void> {
  if (await exists(folder)) return;
  const parent = dirname(folder);
  if (parent !== folder) await makeFolder(parent);
  try {
    await mkdir(folder);
  } catch (error) {
    if (!(await exists(folder))) throw error; // Another process may have been faster.
  }
  await flushFolder(parent);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Flushes a folder, so that a new file in it outlives a power cut as its content does. */
async function flushFolder(path: string): Promise<void> {
  try {
    const folder = await open(path);
    await folder.sync().finally(() => folder.close());
  } catch {
    // The best that can be done: Windows and some file systems refuse.
  }
}

/** The sentence for a log file that cannot be opened or read. */
export function cannotOpen(path: string, error: unknown): StoreError {
  return new StoreError(
    `The log file ${JSON.stringify(path)} cannot be opened (${reason(error)}): ` +
      "name a file that you may write, as in --store file:.data/chat.ndjson.",
  );
}

/** What an error says of itself. */
export function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

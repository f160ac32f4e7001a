// Loaded before a program that a learner may have broken (`node --import`): it ends when a process that started it has
// ended, however that came about, and even while it is in an endless loop. So the looking is done in a thread of its own.
import { isMainThread, Worker, workerData } from "node:worker_threads";
import { OWNERS } from "./owners.ts";

/** How often it looks, in milliseconds. */
const PERIOD = 200;

const owners = (process.env[OWNERS] ?? "").split(",").map(Number);

if (isMainThread) {
  new Worker(new URL(import.meta.url), { workerData: { [OWNERS]: process.ppid } }).unref();
  process.env[OWNERS] = [...owners, process.pid].join(","); // For what this program starts itself.
} else if (workerData?.[OWNERS] !== undefined) {
  const parent = Number(workerData[OWNERS]);
  // A parent that ended before we could look has left us to the first process of the system.
  const isLeft = () => process.ppid !== parent || (parent === 1 && !owners.includes(1));
  setInterval(() => {
    if (isLeft() || [parent, ...owners].some(hasEnded)) process.kill(process.pid, "SIGKILL");
  }, PERIOD);
}

function hasEnded(pid: number): boolean {
  try {
    process.kill(pid, 0); // Sends nothing. On Windows, the number of a parent stays when it has gone.
    return false;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
}

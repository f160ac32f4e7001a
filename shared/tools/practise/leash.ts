// Loaded before a program that a learner may have broken (`node --import`): it ends when the process that started it has
// ended, however that came about, and even while it is in a loop without end. So the looking is done in a thread of its
// own.
import { isMainThread, Worker, workerData } from "node:worker_threads";

/** The variable of the environment that names the process at the top: between us and it there may be a shell. */
export const OWNER = "PRACTISE_PID";

/** How often it looks, in milliseconds. */
const PERIOD = 200;

const owner = Number(process.env[OWNER]);

/** @param parent who started us */
function isAlone(parent: number): boolean {
  // A parent that ended before we could look has left us to the first process of the system.
  const isLeft = process.ppid !== parent || (parent === 1 && owner !== 1);
  return isLeft || [parent, owner].some(hasEnded);
}

function hasEnded(pid: number): boolean {
  try {
    process.kill(pid, 0); // Sends nothing. On Windows, the number of a parent stays when it has gone.
    return false;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
}

if (isMainThread && owner > 0) {
  new Worker(new URL(import.meta.url), { workerData: { [OWNER]: process.ppid } }).unref();
} else if (workerData?.[OWNER] !== undefined) {
  const parent = Number(workerData[OWNER]);
  setInterval(() => {
    if (isAlone(parent)) process.kill(process.pid, "SIGKILL");
  }, PERIOD);
}

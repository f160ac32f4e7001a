// Loaded into a measured server before the server itself (`node --import`): it reads the process's own meters when it
// is asked. It costs the server nothing else, and works wherever Node does, unlike /proc.
import { setImmediate as nextTurn } from "node:timers/promises";

/** What a process has used so far, and holds now. */
export interface Reading {
  /** User and system time, in milliseconds. */
  readonly cpu: number;
  /** What the system has given the process, in bytes. */
  readonly rss: number;
  /** JavaScript's heap and the buffers beside it, in bytes; what it holds and no garbage, where that was asked for. */
  readonly heap: number;
}

/** The question, as the process is sent it. */
export interface MeterQuestion {
  readonly meter: "read" | "collect and read";
}

if (process.channel) {
  process.on("message", async (question: MeterQuestion) => {
    if (question.meter === "collect and read") {
      // What ended in this turn of the event loop is let go of in the next ones.
      for (let round = 0; round < 4; round += 1) {
        await nextTurn();
        globalThis.gc?.();
      }
    }
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed, external } = process.memoryUsage();
    process.send?.({ cpu: (user + system) / 1_000, rss, heap: heapUsed + external });
  });
  process.channel.unref(); // The server lives as long as it would without.
  process.on("disconnect", () => process.exit()); // But no longer than the comparison, however that ends.
}

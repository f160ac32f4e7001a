// Loaded into a chapter's process before the chapter itself (`node --import`), so that a test can look inside without
// a line in the chapter: a clock that only the test moves, and a count of the connections that are still held.
import diagnostics from "node:diagnostics_channel";
import { open } from "node:fs/promises";
import { Socket } from "node:net";
import { devNull } from "node:os";
import { mock } from "node:test";

// Everything that a chapter times by itself; node:http and the kernel keep their own, real clocks.
mock.timers.enable({ apis: ["setTimeout", "setInterval"] });

// Weak references: a socket that the chapter has let go of is gone after a garbage collection.
const sockets = new Set<WeakRef<Socket>>();
/** Those of clients, and not a log's own. */
const accepted = new WeakSet<Socket>();
let opened = 0;
let onClosed = () => {};
diagnostics.subscribe("net.server.socket", (message) => {
  if (typeof message === "object" && message && "socket" in message && message.socket instanceof Socket) {
    sockets.add(new WeakRef(message.socket));
    accepted.add(message.socket);
    opened += 1;
    message.socket.once("close", () => {
      opened -= 1;
      onClosed();
    });
  }
});

// How often something was turned into JSON: what goes to many clients is made once.
let serialised = 0;
JSON.stringify = new Proxy(JSON.stringify, {
  apply(stringify, self, args) {
    serialised += 1;
    return Reflect.apply(stringify, self, args);
  },
});

// How often something for a client was given to the system to send: what was kept together goes out in one piece.
let writes = 0;
for (const method of ["_write", "_writev"] as const) {
  const write: unknown = Socket.prototype[method];
  if (typeof write !== "function") throw new Error(`sockets have no ${method}`);
  const counted = new Proxy(write, {
    apply(target, self, args) {
      if (accepted.has(self)) writes += 1;
      return Reflect.apply(target, self, args);
    },
  });
  Object.defineProperty(Socket.prototype, method, { value: counted });
}

// Flushing the log, which a test can hold up: much can happen while a disk takes its time.
let flush = Promise.resolve();
let letFlush = () => {};
let held = Promise.resolve();
let onHeld = () => {};
const file = await open(devNull);
const fileHandle: { datasync(): Promise<void> } = Object.getPrototypeOf(file);
const { datasync } = fileHandle;
fileHandle.datasync = async function () {
  onHeld();
  await flush;
  await datasync.call(this);
};
await file.close();

async function answerOf(question: unknown): Promise<unknown> {
  if (typeof question === "number") {
    mock.timers.tick(question);
    return "ticked";
  }
  if (question === "sockets") {
    // What ended in this turn of the event loop is let go of in the next ones.
    for (let round = 0; round < 3; round += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      globalThis.gc?.();
    }
    return { accepted: sockets.size, held: [...sockets].filter((socket) => socket.deref()).length };
  }
  if (question === "hold the next flush") {
    process.channel?.ref(); // As the system's own call would, a flush that hangs holds the process open.
    flush = new Promise((resolve) => {
      letFlush = resolve;
    });
    held = new Promise((resolve) => {
      onHeld = resolve;
    });
    return "held up from now on";
  }
  if (question === "until it is held") return held;
  if (question === "let it go on") {
    process.channel?.unref();
    return letFlush();
  }
  if (question === "serialised") return serialised;
  if (question === "writes") return writes;
  if (question === "output") {
    // Of the open connections: what waits in memory to be sent, and what was written to and read from them so far.
    const live = [...sockets].flatMap((socket) => socket.deref() ?? []).filter((socket) => !socket.destroyed);
    const sum = (bytes: (socket: Socket) => number) =>
      live.reduce((total, socket) => total + bytes(socket), 0);
    return {
      open: live.length,
      unsent: sum((socket) => socket.writableLength),
      written: sum((socket) => socket.bytesWritten),
      read: sum((socket) => socket.bytesRead),
    };
  }
  if (question === "all closed") {
    while (opened > 0) {
      await new Promise<void>((resolve) => {
        onClosed = resolve;
      });
    }
    return "all closed";
  }
  throw new Error(`not a question: ${question}`);
}

process.on("message", async ({ question }: { question: unknown }) => {
  process.send?.({ answer: await answerOf(question) });
});
process.channel?.unref();

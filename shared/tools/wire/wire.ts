// `npm run wire`: what crosses the network between browsers and a server, shown live beside the chat.
import { writeFileSync } from "node:fs";
import { type Flag, type Flags, fail, helpOf, readFlags, UsageError } from "../command.ts";
import { watchLive } from "./live.ts";
import { pictureOf } from "./picture.ts";
import { PortError } from "./recorder.ts";
import { openRecording, showRecording } from "./replay.ts";
import { PROBLEMS } from "./words.ts";

const FLAGS = {
  to: { value: "PORTS", help: "the port of the server (3000), or of several: 3009,3010" },
  port: { value: "NUMBER", help: "the port to watch at (3100), of the first; the others take the next ones" },
  viewer: { value: "NUMBER", help: "the viewer's port, to open in a browser (3200; 0 takes a free one)" },
  open: { value: "FILE", help: "show a recording that the viewer has saved" },
  picture: { value: "FILE", help: "with --open: draw it as SVG into this file instead" },
  lang: { value: "LANGUAGE", help: "the picture's: en or ko (en)" },
  help: { help: "this text" },
} satisfies Record<string, Flag>;

const MAX_SOURCES = 16;

function portsOf(text: string): number[] {
  const ports = text.split(",").map((part) => (/^[0-9]{1,5}$/.test(part) ? Number(part) : 0));
  if (ports.length <= MAX_SOURCES && ports.every((port) => port >= 1 && port <= 65_535)) return ports;
  throw new UsageError(
    `--to must be a port, or several with commas between them, not ${JSON.stringify(text)}.`,
  );
}

async function watch(flags: Flags): Promise<void> {
  const ports = portsOf(flags.text("to") ?? "3000");
  const first = flags.number("port", 0, 65_536 - ports.length) ?? 3100;
  const viewer = flags.number("viewer", 0, 65_535) ?? 3200;
  const { url, asked } = await watchLive({
    sources: ports.map((to, index) => ({ to, port: first === 0 ? 0 : first + index })),
    viewer,
    onUnreachable: (port) =>
      console.error(`wire: nothing answers on port ${port} yet: start a server there, as in npm run ch09.`),
  });
  await asked; // Where chapters start beside us, the address to open is the last line.
  console.log(`wire  ${url}`);
}

async function show(file: string, flags: Flags): Promise<void> {
  const replayed = openRecording(file);
  for (const { key, line } of replayed.problems) console.error(`wire: ${file}:${line}: ${PROBLEMS[key].en}`);
  const picture = flags.text("picture");
  if (picture !== undefined) {
    const language = flags.text("lang") ?? "en";
    if (language !== "en" && language !== "ko") throw new UsageError("--lang must be en or ko.");
    writeFileSync(picture, pictureOf(replayed, language));
    return;
  }
  const { port } = await showRecording(replayed, flags.number("viewer", 0, 65_535) ?? 3200);
  console.log(`wire  http://localhost:${port}`);
}

/** What to do about a port that cannot be listened on. */
function explained(error: unknown): unknown {
  if (!(error instanceof PortError)) return error;
  const { port, cause } = error;
  const code = Object(cause).code;
  if (code === "EACCES") return new Error(`Port ${port} may not be used by this user: take one above 1023.`);
  if (code !== "EADDRINUSE") return cause;
  return new Error(
    `Port ${port} is in use: end what listens there, or take others with --port and --viewer.`,
  );
}

for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(0));

try {
  const flags = readFlags(FLAGS, process.argv.slice(2));
  const file = flags.text("open");
  if (flags.has("picture") && file === undefined)
    throw new UsageError("--picture needs a recording: --open FILE.");
  if (flags.has("help")) console.log(helpOf("wire: see what crosses the network; flags, after --", FLAGS));
  else await (file === undefined ? watch(flags) : show(file, flags));
} catch (error) {
  fail("wire", explained(error));
}

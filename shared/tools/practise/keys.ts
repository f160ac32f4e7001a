// What the learner types: a key on a terminal; elsewhere a line.
import { createInterface } from "node:readline";

/** What a key of the Korean layout stands for. */
const KOREAN: Readonly<Record<string, string>> = { ㅗ: "h", ㅇ: "d", ㄱ: "r", ㅜ: "n", ㅔ: "p", ㅂ: "q" };

const CTRL_C = "\x03";
const CTRL_D = "\x04";

/** What an arrow, or another key that is none of ours, sends (ECMA-48 §5.4, §5.6). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these begin with one.
const ESCAPES = /\x1b(?:\[[0-?]*[ -/]*[@-~]|O.)?/g;

/** What is done with the keys. */
export interface Listener {
  /** @param key a lower-case letter */
  readonly onKey: (key: string) => void;
  /** Ctrl-C, which is no signal while single keys are read. */
  readonly onInterrupt: () => void;
  /** There is nothing more to come. */
  readonly onEnd: () => void;
}

/** Reads keys until the function that it returns is called. */
export function readKeys(input: NodeJS.ReadStream, { onKey, onInterrupt, onEnd }: Listener): () => void {
  if (input.isTTY) {
    input.setRawMode(true);
    input.setEncoding("utf8");
    input.on("end", onEnd);
    input.on("data", (text: string) => {
      for (const character of text.replaceAll(ESCAPES, "")) {
        if (character === CTRL_C) onInterrupt();
        else if (character === CTRL_D) onEnd();
        else onKey(keyOf(character));
      }
    });
    return () => {
      input.setRawMode(false);
      input.pause();
    };
  }
  const lines = createInterface({ input });
  lines.on("line", (line) => {
    const [character] = line.trim();
    if (character !== undefined) onKey(keyOf(character));
  });
  lines.on("close", onEnd);
  return () => {
    lines.off("close", onEnd);
    lines.close();
  };
}

function keyOf(character: string): string {
  return KOREAN[character] ?? character.toLowerCase();
}

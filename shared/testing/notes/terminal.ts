// Runs transcripts: real programs in real shells, a terminal each, and what they print compared line by line.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseTranscript } from "../../tools/notes/transcript.ts";
import { freePort } from "../../tools/scale/parts.ts";
import { findBrowser } from "../browsers/engines.ts";
import { clockFlags, passTime } from "./clock.ts";
import { type Context, faultIn } from "./placeholders.ts";

/** The port in the text. In a test the chapter takes a free one. */
const PORT = 3000;

/** Only a guard against hanging: a program that prints less than it should is waited for this long. */
const GUARD = 60_000;

/**
 * A heartbeat: as text, chunk or piece of a stream; as a socket's frames, or the message in them. Unless the transcript
 * moves the chapter's clock it comes at any moment.
 */
const HEARTBEATS = [
  /^(?:18\r\n|--- 24 bytes\n)?event: heartbeat\ndata:\n\n(?:\r?\n)?/gm,
  /^: heartbeat\n\n/gm,
  /\uFFFD.\uFFFD.\{"heartbeat": 15000\}/gs,
  /^\{"heartbeat": 15000\}\n/gm,
];

/** The terminal that is a browser's console, on the chapter's page. Where there is no Chromium, it is passed over. */
const CONSOLE = "console";

/** A program in a terminal, and what was expected of it so far. */
interface Program {
  readonly command: string;
  readonly child: ChildProcess;
  /** What it printed, as the transcript would show it. */
  printed(): string[];
  /** Whether its last line has its line end, as all before it have, and so stays as it is. */
  isWhole(): boolean;
  readonly closed: Promise<unknown>;
  ended: boolean;
  expected: string[];
  /** Where in `expected` an output begins that goes on behind another one. */
  readonly pauses: Set<number>;
}

/** A person who follows the notes: the chapter that runs, and the terminals that are open. */
export interface Reader {
  /** Does what a transcript says. @throws Error what a terminal printed differs */
  follow(transcript: string): Promise<void>;
  /** Ends all programs. */
  close(): void;
}

/**
 * @param root the project, built
 * @param folder an empty folder in which the programs run
 */
export function openReader(root: string, folder: string): Reader {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  // On a terminal curl shows no progress next to an answer; into a pipe it would.
  writeFileSync(join(folder, ".curlrc"), "no-progress-meter\n");
  // What a reader, who is in the project's folder, has at hand.
  copyFileSync(join(root, "LICENSE"), join(folder, "LICENSE"));
  let port = PORT;
  let chapter: Program | undefined;
  let chapterHasClock = false;
  let context: Context = { webSocketKey: undefined, labelled: new Map(), now: 0 };
  const running = new Set<Program>();

  /** With the chapter's real port. */
  function withPort(text: string): string {
    return text.replaceAll(/(?<=\b(?:localhost|127\.0\.0\.1)[: ])3000\b/g, String(port));
  }

  /** With what was printed before, where a reader copies it: `{key 1}`. */
  function withLabels(text: string): string {
    return text.replaceAll(/\{([a-z-]+ [\w-]+)\}/g, (all, label) => context.labelled.get(label) ?? all);
  }

  /** What is really run: the built program for `npm run NAME --`, and the chapter's real port. */
  function realCommand(command: string, hasClock: boolean): string {
    if (command === CONSOLE) {
      const script = join(root, "dist/shared/testing/notes/console.js");
      return `exec '${process.execPath}' '${script}' http://localhost:${port}`;
    }
    const [, name, rest = ""] = /^npm run ([\w:]+)(?: --)?(.*)$/s.exec(command) ?? [];
    if (name === undefined)
      return withPort(command).replace(/^node (?=\w)/, `exec '${process.execPath}' '${root}'/`);
    const [program, script] = String(scripts[name]).split(" ");
    if (program !== "node" || script === undefined)
      throw new Error(`${command}: only what is a script of node`);
    const flags = isChapter(command) && !isFirstTry(command) ? " --port 0" : "";
    return `exec '${process.execPath}' ${hasClock ? clockFlags(root) : ""}'${join(root, script)}'${flags}${rest}`;
  }

  /**
   * @param hasClock whether it is a chapter on a clock that the transcript moves
   * @param ownPort for a server that has no flag for it
   */
  function start(command: string, hasClock: boolean, ownPort = "0"): Program {
    const child = spawn("sh", ["-c", `exec 2>&1\n${realCommand(command, hasClock)}`], {
      cwd: folder,
      stdio: hasClock ? ["pipe", "pipe", "pipe", "ipc"] : "pipe",
      detached: true, // A group of its own, so that ^C reaches all of a pipeline.
      env: {
        PATH: process.env["PATH"] ?? "",
        HOME: folder,
        LANG: "C.UTF-8",
        // `npm run say` finds the chapter by it.
        PORT: isChapter(command) ? ownPort : String(port),
      },
    });
    let output = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      child.emit("printed");
    });
    child.stdin?.on("error", () => {}); // It may have ended before all was typed.
    const program: Program = {
      command,
      child,
      closed: once(child, "close").then(() => {
        program.ended = true;
        running.delete(program);
        child.emit("printed");
      }),
      ended: false,
      expected: [],
      pauses: new Set(),
      isWhole: () => output.endsWith("\n"),
      printed: () => {
        const text = output.replaceAll(`:${port}`, `:${PORT}`);
        const heartbeats = chapterHasClock ? [] : HEARTBEATS;
        return linesOf(heartbeats.reduce((rest, heartbeat) => rest.replaceAll(heartbeat, ""), text));
      },
    };
    running.add(program);
    return program;
  }

  /**
   * Compares.
   *
   * @param whole whether nothing more may have been printed
   * @returns what is wrong so far; @throws Error what is wrong for good
   */
  function faultOf(program: Program, whole: boolean): string | undefined {
    const { expected, command } = program;
    const lines = program.printed();
    // As at the end, empty lines before a pause do not count.
    for (const pause of program.pauses) {
      while (lines[pause] === "" && expected[pause] !== "") lines.splice(pause, 1);
    }
    const trial = { ...context, labelled: new Map(context.labelled), now: Date.now() };
    for (const [index, line] of expected.entries()) {
      const actual = lines[index];
      const fault = actual === undefined ? "nothing was printed" : faultIn(actual, line, trial);
      if (fault === undefined) continue;
      const report = `$ ${command}\n${fault}\n  expected: ${line}\n  printed:  ${actual}`;
      if (index < lines.length - (program.isWhole() ? 0 : 1)) throw new Error(report); // Waiting changes nothing.
      return report;
    }
    if (whole && lines.length > expected.length) {
      return `$ ${command}\nit also printed:\n${lines.slice(expected.length).join("\n")}`;
    }
    context = trial;
    return undefined;
  }

  /** Waits until a program has printed what is expected of it so far. */
  async function settle(program: Program): Promise<void> {
    const late = AbortSignal.timeout(GUARD);
    for (let fault = faultOf(program, false); fault !== undefined; fault = faultOf(program, false)) {
      if (program.ended || late.aborted) throw new Error(fault);
      await once(program.child, "printed", { signal: late }).catch(() => {});
    }
  }

  /** Waits for a program's end. */
  async function finish(program: Program): Promise<void> {
    const late = new Promise((_, reject) => {
      const error = new Error(`$ ${program.command}\ndoes not end; if it should not, end it with ^C`);
      AbortSignal.timeout(GUARD).addEventListener("abort", () => reject(error));
    });
    await Promise.race([program.closed, late]);
    const fault = faultOf(program, true);
    if (fault !== undefined) throw new Error(fault);
  }

  function signal({ child, ended }: Program, name: NodeJS.Signals): void {
    if (child.pid !== undefined && !ended) process.kill(-child.pid, name);
  }

  return {
    async follow(transcript) {
      const terminals = new Map<string, Program>();
      context = { ...context, webSocketKey: undefined };
      const noteKey = (text: string) => {
        const [, key] = /Sec-WebSocket-Key: *([A-Za-z0-9+/]{22}==)/i.exec(text) ?? [];
        if (key !== undefined) context = { ...context, webSocketKey: key };
      };
      const steps = parseTranscript(transcript);
      const hasClock = steps.some(({ kind }) => kind === "later");
      for (const written of steps) {
        const step = written.kind === "command" ? { ...written, text: withLabels(written.text) } : written;
        if (step.terminal === CONSOLE && findBrowser("Chromium") === undefined) continue;
        if (step.terminal === CONSOLE && !terminals.has(CONSOLE))
          terminals.set(CONSOLE, start(CONSOLE, false));
        // The chapter may have been started in an earlier transcript.
        const program = terminals.get(step.terminal) ?? (step.kind === "interrupt" ? chapter : undefined);
        // Whoever goes over to another terminal has seen what the first one printed.
        for (const other of terminals.values()) if (other !== program) await settle(other);
        if (step.kind === "command") {
          if (program && program !== chapter) await finish(program);
          if (isChapter(step.text) && chapter) {
            signal(chapter, "SIGTERM");
            await chapter.closed;
          }
          noteKey(step.text);
          if (isChapter(step.text)) chapterHasClock = hasClock;
          // A first try prints the port that it was given, and so not which one it got for 0. Where it is started
          // again, its page finds it at the same port.
          const ownPort = !isFirstTry(step.text) ? 0 : port === PORT ? await freePort() : port;
          const started = start(step.text, hasClock && isChapter(step.text), String(ownPort));
          terminals.set(step.terminal, started);
          if (isChapter(step.text)) {
            chapter = started;
            const printed = await portOf(started); // When it is ready.
            port = ownPort || printed;
          }
          continue;
        }
        if (!program) throw new Error(`nothing runs in this terminal: ${JSON.stringify(step)}`);
        if (step.kind === "output") {
          if (program.expected.length > 0) program.pauses.add(program.expected.length);
          program.expected = [...program.expected, ...linesOf(step.text)];
          for (const line of program.printed()) noteKey(line);
          continue;
        }
        await settle(program);
        if (step.kind === "later") {
          if (!chapter) throw new Error("no chapter runs");
          await passTime(chapter.child, step.seconds);
        } else if (step.kind === "interrupt") {
          signal(program, "SIGINT");
          await finish(program);
          terminals.delete(step.terminal);
          if (program === chapter) chapter = undefined;
        } else {
          noteKey(step.text);
          program.child.stdin?.write(`${program.command === CONSOLE ? withPort(step.text) : step.text}\n`);
        }
      }
      for (const program of terminals.values()) {
        if (program.command === CONSOLE) {
          await settle(program);
          program.child.stdin?.end();
        }
        if (program === chapter) await settle(program);
        else await finish(program);
      }
    },
    close() {
      for (const program of running) signal(program, "SIGKILL");
    },
  };

  async function portOf(program: Program): Promise<number> {
    for (;;) {
      const [, found] = /:(\d+)$/.exec(program.printed()[0] ?? "") ?? [];
      if (found !== undefined) return Number(found);
      if (program.ended) throw new Error(`$ ${program.command}\n${program.printed().join("\n")}`);
      await once(program.child, "printed");
    }
  }
}

/** Whether it starts a chapter, or another server of a chapter's folder, in the place of the one that runs. */
function isChapter(command: string): boolean {
  return /^npm run ch\d\d\b|^node dist\/ch\d\d\S+(?: \d+)?$/.test(command);
}

/** Whether it starts a first try, which takes no flags. */
function isFirstTry(command: string): boolean {
  return /^npm run ch\d\d:first$/.test(command);
}

/** Lines as a terminal shows them: carriage returns move no line; spaces and empty lines at an end do not count. */
function linesOf(text: string): string[] {
  const lines = text.replaceAll(/ *\r?$/gm, "").trimEnd();
  return lines === "" ? [] : lines.split("\n");
}

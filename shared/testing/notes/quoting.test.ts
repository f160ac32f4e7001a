import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { byHandFor, readPages, SECTIONS, transcriptsOf } from "../../tools/notes/pages.ts";
import { cmdLine, isPortable, posixWords, powershellLine, windowsLine } from "../../tools/notes/quoting.ts";
import { commandsOf } from "../../tools/notes/transcript.ts";

const ROOT = join(import.meta.dirname, "../../..");

// The shells' own rules, written down once more from their manuals, so that writing and reading check each other.

/** How a Windows program takes its command line apart: the C runtime's rules for `\` and `"`. */
function windowsWords(line: string): string[] {
  const words: string[] = [];
  let word = "";
  let begun = false;
  let quoted = false;
  for (let place = 0; place < line.length; place += 1) {
    const [slashes = ""] = /^\\*/.exec(line.slice(place)) ?? [];
    const next = line[place + slashes.length];
    if (slashes !== "" && next === '"') {
      word += "\\".repeat(Math.floor(slashes.length / 2));
      place += slashes.length;
      if (slashes.length % 2 === 1) word += '"';
      else quoted = !quoted;
      begun = true;
    } else if (slashes !== "") {
      word += slashes;
      place += slashes.length - 1;
      begun = true;
    } else if (next === '"') {
      quoted = !quoted;
      begun = true;
    } else if (!quoted && (next === " " || next === "\t")) {
      if (begun) words.push(word);
      word = "";
      begun = false;
    } else {
      word += next ?? "";
      begun = true;
    }
  }
  return begun ? [...words, word] : words;
}

/** cmd hands the line on as it is; what it would take for itself must not be there. */
function cmdWords(line: string): string[] {
  let quoted = false;
  if (/%.*%/.test(line)) throw new Error("cmd takes %");
  for (const sign of line) {
    if (sign === '"') quoted = !quoted;
    else if (!quoted && /[&|<>^()]/.test(sign)) throw new Error(`cmd takes ${sign}`);
  }
  return windowsWords(line);
}

/**
 * What a program gets from PowerShell: the words, and as PowerShell 5 joins them to one line (about_Quoting_Rules,
 * about_Parsing): it puts quotation marks around words with a space, and none of those within them is escaped.
 */
function powershellWords(line: string): { seven: string[]; five: string[] } {
  const [program = "", ...rest] = line.split(" --% ");
  if (rest.length > 0) {
    if (/[|]|%.*%/.test(rest.join(" "))) throw new Error("PowerShell takes | and %");
    const words = [program, ...windowsWords(rest.join(" --% "))];
    return { seven: words, five: words };
  }
  const words = [
    ...line.matchAll(/"([^"`$]*)"(?= |$)|'((?:[^']|'')*)'(?= |$)|([^\s"'`$(){};,|&<>@#]+)(?= |$)| /g),
  ];
  if (words.map(([all]) => all).join("") !== line) throw new Error(`PowerShell takes more of ${line}`);
  for (const [, , , bare] of words) {
    // A word that looks like a parameter is cut in two at its dot or colon.
    if (bare && /^-[A-Za-z].*[.:]/.test(bare)) throw new Error(`PowerShell cuts ${bare}`);
  }
  const seven = words
    .filter(([all]) => all !== " ")
    .map(([, double, single, bare]) => double ?? single?.replaceAll("''", "'") ?? bare ?? "");
  const joined = seven.map((word) => (/\s/.test(word) ? `"${word}"` : word)).join(" ");
  return { seven, five: windowsWords(joined) };
}

const PROGRAMS: Readonly<Record<string, string>> = { "curl.exe": "curl", "npm.cmd": "npm" };

function portable([program = "", ...rest]: readonly string[]): string[] {
  return [PROGRAMS[program] ?? program, ...rest];
}

function expectTheSameEverywhere(command: string): void {
  const words = posixWords(command);
  expect(portable(cmdWords(cmdLine(command)))).toEqual(words);
  const { five, seven } = powershellWords(powershellLine(command));
  expect(portable(seven)).toEqual(words);
  expect(portable(five)).toEqual(words);
}

test.each([
  "curl -i 'http://localhost:3000/poll?after=0&after=1'",
  `curl -H 'Content-Type: application/json' -d '{"author": "ann", "text": "Hello \\\\ bye"}' http://localhost:3000/`,
  'npm run say -- --author 앤 "안녕 👋"',
  "npm run ch09 -- --store memory: --port 4000",
  "curl -H Last-Event-ID:\\ 3 -X POST --max-time 1.5 localhost:3000",
  `curl -d "it's" 'a "b" c\\'`,
  'curl -w "%{http_code}\\n" "http://localhost:3000/poll?after=0"',
])("%s says the same in a POSIX shell, in PowerShell 5 and 7, and in cmd", expectTheSameEverywhere);

test.each(["a | b", "a $b", "a *", "a &", 'a "$b"', "a > b", "a 'b"])(
  "%s is not for every shell, and is refused",
  (it) => {
    expect(() => posixWords(it)).toThrow("not for every shell");
  },
);

test.each([`curl 'a "b & c"'`, "curl 'a%PATH%'"])("%s has no form for cmd, and is refused", (command) => {
  expect(() => cmdLine(command)).toThrow("no form for cmd");
});

test("a command that PowerShell and cmd want in two forms is not shown as one", () => {
  expect(windowsLine("curl -w '\\n' 'a?b=1'")).toBe('curl.exe -w "\\n" "a?b=1"');
  expect(() => windowsLine(`curl 'a "b"'`)).toThrow("not the same");
});

test.each([
  ['curl -w "%{http_code}\\n" "http://localhost:3000/poll?after=0"', true],
  ['npm run say -- --author ann "안녕 👋"', true],
  [`npm run verify -- ch10:first --only "every-message-once,hold"`, true],
  ["npm run verify -- ch10:first --only every-message-once,hold", false], // An array, in PowerShell.
  ["curl 'http://localhost:3000/poll?after=0'", false],
  ["curl http://localhost:3000/poll?after=0", false],
  [`curl -d '{"text": "a"}' http://localhost:3000/update`, false],
  ['curl "http://$HOST/"', false],
  ["printf x | nc localhost 3000", false],
  ["xxd file", false],
])("%s: on Windows as it is shown, but for the program's name: %s", (command, expected) => {
  expect(isPortable(command)).toBe(expected);
});

describe.each(Object.keys(SECTIONS).filter((folder) => transcriptsOf(ROOT, folder).length > 0))(
  "in %s",
  (folder) => {
    test("every command of a transcript says the same in a POSIX shell, in PowerShell and in cmd", () => {
      expect(readPages(ROOT).some((page) => page.folder === folder)).toBe(true);
      for (const path of transcriptsOf(ROOT, folder)) {
        if (existsSync(join(ROOT, folder, byHandFor(path)))) continue;
        for (const command of commandsOf(readFileSync(join(ROOT, folder, path), "utf8"))) {
          expectTheSameEverywhere(command);
        }
      }
    });
  },
);

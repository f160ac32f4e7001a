// One command, three shells. What a transcript gives to a POSIX shell, as PowerShell and cmd want it.

/**
 * The words of a simple command of a POSIX shell (XCU §2.2).
 *
 * @throws Error where it is more than words: a pipe, a variable, a glob
 */
export function posixWords(command: string): string[] {
  const words: string[] = [];
  const pattern = /\s+|'([^']*)'|"((?:[^"\\$`]|\\.)*)"|\\(.)|([^\s'"\\|&;<>()$`*?[\]#~!{}]+)|(.)/gsu;
  let word: string | undefined;
  for (const [all, single, double, escaped, bare, other] of command.matchAll(pattern)) {
    if (other !== undefined) throw new Error(`${command}: not for every shell: ${other}`);
    if (/^\s+$/.test(all)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? "") + (single ?? double?.replaceAll(/\\(["\\$`])/g, "$1") ?? escaped ?? bare ?? "");
    }
  }
  return word === undefined ? words : [...words, word];
}

/** The command for cmd.exe. @throws Error where cmd has no form for it */
export function cmdLine(command: string): string {
  const line = windowsWords(command).map(quoteForWindows).join(" ");
  // cmd knows no \" and so takes every " for the begin or the end of a quotation; outside of one these are its own. And two % may be a variable.
  const outside = line
    .split('"')
    .filter((_, index) => index % 2 === 0)
    .join("");
  if (/[&|<>^]/.test(outside) || line.split("%").length > 2) throw new Error(`${command}: no form for cmd`);
  return line;
}

/**
 * The command for PowerShell. Where a word holds a `"`, PowerShell 5 loses it and PowerShell 7 keeps it: `--%` ("take
 * the rest as it is") makes both alike.
 */
export function powershellLine(command: string): string {
  const words = windowsWords(command);
  if (words.some((word) => word.includes('"'))) {
    const [program = "", ...rest] = words;
    return [program, "--%", ...rest.map(quoteForWindows)].join(" ");
  }
  return words
    .map((word) => {
      if (word.endsWith("\\")) throw new Error(`${command}: no form for PowerShell`);
      return /[$`]/.test(word) ? `'${word.replaceAll("'", "''")}'` : quoteForWindows(word);
    })
    .join(" ");
}

/** The command where cmd and PowerShell want the same. @throws Error where they do not */
export function windowsLine(command: string): string {
  const line = powershellLine(command);
  if (line !== cmdLine(command))
    throw new Error(`${command}: not the same in PowerShell and cmd: use both markers`);
  return line;
}

/** Whether PowerShell and cmd take a command as it is shown, but for its program: `curl.exe`, `npm.cmd`. */
export function isPortable(command: string): boolean {
  try {
    windowsLine(command);
  } catch {
    return false;
  }
  const [, ...words] = command.match(/"[^"]*"|\S+/g) ?? [];
  return words.every((word) => BARE.test(word) || /^"[^"$`]*"$/.test(word));
}

/** `curl` alone is another program in PowerShell 5, and `npm` there is a script that swallows `--`. */
function windowsWords(command: string): string[] {
  const [program = "", ...rest] = posixWords(command);
  const names: Readonly<Record<string, string>> = {
    curl: "curl.exe",
    npm: "npm.cmd",
    node: "node",
    git: "git",
  };
  const name = names[program];
  if (name === undefined) throw new Error(`${command}: ${program} is not there on Windows`);
  return [name, ...rest];
}

/** Needs no quotation marks, in either shell. PowerShell cuts a flag in two at a dot or colon. */
const BARE = /^(?:-{0,2}[A-Za-z0-9/_][A-Za-z0-9/_-]*|[A-Za-z0-9/_][A-Za-z0-9/_:.-]*|--)$/;

/** A word of a command line as a Windows program's C runtime takes it apart again. */
function quoteForWindows(word: string): string {
  if (BARE.test(word)) return word;
  return `"${word.replaceAll(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, "$1$1")}"`;
}

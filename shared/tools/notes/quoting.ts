// One command, three shells.

/** Windows has these too. PowerShell has another `curl`, so there it is `curl.exe`: the root page says so. */
const PROGRAMS = ["curl", "npm", "node", "git"];

/**
 * A word that a POSIX shell (XCU §2.2), PowerShell and cmd read alike. PowerShell cuts a flag in two at a dot or colon, and
 * takes a comma for a list.
 */
const WORD = /^(?:-{0,2}[A-Za-z0-9/_][A-Za-z0-9/_-]*|[A-Za-z0-9/_][A-Za-z0-9/_:.-]*|--|"[^"$`]*[^"$`\\]")$/;

/** Whether PowerShell and cmd take a command as it is shown, but for its program: `curl.exe`, `npm.cmd`. */
export function isPortable(command: string): boolean {
  const [program = "", ...words] = command.match(/"[^"]*"|\S+/g) ?? [];
  const isWhole = [program, ...words].join(" ") === command;
  const hasVariable = command.split("%").length > 2; // cmd's %NAME%.
  return isWhole && !hasVariable && PROGRAMS.includes(program) && words.every((word) => WORD.test(word));
}

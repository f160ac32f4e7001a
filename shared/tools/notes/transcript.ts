// A transcript: what is typed into terminals, and what they answer. It is shown as it is, and it is run as it is.
//
//   $ command        typed at a prompt
//   >> words         typed into the program that runs (nc, say), with Enter
//   ^C               typed: ends the program that runs
//   # terminal 2     from here on in this terminal
//   # console        from here on in the console of a browser that has the chapter's page open
//   (25 seconds later)  what follows is printed after this time, and not before
//   anything else    what the program prints, up to here; {date} and the like stand for what varies

export type Step =
  | { readonly kind: "command" | "typed" | "output"; readonly terminal: string; readonly text: string }
  | { readonly kind: "later"; readonly terminal: string; readonly seconds: number }
  | { readonly kind: "interrupt"; readonly terminal: string };

/** Takes a transcript apart. An output is all lines between two steps; empty ones at its end do not count. */
export function parseTranscript(text: string): Step[] {
  const steps: Step[] = [];
  let terminal = "";
  let output: string[] = [];
  const flush = () => {
    const lines = output.join("\n").trimEnd();
    if (lines !== "") steps.push({ kind: "output", terminal, text: lines });
    output = [];
  };
  for (const line of text.trimEnd().split("\n")) {
    const [, seconds] = /^\((\d+) seconds later\)$/.exec(line) ?? [];
    if (seconds !== undefined) {
      flush();
      steps.push({ kind: "later", terminal, seconds: Number(seconds) });
      continue;
    }
    const [, sign, words = ""] = /^(\$|>>|#)(?: (.*))?$/.exec(line) ?? [];
    if (sign === undefined && line !== "^C") {
      output.push(line);
      continue;
    }
    flush();
    if (sign === "#") terminal = words;
    else if (sign === "$") steps.push({ kind: "command", terminal, text: words });
    else if (sign === ">>") steps.push({ kind: "typed", terminal, text: words });
    else steps.push({ kind: "interrupt", terminal });
  }
  flush();
  return steps;
}

/** The commands of a transcript, as they are typed into a POSIX shell. */
export function commandsOf(text: string): string[] {
  return parseTranscript(text).flatMap((step) => (step.kind === "command" ? [step.text] : []));
}

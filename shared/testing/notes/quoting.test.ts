import { expect, test } from "vitest";
import { isPortable } from "../../tools/notes/quoting.ts";

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
  ['curl "a%PATH%"', false],
  ['curl "a\\\\"', false],
  ['curl "a"b', false],
])("%s: on Windows as it is shown, but for the program's name: %s", (command, expected) => {
  expect(isPortable(command)).toBe(expected);
});

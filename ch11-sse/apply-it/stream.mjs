// The bare stream under EventSource, read by hand: `node ch11-sse/apply-it/stream.mjs http://localhost:3000`. In the console of
// the chapter's page, paste it as it is.
const origin = globalThis.location?.origin ?? process.argv[2];

const response = await fetch(`${origin}/subscribe?after=0`);
console.log(response.status, response.headers.get("Content-Type"));

const reader = response.body.getReader();
const decoder = new TextDecoder();
for (;;) {
  const { done, value } = await reader.read(); // Waits until bytes are there, however few or many.
  if (done) break;
  console.log(`--- ${value.length} bytes`);
  console.log(decoder.decode(value, { stream: true })); // Keeps half a character for the next piece.
}
console.log("--- the end");

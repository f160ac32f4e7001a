// Apply it, a health app: whoever has a goal and entered no weight for seven days is reminded, in the open page.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { encodeEvent } from "../shared/event-stream/encode.ts";
import { COMMENT, lastEventId, openStream, sendEvents, streamBytes } from "../shared/event-stream/stream.ts";
import { admit, PAGE_METHODS } from "../shared/http/admit.ts";
import { answer, HttpError, refuse } from "../shared/http/answer.ts";
import { readJson } from "../shared/http/body.ts";
import { queryOf } from "../shared/http/cursor.ts";

/** Seven days, in milliseconds; or fewer, to see it happen: `node dist/ch11-sse/reminder.js 5000`. */
const SILENCE = Number(process.argv[2] ?? 7 * 24 * 60 * 60 * 1_000);
const PAGE = `<!doctype html><title>Reminder</title><p>Nothing to remind you of.</p>
  <script>
    new EventSource("/reminders" + location.search).addEventListener("reminder", ({ data }) => {
      document.querySelector("p").textContent = "Your goal is " + JSON.parse(data).goal + " kg. How is it going?";
    });
  </script>`;

/** Somebody with a goal. */
interface Person {
  goal: number;
  /** How often the seven days began: the id of the reminder that ends them. */
  begun: number;
  isOverdue: boolean;
  timer?: ReturnType<typeof setTimeout>;
  readonly pages: Set<ServerResponse>;
}

// Two shortcuts: a real app keeps this in its database, and asks it once a minute who is overdue; and it knows who
// asks by the cookie of the login, which EventSource sends along, and not by a name that anybody may give.
const people = new Map<string, Person>();
const paths = new Map([
  ["/", PAGE_METHODS],
  ["/reminders", ["GET"]],
  ["/goal", ["POST"]],
  ["/weight", ["POST"]],
]);

const server = createServer(async (request, response) => {
  try {
    const path = admit(request, paths, { host: "127.0.0.1", allowHosts: [] });
    if (path === "/") return answer(response, 200, PAGE, { "Content-Type": "text/html" });
    if (path === "/reminders") return receive(request, response);
    enter(path, await readJson(request));
    answer(response, 204);
  } catch (error) {
    refuse(response, error);
  }
});

/** Receiving: the reminder that is due, unless this page has it already, and then each when it falls due. */
function receive(request: IncomingMessage, response: ServerResponse): void {
  const person = people.get(queryOf(request, "person") ?? "");
  if (!person) {
    answer(response, 204); // No goal, no reminders: EventSource does not ask again.
    return;
  }
  const shown = lastEventId(request);
  openStream(response);
  person.pages.add(response);
  const heartbeat = setInterval(sendEvents, 14_000, response, COMMENT);
  request.once("close", () => {
    clearInterval(heartbeat);
    person.pages.delete(response);
  });
  if (person.isOverdue && shown !== String(person.begun)) remind(response, person);
}

/** Sending: a goal, or a weight. The first goal begins the seven days, and each weight begins them anew. */
function enter(path: string, entry: unknown): void {
  const { person: name, kg } = Object(entry);
  if (typeof name !== "string" || typeof kg !== "number") throw new HttpError(400, "Send a person and kg.");
  // Whoever has no goal yet wants to stay at this weight.
  const person = people.get(name) ?? { goal: kg, begun: 0, isOverdue: false, pages: new Set() };
  people.set(name, person);
  if (path === "/goal") person.goal = kg;
  if (path === "/weight" || person.begun === 0) begin(person);
}

function begin(person: Person): void {
  clearTimeout(person.timer);
  person.begun += 1;
  person.isOverdue = false;
  person.timer = setTimeout(() => {
    person.isOverdue = true;
    for (const page of person.pages) remind(page, person); // Nobody else's.
  }, SILENCE);
}

function remind(page: ServerResponse, { goal, begun }: Person): void {
  const data = JSON.stringify({ goal });
  sendEvents(page, streamBytes(encodeEvent({ event: "reminder", id: String(begun), data })));
}

server.listen(Number(process.env["PORT"] ?? 3000), "127.0.0.1", () => {
  console.log(`ch11-sse/reminder  http://localhost:${Object(server.address()).port}`);
});

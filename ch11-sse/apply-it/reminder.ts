// Apply it, a health app: people who have a goal and entered no weight for seven days are reminded, in the open page.
import http from "node:http";
import { answer, HttpError, refuse } from "../../shared/http/answer.ts";
import { admit, PAGE_METHODS, queryOf } from "../../shared/http/request.ts";
import { readJson } from "../../shared/http/update.ts";

/** Seven days, in milliseconds; or fewer, to see it happen: `node dist/ch11-sse/apply-it/reminder.js 5000`. */
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
  /** How many times the seven days have started: the id of the reminder that ends them. */
  starts: number;
  isOverdue: boolean;
  timer?: ReturnType<typeof setTimeout>;
  readonly pages: Set<http.ServerResponse>;
}

// Two shortcuts. What is kept here is in memory: after a restart nobody has a goal, and every page that reconnects gets 204
// and gives up. A real app keeps it in a database, and asks that once a minute who is overdue. And it knows whose page
// this is by the login's cookie, which EventSource sends along, and not by a name that anyone may give.
const people = new Map<string, Person>();
const paths = new Map<string, readonly string[]>([
  ["/", PAGE_METHODS],
  ["/reminders", ["GET"]],
  ["/goal", ["POST"]],
  ["/weight", ["POST"]],
]);

const server = http.createServer(async (request, response) => {
  try {
    const path = await admit(request, response, { paths, host: "127.0.0.1", allowHosts: [] });
    if (path === "/") return answer(response, 200, PAGE, { "Content-Type": "text/html" });
    if (path === "/reminders") return receive(request, response);
    enter(path, await readJson(request));
    answer(response, 204);
  } catch (error) {
    refuse(response, error);
  }
});

/** Receiving: the reminder that is due, unless this page already has it, and then each one when it falls due. */
function receive(request: http.IncomingMessage, response: http.ServerResponse): void {
  const person = people.get(queryOf(request, "person") ?? "");
  if (!person) {
    answer(response, 204); // No goal, no reminders: EventSource does not ask again.
    return;
  }
  response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
  response.write("retry: 1000\n\n");
  person.pages.add(response);
  const heartbeat = setInterval(() => response.write(": heartbeat\n\n"), 15_000);
  response.on("close", () => {
    clearInterval(heartbeat);
    person.pages.delete(response);
  });
  const shown = request.headers["last-event-id"];
  if (person.isOverdue && shown !== String(person.starts)) remind(response, person);
}

/** Sending: a goal, or a weight. The first goal starts the seven days, and each weight starts them again. */
function enter(path: string, entry: unknown): void {
  const { person: name, kg } = Object(entry);
  if (typeof name !== "string" || typeof kg !== "number") throw new HttpError(400, "Send a person and kg.");
  // A person without a goal wants to stay at this weight.
  const person = people.get(name) ?? { goal: kg, starts: 0, isOverdue: false, pages: new Set() };
  people.set(name, person);
  if (path === "/goal") person.goal = kg;
  if (path === "/weight" || person.starts === 0) start(person);
}

function start(person: Person): void {
  clearTimeout(person.timer);
  person.starts += 1;
  person.isOverdue = false;
  person.timer = setTimeout(() => {
    person.isOverdue = true;
    for (const page of person.pages) remind(page, person); // Nobody else's.
  }, SILENCE);
}

function remind(page: http.ServerResponse, { goal, starts }: Person): void {
  page.write(`event: reminder\nid: ${starts}\ndata: ${JSON.stringify({ goal })}\n\n`);
}

server.on("error", (error) => {
  console.error(`The server cannot listen: ${error.message}. If another program uses the port, stop it.`);
  process.exitCode = 1;
});
server.listen(Number(process.env["PORT"] ?? 3000), "127.0.0.1", () => {
  console.log(`ch11-sse/reminder  http://localhost:${Object(server.address()).port}`);
});

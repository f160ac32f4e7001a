// The viewer: what crosses the wire, as it happens, beside the chat.
import { type Language, PROBLEMS, type Words } from "../words.ts";
import { openChats } from "./chats.ts";
import { openCounters } from "./counters.ts";
import { eventsOf, lineOf } from "./describe.ts";
import { openDetails } from "./details.ts";
import { openDiagram, SCALES, type Shown } from "./diagram.ts";
import { element, make, say } from "./dom.ts";
import { openFaults } from "./faults.ts";
import { type Change, openWire } from "./state.ts";
import { openTable } from "./table.ts";
import { PAGE, pickLanguage, SAYS } from "./words.ts";

const shown: Shown = {
  language: pickLanguage(location.search, navigator.languages),
  labels: true,
  connection: undefined,
};
/** In milliseconds: so often the list of connections changes at most. */
const RELIST = 1_000;

const pause = element("pause", HTMLButtonElement);
const toNow = element("to-now", HTMLButtonElement);
const filter = element("filter", HTMLSelectElement);
const labels = element("labels", HTMLButtonElement);
const asTable = element("as-table", HTMLButtonElement);
const notice = element("notice", HTMLElement);
const said = element("said", HTMLElement);
const scroller = element("scroller", HTMLElement);

/** What the reader did last could not be done: said until the next change. */
let failure = "";
/** How many events there were when the picture was stopped. */
let seenThen = 0;
let isListed = false;

const wire = openWire(changed);
const details = openDetails(wire, shown, {
  only(connection) {
    choose(connection);
  },
  closed() {
    scroller.focus({ preventScroll: true });
  },
});
const diagram = openDiagram(wire, shown, {
  opened: details.openMarks,
  moved,
  chosen(marks, shape) {
    if (details.isOpen) details.openMarks(marks, shape);
    const [mark] = marks;
    const event = mark === undefined ? undefined : eventsOf(wire.marks.get(mark), wire)[0];
    const more = marks.length > 1 ? `, ${SAYS.inAll[shown.language](marks.length)}` : "";
    say(said, event ? lineOf(event, shown.language) + more : "");
  },
});
const table = openTable(wire, shown, details.openEvent);
const counters = openCounters(wire, shown);
const faults = openFaults(wire, shown, (reason) => {
  failure = reason;
  tell();
});
const showChats = openChats(wire, shown);

function changed(change: Change): void {
  if (change === "all") {
    document.body.dataset.mode = wire.mode;
    document.body.toggleAttribute("data-several", wire.sources.length > 1);
    showChats();
    counters.restart();
    faults.restart();
    diagram.restart();
    listConnections();
  }
  isListed = false;
  diagram.changed();
  counters.changed();
  faults.changed();
  table.changed();
  tell();
  if (!diagram.isFollowing) moved();
}

/** What is to be said about all of it. */
function tell(): void {
  const { language } = shown;
  const problems = wire.problems.map(
    ({ key, line }) => `${PROBLEMS[key][language]} (${SAYS.line[language](line)})`,
  );
  const lines = [
    ...(wire.link === "lost" ? [SAYS.lost[language]] : []),
    ...(wire.link === "ended" ? [SAYS.recording[language]] : []),
    ...problems,
    ...(failure === "" ? [] : [failure]),
  ];
  say(notice, lines.join(" "));
  notice.hidden = lines.length === 0;
  notice.dataset.kind = wire.link === "lost" || problems.length > 0 || failure !== "" ? "bad" : "good";
  const isEmpty = wire.link === "open" && wire.first === undefined;
  const empty = element("empty", HTMLElement);
  empty.hidden = !isEmpty;
  if (isEmpty) {
    const addresses = wire.sources.map(({ url }) => make("code", "", url));
    if (empty.childElementCount !== addresses.length) {
      empty.replaceChildren(SAYS.waiting[language], ...addresses);
    }
  }
}

/** Whether it follows, or how far it is behind. */
function moved(): void {
  const { language } = shown;
  const { isFollowing, pxPerSecond } = diagram;
  if (isFollowing) seenThen = wire.seen;
  const isOver = wire.link === "ended";
  pause.ariaPressed = String(!isFollowing);
  say(pause, isFollowing ? PAGE.pause[language] : SAYS.resume[language]);
  pause.hidden = isOver;
  toNow.hidden = isFollowing || isOver;
  const count = wire.seen - seenThen;
  say(toNow, count > 0 ? SAYS.newEvents[language](count) : PAGE.toNow[language]);
  say(element("scale", HTMLElement), SAYS.perSecond[language](pxPerSecond));
  element("larger", HTMLButtonElement).disabled = pxPerSecond === SCALES.at(-1);
  element("smaller", HTMLButtonElement).disabled = pxPerSecond === SCALES[0];
}

/** Shows one connection alone, or all. */
function choose(connection: number | undefined): void {
  shown.connection = connection;
  listConnections();
  filter.value = String(connection ?? 0);
  diagram.changed();
  table.changed();
}

/** The newest connections, with what was asked on each first. */
function listConnections(): void {
  isListed = true;
  // An open list would close.
  if (document.activeElement === filter && filter.options.length > 0) return;
  const asked = new Map<number, string>();
  for (const mark of wire.marks.values()) {
    if (mark.mark !== "exchange" || mark.shape === "page") continue;
    asked.set(mark.connection, `${mark.method} ${mark.target.split("?")[0]}`);
  }
  const newest = [...asked].sort(([one], [other]) => other - one).slice(0, 50);
  const options: [number, string][] = [
    [0, PAGE.all[shown.language]],
    ...newest.map(([number, said]): [number, string] => [number, `${number}: ${said}`]),
  ];
  const { connection } = shown;
  if (connection !== undefined && !newest.some(([number]) => number === connection)) {
    options.push([connection, String(connection)]);
  }
  const texts = options.map(([, text]) => text).join("\n");
  if (filter.dataset.texts === texts) return;
  filter.dataset.texts = texts;
  filter.replaceChildren(
    ...options.map(([number, text]) => {
      const option = make("option", "", text);
      option.value = String(number);
      return option;
    }),
  );
  filter.value = String(connection ?? 0);
}

/** Says everything in a language. */
function speak(language: Language): void {
  shown.language = language;
  document.documentElement.lang = language;
  document.title = PAGE.title[language];
  const words: Readonly<Record<string, Words>> = PAGE;
  for (const node of document.querySelectorAll<HTMLElement>("[data-word]")) {
    say(node, words[node.dataset.word ?? ""]?.[language] ?? "");
  }
  for (const node of document.querySelectorAll<HTMLElement>("[data-label]")) {
    node.ariaLabel = words[node.dataset.label ?? ""]?.[language] ?? "";
    if (node instanceof HTMLButtonElement) node.title = node.ariaLabel;
  }
  for (const link of document.querySelectorAll<HTMLAnchorElement>(".languages a")) {
    if (link.lang === language) link.ariaCurrent = "true";
    else link.ariaCurrent = null;
  }
  showChats();
  counters.restart();
  faults.restart();
  filter.dataset.texts = "";
  listConnections();
  diagram.reword();
  table.show(asTable.ariaPressed === "true");
  if (details.isOpen) details.reword();
  moved();
  tell();
}

pause.addEventListener("click", () => diagram.follow(!diagram.isFollowing));
toNow.addEventListener("click", () => diagram.follow(true));
element("larger", HTMLButtonElement).addEventListener("click", () => diagram.scale(1));
element("smaller", HTMLButtonElement).addEventListener("click", () => diagram.scale(-1));
filter.addEventListener("change", () => choose(Number(filter.value) || undefined));
labels.addEventListener("click", () => {
  shown.labels = !shown.labels;
  labels.ariaPressed = String(shown.labels);
  diagram.changed();
});
asTable.addEventListener("click", () => {
  const isOn = asTable.ariaPressed !== "true";
  asTable.ariaPressed = String(isOn);
  document.body.toggleAttribute("data-table", isOn);
  table.show(isOn);
});
element("clear", HTMLButtonElement).addEventListener("click", async () => {
  try {
    const headers = { "Content-Type": "application/json" };
    await fetch("/clear", { method: "POST", headers, body: "{}" });
    details.close();
  } catch {
    failure = SAYS.noAnswer[shown.language];
    tell();
  }
});
for (const link of document.querySelectorAll<HTMLAnchorElement>(".languages a")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    history.replaceState(null, "", link.href);
    speak(link.lang === "ko" ? "ko" : "en");
  });
}
addEventListener("keydown", ({ key, target, altKey, ctrlKey, metaKey }) => {
  const isTyping = target instanceof HTMLSelectElement || target instanceof HTMLInputElement;
  if (isTyping || altKey || ctrlKey || metaKey) return;
  if (key === "+" || key === "=") diagram.scale(1);
  else if (key === "-") diagram.scale(-1);
  else if (key === "l") labels.click();
  else if (key === "p") pause.click();
  else if (key === "t") asTable.click();
});
setInterval(() => {
  if (!isListed && !document.hidden) listConnections();
}, RELIST);
speak(shown.language);

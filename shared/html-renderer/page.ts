// The page that all four chapters share, as one HTML document with neither script nor style inside it.
import { MAX_AUTHOR, MAX_TEXT } from "../message-store/message.ts";
import { CHAPTERS, type ChapterName, commandOf, neighboursOf, numberOf } from "./chapters.ts";
import { PAGE_WORDS } from "./page-words.ts";
import { LANGUAGES, type Language, WORDS } from "./words.ts";

/**
 * What the page may load and do: its own files and its own server, nothing else (CSP Level 3).
 *
 * @param frames the origins that may show it in a frame
 */
export function contentSecurityPolicy(frames: readonly string[]): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    `frame-ancestors ${frames.length > 0 ? frames.join(" ") : "'none'"}`,
  ].join("; ");
}

/** The files that the page needs besides the chapter's own client.js, as paths from the project's root. */
export const PAGE_FILES: readonly string[] = [
  "shared/html-renderer/style.css",
  "shared/html-renderer/words.js",
  "shared/html-renderer/browser/backoff.js",
  "shared/html-renderer/browser/breaks.js",
  "shared/html-renderer/browser/chat.js",
  "shared/html-renderer/browser/check.js",
  "shared/html-renderer/browser/composer.js",
  "shared/html-renderer/browser/copy.js",
  "shared/html-renderer/browser/element.js",
  "shared/html-renderer/browser/entries.js",
  "shared/html-renderer/browser/marks.js",
  "shared/html-renderer/browser/memory.js",
  "shared/html-renderer/browser/messages.js",
  "shared/html-renderer/browser/numbers.js",
  "shared/html-renderer/browser/pause.js",
  "shared/html-renderer/browser/post.js",
  "shared/html-renderer/browser/reason.js",
  "shared/html-renderer/browser/round.js",
  "shared/html-renderer/browser/scroll.js",
  "shared/html-renderer/browser/sending.js",
  "shared/html-renderer/browser/settings.js",
  "shared/html-renderer/browser/status.js",
  "shared/html-renderer/browser/strip.js",
  "shared/html-renderer/browser/wire.js",
  "shared/message-store/message.js",
];

/** What distinguishes one page from another. */
export interface PageOptions {
  readonly chapter: ChapterName;
  readonly language: Language;
  /** Changes whenever one of the page's files does. */
  readonly version: string;
  /** What the chapter's client is told, by kebab-case name: each becomes a `data-` attribute of `<html>`. */
  readonly settings: Readonly<Record<string, string | number>>;
}

/**
 * Renders the page. Everything that is put into it is escaped.
 *
 * @returns a whole HTML document
 * @throws RangeError a setting's name is not kebab-case, so that it would not be one attribute
 */
export function renderPage({ chapter, language, version, settings }: PageOptions): string {
  const { name, analogy, line, request } = CHAPTERS[chapter];
  const data = Object.entries({ ...settings, chapter, version }).map(([key, value]) => {
    if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(key))
      throw new RangeError(`Write the setting ${key} in kebab-case.`);
    return html` data-${key}="${value}"`;
  });
  const preloads = PAGE_FILES.filter((path) => path.endsWith(".js"));
  return html`<!doctype html>
<html lang="${language}"${data}>
<head>
<meta charset="utf-8">
<title>${numberOf(chapter)}. ${name[language]} · ${PAGE_WORDS.subject[language]}</title>
<meta name="viewport" content="width=device-width, initial-scale=1, interactive-widget=resizes-content">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="${icon(chapter)}">
<link rel="stylesheet" href="/shared/html-renderer/style.css">
<script type="module" src="/${chapter}/client.js"></script>
${preloads.map((path) => html`<link rel="modulepreload" href="/${path}">\n`)}</head>
<body>
<header>
<p class="number">${PAGE_WORDS.chapter[language](numberOf(chapter))}</p>
<nav class="languages" aria-label="${PAGE_WORDS.language[language]}">
${LANGUAGES.map((other) => switchTo(other, language))}</nav>
<h1>${name[language]}</h1>
<p class="line"><strong>${analogy[language]}</strong> ${line[language]}</p>
<p class="request"><span>${PAGE_WORDS.request[language]}</span> <code>${request}</code></p>
${wire(chapter, language)}<div class="steps">${steps(chapter, language)}</div>
</header>
<main>
<div id="status" role="status" data-state="connecting">
<p class="pill"><span id="state">${WORDS.connecting[language]}</span>
<span id="countdown" aria-hidden="true"></span></p>
<p id="reason"></p>
</div>
<div id="stale" role="alert" hidden><p>${PAGE_WORDS.stale[language]}</p>
<button type="button" id="reload">${PAGE_WORDS.reload[language]}</button></div>
<noscript><p class="noscript">${PAGE_WORDS.noScript[language]}</p></noscript>
<div class="conversation">
<div id="scroller" role="region" tabindex="0" aria-label="${PAGE_WORDS.conversation[language]}"><div id="entries">
<div class="older"><p id="shown" hidden></p>
<button type="button" id="earlier" hidden>${PAGE_WORDS.earlier[language]}</button></div>
<div id="log" role="log" aria-label="${PAGE_WORDS.messages[language]}"><ol id="messages"></ol></div>
<ol id="pending" aria-label="${PAGE_WORDS.unsent[language]}"></ol>
<p class="empty">${PAGE_WORDS.empty[language]}</p>
</div></div>
<button type="button" id="new-messages" hidden></button>
</div>
<form id="composer">
<label class="name-field"><span>${PAGE_WORDS.name[language]}</span>
<input id="author" maxlength="${MAX_AUTHOR}" autocomplete="nickname"
placeholder="${WORDS.anonymous[language]}"></label>
<label class="text-field"><span>${PAGE_WORDS.text[language]}</span>
<textarea id="text" rows="1" maxlength="${MAX_TEXT}" enterkeyhint="send" aria-describedby="keys"
placeholder="${PAGE_WORDS.write[language]}"></textarea></label>
<button type="submit">${PAGE_WORDS.send[language]}</button>
<p id="keys">${PAGE_WORDS.keys[language]}</p>
</form>
</main>
</body>
</html>
`.markup;
}

function switchTo(other: Language, language: Language): Html {
  const label = { en: "English", ko: "한국어" }[other];
  return html`<a href="?lang=${other}" lang="${other}" hreflang="${other}"${
    other === language ? html` aria-current="true"` : ""
  }>${label}</a>`;
}

/** What the technique does on the network: a line that opens; the script closes it where the screen is narrow. */
function wire(chapter: ChapterName, language: Language): Html {
  const { strip, devTools } = CHAPTERS[chapter];
  const number = (id: string, word: Words) =>
    html`<div><dt>${word[language]}</dt><dd id="${id}">–</dd></div>`;
  const button = (id: string, word: Words) =>
    html`<button type="button" id="${id}">${word[language]}</button>`;
  return html`<details id="wire" open>
<summary>${PAGE_WORDS.wire[language]}</summary>
<div id="strip" role="img" aria-label="${PAGE_WORDS.nothingYet[language]}"></div>
<p class="scale" aria-hidden="true"><span>${PAGE_WORDS.ago[language](60)}</span>
<span>${PAGE_WORDS.ago[language](30)}</span><span>${PAGE_WORDS.now[language]}</span></p>
<p class="legend">${strip[language]}</p>
<dl aria-label="${PAGE_WORDS.numbers[language]}">
${number("requests", PAGE_WORDS.requests)}${number("empty-answers", PAGE_WORDS.emptyAnswers)}
${number("received", PAGE_WORDS.messages)}${number("cursor", PAGE_WORDS.cursor)}
${number("delay", PAGE_WORDS.delay)}${number("sign", PAGE_WORDS.lastSign)}
</dl>
<div class="breaks" role="group" aria-labelledby="break-it"><b id="break-it">${PAGE_WORDS.breakIt[language]}</b>
${button("break-drop", PAGE_WORDS.drop)}${button("break-offline", PAGE_WORDS.goOffline)}${button("break-repeat", PAGE_WORDS.repeat)}
<p id="broken" role="status"></p>
</div>
<p class="look"><b>F12</b> ${devTools[language]}
<a href="/${chapter}/${language === "ko" ? "README.ko.md" : "README.md"}"
target="_blank">${PAGE_WORDS.notes[language]}</a></p>
</details>
`;
}

function steps(chapter: ChapterName, language: Language): Html[] {
  const { before, after } = neighboursOf(chapter);
  const step = (kind: "before" | "after", to: ChapterName) =>
    html`<p class="${kind}"><span>${PAGE_WORDS[kind][language]} · ${CHAPTERS[to].name[language]}</span>
<code>${commandOf(to)}</code>
<button type="button" class="copy" aria-live="polite" hidden>${WORDS.copy[language]}</button></p>`;
  return [...(before ? [step("before", before)] : []), ...(after ? [step("after", after)] : [])];
}

// The chapter's number in a speech bubble tells the tabs of four chapters apart.
function icon(chapter: ChapterName): string {
  const svg = html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path fill="#3153d4"
 d="M8 2h16a6 6 0 0 1 6 6v12a6 6 0 0 1-6 6h-9l-7 5v-5a6 6 0 0 1-6-6V8a6 6 0 0 1 6-6z"/><text x="16" y="20"
 font-family="system-ui,sans-serif" font-size="16" font-weight="700" text-anchor="middle"
 fill="#fff">${numberOf(chapter)}</text></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg.markup)}`;
}

type Words = Readonly<Record<Language, string>>;

interface Html {
  readonly markup: string;
}

/** A template whose values are escaped, save those that such a template made. */
function html(
  parts: TemplateStringsArray,
  ...values: readonly (string | number | Html | readonly Html[])[]
): Html {
  const markup = values.map((value) => {
    if (typeof value === "string" || typeof value === "number") return escaped(String(value));
    return "markup" in value ? value.markup : value.map((each) => each.markup).join("");
  });
  return { markup: String.raw({ raw: parts }, ...markup) };
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

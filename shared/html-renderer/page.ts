// The page that all four chapters share, as one HTML document with neither script nor style inside it.
import { MAX_AUTHOR, MAX_TEXT } from "../message-store/message.ts";
import { CHAPTERS, type ChapterName, commandOf, neighboursOf, numberOf } from "./chapters.ts";
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
  "shared/html-renderer/browser/chat.js",
  "shared/html-renderer/browser/element.js",
  "shared/html-renderer/browser/entries.js",
  "shared/html-renderer/browser/memory.js",
  "shared/html-renderer/browser/scroll.js",
  "shared/html-renderer/browser/stale.js",
  "shared/html-renderer/browser/status.js",
  "shared/html-renderer/browser/backoff.js",
  "shared/html-renderer/browser/messages.js",
  "shared/html-renderer/browser/pause.js",
  "shared/html-renderer/browser/post.js",
  "shared/html-renderer/browser/reason.js",
  "shared/html-renderer/browser/receive.js",
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
<title>${numberOf(chapter)}. ${name[language]} · ${WORDS.subject[language]}</title>
<meta name="viewport" content="width=device-width, initial-scale=1, interactive-widget=resizes-content">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="${icon(chapter)}">
<link rel="stylesheet" href="/shared/html-renderer/style.css">
<script type="module" src="/${chapter}/client.js"></script>
${preloads.map((path) => html`<link rel="modulepreload" href="/${path}">\n`)}</head>
<body>
<header>
<p class="number">${WORDS.chapter[language](numberOf(chapter))}</p>
<nav class="languages" aria-label="${WORDS.language[language]}">
${LANGUAGES.map((other) => switchTo(other, language))}</nav>
<h1>${name[language]}</h1>
<p class="line"><strong>${analogy[language]}</strong> ${line[language]}</p>
<p class="request"><span>${WORDS.request[language]}</span> <code>${request}</code></p>
<div class="steps">${steps(chapter, language)}</div>
</header>
<main>
<div id="status" role="status" data-state="connecting">
<p class="pill"><span id="state">${WORDS.connecting[language]}</span>
<span id="countdown" aria-hidden="true"></span></p>
<p id="reason"></p>
</div>
<div id="stale" role="alert" hidden><p>${WORDS.stale[language]}</p>
<button type="button" id="reload">${WORDS.reload[language]}</button></div>
<noscript><p class="noscript">${WORDS.noScript[language]}</p></noscript>
<div class="conversation">
<div id="scroller" role="region" tabindex="0" aria-label="${WORDS.conversation[language]}"><div id="entries">
<div role="log" aria-label="${WORDS.messages[language]}"><ol id="messages"></ol></div>
<ol id="pending" aria-label="${WORDS.unsent[language]}"></ol>
<p class="empty">${WORDS.empty[language]}</p>
</div></div>
<button type="button" id="new-messages" hidden></button>
</div>
<form id="composer">
<label class="name-field"><span>${WORDS.name[language]}</span>
<input id="author" maxlength="${MAX_AUTHOR}" autocomplete="nickname"
placeholder="${WORDS.anonymous[language]}"></label>
<label class="text-field"><span>${WORDS.text[language]}</span>
<textarea id="text" rows="1" maxlength="${MAX_TEXT}" enterkeyhint="send" aria-describedby="keys"
placeholder="${WORDS.write[language]}"></textarea></label>
<button type="submit">${WORDS.send[language]}</button>
<p id="keys">${WORDS.keys[language]}</p>
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

function steps(chapter: ChapterName, language: Language): Html[] {
  const { before, after } = neighboursOf(chapter);
  const step = (kind: "before" | "after", to: ChapterName) =>
    html`<p class="${kind}"><span>${WORDS[kind][language]} · ${CHAPTERS[to].name[language]}</span>
<code>${commandOf(to)}</code></p>`;
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

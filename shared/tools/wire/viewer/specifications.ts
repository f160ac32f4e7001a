// Where a section of a specification is to be read.

/** The sections of the HTML standard that the decoders name, by their anchors. */
const HTML: Readonly<Record<string, string>> = {
  "9.2.1": "server-sent-events-intro",
  "9.2.2": "the-eventsource-interface",
  "9.2.3": "sse-processing-model",
  "9.2.4": "the-last-event-id-header",
  "9.2.5": "parsing-an-event-stream",
  "9.2.6": "event-stream-interpretation",
  "9.2.7": "authoring-notes",
};

/** @returns the address of `RFC 6455 §5.2` or `HTML §9.2.5`; undefined where it is not known */
export function linkOf(specification: string): string | undefined {
  const [, rfc, section] = /^RFC (\d+) §([\d.]+)$/.exec(specification) ?? [];
  if (rfc !== undefined) return `https://www.rfc-editor.org/rfc/rfc${rfc}#section-${section}`;
  const [, part = ""] = /^HTML §([\d.]+)$/.exec(specification) ?? [];
  const anchor = HTML[part];
  if (anchor === undefined) return undefined;
  return `https://html.spec.whatwg.org/multipage/server-sent-events.html#${anchor}`;
}

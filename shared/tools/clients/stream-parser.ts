// A reader of text/event-stream, written from the HTML standard alone ("Parsing an event stream" and "Interpreting an
// event stream"): it shares no line with the chapter, and so can be asked what the chapter's text means.

/** An event as `EventSource` would dispatch it. */
export interface ParsedEvent {
  readonly type: string;
  readonly data: string;
  readonly lastEventId: string;
}

/**
 * @param onEvent called with each event, once its blank line was read
 * @returns takes the next bytes of the stream, which may end anywhere: in a line, a line end, or a character
 */
export function streamParser(onEvent: (event: ParsedEvent) => void): (bytes: Uint8Array) => void {
  const decoder = new TextDecoder(); // Drops one byte order mark at the beginning, as the standard says.
  let line = "";
  let afterCarriageReturn = false;
  let data = "";
  let type = "";
  let lastEventId = "";

  const field = (name: string, value: string) => {
    if (name === "event") type = value;
    if (name === "data") data += `${value}\n`;
    if (name === "id" && !value.includes("\0")) lastEventId = value;
  };
  const endOfLine = () => {
    const colon = line.indexOf(":");
    if (line === "") {
      if (data !== "") onEvent({ type: type || "message", data: data.slice(0, -1), lastEventId });
      data = "";
      type = "";
    } else if (colon === -1) field(line, "");
    else if (colon > 0) field(line.slice(0, colon), line.slice(colon + 1).replace(/^ /, ""));
    line = "";
  };
  return (bytes) => {
    let text = decoder.decode(bytes, { stream: true });
    if (text === "") return;
    // A CRLF that was cut in two is one line end.
    if (afterCarriageReturn && text.startsWith("\n")) text = text.slice(1);
    afterCarriageReturn = text === "" ? false : text.endsWith("\r");
    const parts = text.split(/\r\n|\r|\n/);
    for (const [index, part] of parts.entries()) {
      if (index > 0) endOfLine();
      line += part;
    }
  };
}

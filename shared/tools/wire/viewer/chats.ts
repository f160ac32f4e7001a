// The chats, in frames beside the picture; where that is refused, in windows of their own.
import type { Source } from "../events.ts";
import type { Shown } from "./diagram.ts";
import { button, element, make } from "./dom.ts";
import type { Wire } from "./state.ts";
import { PAGE, SAYS } from "./words.ts";

/** Shows a chat a source. @returns to be called where sources or the language have changed */
export function openChats(wire: Wire, shown: Shown): () => void {
  const place = element("chats", HTMLElement);
  let before = "";

  function chatOf(source: Source): HTMLElement {
    const { name, url, framed } = source;
    const { language } = shown;
    // Several have little room: then the fields are in view, not the page's head.
    const anchor = wire.sources.length > 1 ? "#composer" : "";
    const isChapter = /^ch\d\d-/.test(name);
    const address = isChapter ? `${url}/?lang=${language}${anchor}` : url;
    const node = make("section", framed ? "chat" : "chat refused");
    node.ariaLabel = `${PAGE.chat[language]}: ${name}`;
    if (framed) {
      const frame = make("iframe");
      frame.src = address;
      frame.title = `${PAGE.chat[language]}: ${name}`;
      node.append(frame);
      return node;
    }
    const open = button("beside", SAYS.openBeside[language], () => {
      window.open(address, `wire-${source.source}`, "popup,width=480,height=800");
    });
    const link = make("code", "", url);
    node.append(make("p", "", `${name}: ${SAYS.framesRefused[language]}`), open, link);
    return node;
  }

  return () => {
    place.hidden = wire.mode === "recording";
    const next = JSON.stringify([wire.sources, shown.language, wire.mode]);
    if (next === before || wire.mode === "recording") return;
    before = next;
    place.replaceChildren(...wire.sources.map(chatOf));
  };
}

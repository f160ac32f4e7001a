// What was counted of each source, over its column.
import { classOf } from "../drawing.ts";
import type { Bytes, Counters, Source } from "../events.ts";
import { sizeOf } from "./describe.ts";
import type { Shown } from "./diagram.ts";
import { element, make, say } from "./dom.ts";
import type { Wire } from "./state.ts";
import { SAYS } from "./words.ts";

/** In milliseconds: so often the numbers change at most, so that they can be read. */
const RECOUNT = 250;

interface Column {
  readonly source: Source;
  readonly values: Readonly<Record<Name, HTMLElement>>;
  readonly share: HTMLMeterElement;
  readonly shareText: HTMLElement;
}

const NAMES = ["requests", "connections", "messages", "median", "bytes"] as const;
type Name = (typeof NAMES)[number];

/** Shows counters for as long as the page is open. */
export function openCounters(wire: Wire, shown: Shown): { changed(): void; restart(): void } {
  const place = element("columns", HTMLElement);
  let columns: Column[] = [];
  let isStale = true;

  function columnOf(source: Source): Column & { readonly node: HTMLElement } {
    const { language } = shown;
    const node = make("section", `column ${classOf(source)}`);
    const title = make("h2", "", source.name);
    node.append(title);
    const list = node.appendChild(make("dl"));
    const values = { requests: make("dd"), connections: make("dd"), messages: make("dd") };
    const rest = { median: make("dd"), bytes: make("dd") };
    const all = { ...values, ...rest };
    for (const name of NAMES) {
      const pair = list.appendChild(make("div", name));
      pair.append(make("dt", "", SAYS[name][language]), all[name]);
    }
    const share = make("meter", "share");
    const shareText = make("p", "share-text");
    share.ariaHidden = "true";
    node.append(share, shareText);
    return { source, node, values: all, share, shareText };
  }

  function restart(): void {
    const made = wire.sources.map(columnOf);
    place.replaceChildren(...made.map(({ node }) => node));
    place.style.setProperty("--columns", String(made.length));
    columns = made;
    recount();
  }

  function recount(): void {
    isStale = false;
    const { language } = shown;
    for (const { source, values, share, shareText } of columns) {
      const counted = wire.counters.find((each) => each.source === source.source);
      if (!counted) continue;
      const { header, payload, page } = sumOf(counted);
      say(values.requests, counted.requests.toLocaleString(language));
      const open = counted.open > 0 ? ` (${SAYS.openNow[language](counted.open)})` : "";
      say(values.connections, `${counted.connections.toLocaleString(language)}${open}`);
      say(values.messages, SAYS.arrived[language](counted.sent, counted.arrived));
      say(
        values.median,
        counted.delay === undefined ? "–" : SAYS.milliseconds[language](digits(counted.delay)),
      );
      const [up, down] = [counted.upstream, counted.downstream].map((way) => sizeOf(all(way) - way.page));
      say(values.bytes, `→ ${up} ← ${down}`);
      share.max = Math.max(1, header + payload);
      share.value = payload;
      const around = SAYS.share[language](sizeOf(payload), sizeOf(header));
      say(shareText, page > 0 ? `${around} ${SAYS.pageBytes[language](sizeOf(page))}` : around);
    }
  }

  setInterval(() => isStale && !document.hidden && recount(), RECOUNT);
  return {
    changed() {
      isStale = true;
    },
    restart,
  };
}

function sumOf({ upstream, downstream }: Counters): Bytes {
  return {
    header: upstream.header + downstream.header,
    payload: upstream.payload + downstream.payload,
    page: upstream.page + downstream.page,
    raw: upstream.raw + downstream.raw,
  };
}

function all({ header, payload, page, raw }: Bytes): number {
  return header + payload + page + raw;
}

/** Two digits that count. */
function digits(ms: number): string {
  return ms < 10 ? ms.toFixed(1) : String(Math.round(ms));
}

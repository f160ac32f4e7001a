// What a log on Redis is made of: two keys, one script, two connections.
//
//   {NAME}:log    the stream: an entry for each message, with its fields
//   {NAME}:keys   a hash: the id of each message by its key
//
// The part in braces is the same, so that a cluster keeps both on one machine.
//
// Message 7 is the entry 0-7: `XADD {NAME}:log 0-7 …`, which is what `0-*` comes to. What other programs add is no
// message and is skipped. But it takes a place, and a stream only grows at its end; so where somebody's XADD has left an
// entry 1720569600000-0, message 8 is 1720569600000-8. The second number is always the message's id, and the first one
// is 0 until somebody interferes.
//
// The user needs, of the keys {NAME}:log and {NAME}:keys alone (ACL SETUSER chat on >PASSWORD ~{NAME}:*):
//   +evalsha +eval +time +exists +xinfo|stream +hlen +hget +hset +xadd +xrange +xread +ping
// and +select if there is a DB. With +config|get it can tell how safe the log is.
import { type Line, parseEntry } from "./line.ts";
import { reason } from "./open-file.ts";
import type { RedisAddress } from "./redis-address.ts";
import { StoreError } from "./store.ts";

/** How long Redis may take until it is there for the first time, in milliseconds; the contract allows five seconds. */
const START = 4_000;
/** How long a reader may have to wait, in milliseconds. */
const READ = 1_500;
/** How long the follower waits at Redis for news, in milliseconds: then it asks again, and so shows that it is there. */
const BLOCK = 1_000;
/** A connection on which nothing came for so long is given up, in milliseconds. */
const SILENCE = 2_500;
/** The longest pause between two tries to reconnect, in milliseconds. */
const PAUSE = 500;
const OLDEST_VERSION = 7;

/**
 * Keeps drafts, each with its key in one step, and says how the log is. It refuses where the log is not the one that
 * the server has read, and comes to nothing after the deadline: so a draft that was refused because Redis stood still
 * is not kept later on.
 *
 * ARGV: the place and the key of the newest message that the server knows; the deadline by Redis's clock; then for each
 * draft its key, author, text, timestamp and writer. The reply: the time, how many messages there are, the places of the
 * last and of the first entry, and the drafts' ids.
 */
const SCRIPT = `
local log, keys = KEYS[1], KEYS[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local count = redis.call('HLEN', keys)
local last, first = '', ''
if redis.call('EXISTS', log) == 1 then
  local info = redis.call('XINFO', 'STREAM', log)
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then last = info[i + 1] end
    if info[i] == 'first-entry' and info[i + 1] then first = info[i + 1][1] end
  end
end

local function split(place)
  local era, id = string.match(place, '(%d+)-(%d+)')
  return tonumber(era or 0), tonumber(id or 0)
end
local era, id = split(last)
local knownEra, knownId = split(ARGV[1])
if (ARGV[2] ~= '' and tonumber(redis.call('HGET', keys, ARGV[2])) ~= knownId)
  or count < knownId or era < knownEra or (era == knownEra and id < knownId) then
  return redis.error_reply('ANOTHERLOG It is not the one that was read')
end

local ids = {}
if now <= tonumber(ARGV[3]) then
  for i = 4, #ARGV, 5 do
    local known = redis.call('HGET', keys, ARGV[i])
    if not known then
      count = count + 1
      if id >= count then era = era + 1 end
      id = count
      last = string.format('%.0f-%.0f', era, id)
      redis.call('XADD', log, last, 'author', ARGV[i + 1], 'text', ARGV[i + 2],
        'timestamp', ARGV[i + 3], 'key', ARGV[i], 'writer', ARGV[i + 4])
      redis.call('HSET', keys, ARGV[i], string.format('%.0f', id))
      known = id
    end
    ids[#ids + 1] = tonumber(known)
  end
end
return {now, count, last, first, ids}
`;

/** Where a server is in the log: the newest message that it has read. */
export interface Known {
  /** Its entry's id, as in `0-7`; `0-0` if there is none. */
  readonly place: string;
  /** Empty if there is none. */
  readonly key: string;
}

export interface State {
  /** How many messages the log has had so far: the newest one's id. */
  readonly count: number;
  /** The place of the last entry ever; empty if there is no stream. */
  readonly last: string;
  /** The place of the first entry; empty if there is none. */
  readonly first: string;
}

/** An entry of the stream. */
export interface Entry {
  readonly place: string;
  /** The message's id, if it is one. */
  readonly id: number;
  /** Undefined if it is no message. */
  readonly line: Line | undefined;
}

/** Redis cannot be reached, or not used yet: it may be there again at any moment. */
export class Away extends StoreError {}
/** The stream is not the one that was read so far. */
export class AnotherLog extends StoreError {}

/**
 * What is used here of the client library. Its own types are those of every command that Redis has: to check them takes
 * four times as long as to compile a chapter, each time that somebody starts one for the first time.
 */
interface Library {
  createClient(options: object): Client;
  defineScript(script: object): object;
  readonly ErrorReply: new () => Error;
}

interface Client {
  on(event: "error", listener: () => void): Client;
  connect(): Promise<unknown>;
  destroy(): void;
  sendCommand(words: readonly string[]): Promise<unknown>;
  xRange(key: string, from: string, to: string, options: { COUNT: number }): Promise<unknown>;
  xRead(stream: { key: string; id: string }, options: { BLOCK: number; COUNT: number }): Promise<unknown>;
  append(keys: readonly string[], words: readonly string[]): Promise<unknown>;
}

interface Connections {
  readonly commands: Client;
  readonly follower: Client;
  readonly ErrorReply: Library["ErrorReply"];
  destroy(): void;
}

async function open({ host, port, tls, username, password, database }: RedisAddress): Promise<Connections> {
  const library: string = "@redis/client"; // Loaded here and not above: a log in a file starts without it.
  const { createClient, defineScript, ErrorReply }: Library = await import(library);
  const append = defineScript({
    SCRIPT,
    NUMBER_OF_KEYS: 2,
    parseCommand(
      parser: Record<"pushKeys" | "pushVariadic", (words: readonly string[]) => void>,
      keys: readonly string[],
      words: readonly string[],
    ) {
      parser.pushKeys(keys);
      parser.pushVariadic(words);
    },
    transformReply: undefined, // As it is.
  });
  let isOpen = false;
  const address = { host, port, connectTimeout: START, socketTimeout: SILENCE };
  const reconnectStrategy = (tries: number) => isOpen && Math.min(PAUSE, 10 * 2 ** tries);
  const connect = () =>
    createClient({
      socket: tls ? { ...address, reconnectStrategy, tls } : { ...address, reconnectStrategy },
      username,
      password,
      database,
      // What cannot be sent now is refused now: nobody knows any more when it would be sent.
      disableOfflineQueue: true,
      disableClientInfo: true,
      maintNotifications: "disabled",
      pingInterval: BLOCK,
      scripts: { append },
    }).on("error", () => {}); // Each command says it, too.
  const [commands, follower] = [connect(), connect()];
  const destroy = () => {
    for (const client of [commands, follower]) client.destroy();
  };
  try {
    await within(START, Promise.all([commands.connect(), follower.connect()]));
  } catch (error) {
    destroy();
    throw error;
  }
  isOpen = true;
  return { commands, follower, ErrorReply, destroy };
}

/** A log on Redis: what can be asked of it. Every method throws a StoreError. */
export class RedisLog {
  /** Names the log in a sentence; no password is in it. */
  readonly shown: string;
  readonly #keys: readonly [string, string];
  readonly #redis: Connections;
  /** Redis's clock less ours, in milliseconds, as seen last. Ours is one that nobody sets. */
  #ahead = 0;

  private constructor({ shown, name }: RedisAddress, redis: Connections) {
    this.shown = shown;
    this.#keys = [`{${name}}:log`, `{${name}}:keys`];
    this.#redis = redis;
  }

  /** @throws StoreError within five seconds if Redis is not there, or not as it has to be */
  static async open(address: RedisAddress): Promise<RedisLog> {
    try {
      const redis = await open(address);
      try {
        const hello: unknown = await within(READ, redis.commands.sendCommand(["HELLO"]));
        const { version } = Object(hello);
        if (Number.parseInt(version, 10) >= OLDEST_VERSION) return new RedisLog(address, redis);
        throw new Error(`it is Redis ${version}, and ${OLDEST_VERSION} or newer is needed`);
      } catch (error) {
        redis.destroy();
        throw error;
      }
    } catch (error) {
      throw cannotOpen(address.shown, error);
    }
  }

  /** @returns what a crash of Redis may take back, as a sentence; undefined if nothing */
  async risk(): Promise<string | undefined> {
    const settings: unknown = await this.#redis.commands
      .sendCommand(["CONFIG", "GET", "appendonly", "appendfsync", "maxmemory-policy"])
      .catch(() => undefined);
    const { appendonly, appendfsync, "maxmemory-policy": policy = "" } = Object(settings);
    const advice = "set appendonly yes, appendfsync always and maxmemory-policy noeviction to keep them all";
    if (appendonly === undefined) {
      return `${this.shown} may lose messages that were answered: Redis does not say how safe it is (CONFIG GET).`;
    }
    const why =
      (appendonly !== "yes" && "appendonly no") ||
      (appendfsync !== "always" && `appendfsync ${appendfsync}`) ||
      (policy.startsWith("allkeys") && `maxmemory-policy ${policy}`);
    return why ? `${this.shown} may lose messages that were answered (${why}): ${advice}.` : undefined;
  }

  /**
   * Keeps drafts, all of them or, where an id is missing, none of them because the time was up.
   *
   * @param patience how long from now they may still be kept, in milliseconds
   * @returns for each draft the id of the message with its key
   */
  async append(known: Known, drafts: readonly Line[], patience: number): Promise<readonly number[]> {
    const deadline = performance.now() + patience + this.#ahead;
    return (await this.#run(this.#redis.commands, known, drafts, deadline)).ids;
  }

  /** @throws AnotherLog if the log is not the one with this message */
  state(known: Known): Promise<State> {
    return within(READ, this.#run(this.#redis.commands, known)).catch((error) => this.#fail(error));
  }

  /** Waits for entries behind a place, a second at most, and looks how the log is. */
  async next(place: string, known: Known, count: number): Promise<State & { entries: readonly Entry[] }> {
    const { follower } = this.#redis;
    const read = follower.xRead({ key: this.#keys[0], id: place }, { BLOCK, COUNT: count });
    // Sent behind it at once and so run right after it: entries of another log are noticed before anybody sees them.
    const [streams, state] = await Promise.all([read, this.#run(follower, known)]).catch((error) =>
      this.#fail(error),
    );
    const [stream] = Array.isArray(streams) ? streams : [];
    return { ...state, entries: entriesOf(Object(stream).messages) };
  }

  /** @returns the entries from a message on, or from the next one there is: `count` at most; none if there is none */
  async read(id: number, count: number): Promise<readonly Entry[]> {
    let era = "0";
    let from = `${era}-${id}`;
    for (;;) {
      const range = this.#redis.commands.xRange(this.#keys[0], from, "+", { COUNT: count });
      const entries = entriesOf(await within(READ, range).catch((error) => this.#fail(error)));
      const start = entries.findIndex((entry) => entry.line !== undefined && entry.id >= id);
      if (start >= 0) return entries.slice(start);
      const [last] = entries.slice(-1);
      if (last === undefined) return [];
      // Somebody interfered in between: from then on the messages' places begin with another number.
      const later = entries.find(({ place }) => !place.startsWith(`${era}-`));
      era = later?.place.split("-")[0] ?? era;
      from = later === undefined ? `(${last.place}` : `${era}-${id}`;
    }
  }

  close(): void {
    this.#redis.destroy();
  }

  async #run(
    client: Client,
    { place, key }: Known,
    drafts: readonly Line[] = [],
    deadline = Number.POSITIVE_INFINITY,
  ): Promise<State & { readonly ids: readonly number[] }> {
    const fields = drafts.flatMap((draft) => [
      ...[draft.key, draft.author, draft.text, String(draft.timestamp), draft.writer ?? ""],
    ]);
    const time = deadline === Number.POSITIVE_INFINITY ? "0" : String(Math.floor(deadline));
    const reply = await client.append(this.#keys, [place, key, time, ...fields]).catch((e) => this.#fail(e));
    const [now, count, last, first, ids] = Array.isArray(reply) ? reply : [];
    this.#ahead = Number(now) - performance.now();
    return { count: Number(count), last: String(last), first: String(first), ids };
  }

  #fail(error: unknown): never {
    if (error instanceof StoreError) throw error;
    const options = { cause: error };
    const why = reasonOf(error);
    if (why.startsWith("ANOTHERLOG")) {
      throw new AnotherLog(
        `${this.shown} was deleted or came back shorter: stop all chapters and start them again.`,
        options,
      );
    }
    const isRefused =
      error instanceof this.#redis.ErrorReply && !/^(LOADING|BUSY|MASTERDOWN|READONLY|UNBLOCKED)/.test(why);
    if (isRefused)
      throw new StoreError(`${this.shown} refuses (${why}): look after Redis and try again.`, options);
    throw new Away(`${this.shown} cannot be reached (${why}): try again when Redis is back.`, options);
  }
}

export function cannotOpen(shown: string, error: unknown): StoreError {
  const why = reasonOf(error instanceof StoreError ? (error.cause ?? error) : error);
  const advice = why.startsWith("WRONGTYPE")
    ? "name another log, as in ?log=NAME"
    : "start Redis, or say in --store where it is and what its password is";
  return new StoreError(`${shown} cannot be opened (${why}): ${advice}.`);
}

function entriesOf(list: unknown): Entry[] {
  if (!Array.isArray(list)) return [];
  return list.map(({ id: place, message }) => ({
    place,
    id: Number(place.split("-")[1]),
    line: parseEntry({ ...message, timestamp: Number(message.timestamp) }),
  }));
}

/** What an error says, without the place in the script and without a full stop. */
function reasonOf(error: unknown): string {
  const [first = error] = error instanceof AggregateError ? error.errors : []; // Several addresses of one name.
  return reason(first)
    .replace(/^Socket timeout .*/, "no answer within 2.5 s")
    .replace(/^ERR unknown command '?`?HELLO.*/i, `it is older than Redis ${OLDEST_VERSION}`)
    .replace(/ script: .*/s, "")
    .replace(/\.$/, "");
}

class TimeoutError extends Error {}

/** @throws Error if it takes longer than so many milliseconds */
async function within<Value>(time: number, promise: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TimeoutError(`no answer within ${time / 1_000} s`)), time);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

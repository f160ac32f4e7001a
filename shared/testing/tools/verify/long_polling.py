"""Long polling as the contract has it, in Python's standard library alone: asyncio, and HTTP by hand.

It shares no line with the chapters, and is here so that `verify` is tried on a server that is good, and not ours.

    python3 long_polling.py PORT FILE
"""
import asyncio
import fcntl
import json
import os
import re
import secrets
import signal
import sys
import time
from urllib.parse import parse_qsl, urlsplit

PORT, FILE = int(sys.argv[1]), sys.argv[2]
HOLD, LINGER, MAX_BODY, MAX_HEAD = 25, 1, 16 * 1024, 16 * 1024
PAGE = b'<!doctype html><html lang="ko"><meta charset="utf-8"><title>chat</title><p>Long polling in Python.</p></html>'
PATHS = {"/": ["GET", "HEAD"], "/longpoll": ["GET"], "/update": ["POST"]}


class Refusal(Exception):
    """An answer that says what is wrong."""

    def __init__(self, status, sentence, **fields):
        super().__init__(sentence)
        self.status, self.fields = status, fields


class Log:
    """A file of one JSON line a message, which several processes may append to."""

    def __init__(self, path):
        self.file = open(path, "a+b", buffering=0)
        self.messages, self.keys, self.read_to, self.waiting = [], {}, 0, set()
        self.refresh()

    def refresh(self):
        """Reads what has come to the file, whoever wrote it."""
        new = os.pread(self.file.fileno(), os.fstat(self.file.fileno()).st_size - self.read_to, self.read_to)
        for line in new[: new.rfind(b"\n") + 1].split(b"\n"):
            try:
                message = {"id": len(self.messages) + 1, **json.loads(line)}
            except ValueError:
                continue  # No whole line: the disk was full, or the process was killed.
            self.messages.append(message)
            self.keys[message["key"]] = message
        self.read_to += new.rfind(b"\n") + 1
        if new:
            for future in self.waiting:
                if not future.done():
                    future.set_result(True)
            self.waiting = set()

    def append(self, draft):
        """Adds a draft whose key is new, on the disk before it is shown. Returns the message, and whether it was added."""
        fcntl.flock(self.file, fcntl.LOCK_EX)
        try:
            self.refresh()
            if draft["key"] in self.keys:
                return self.keys[draft["key"]], False
            line = json.dumps({**draft, "timestamp": int(time.time() * 1000)}, ensure_ascii=False)
            torn = b"\n" if os.fstat(self.file.fileno()).st_size > self.read_to else b""
            try:
                self.file.write(torn + line.encode() + b"\n")
                os.fsync(self.file.fileno())
            except OSError as error:
                raise Refusal(503, f"The message could not be kept: {error.strerror}.")
            self.refresh()
            if draft["key"] not in self.keys:
                raise Refusal(503, "The message could not be kept whole.")
            return self.keys[draft["key"]], True
        finally:
            fcntl.flock(self.file, fcntl.LOCK_UN)

    def after(self, cursor):
        """The oldest messages after a cursor, as one answer may hold them: 1,000, and 1 MiB."""
        texts, size = [], 0
        for message in self.messages[cursor : cursor + 1000]:
            text = json.dumps(message, ensure_ascii=False)
            size += len(text.encode()) + 1
            if texts and size > 1024 * 1024:
                break
            texts.append(text)
        return f"[{','.join(texts)}]"


def draft_in(body):
    """The draft in a body. Lengths are those of UTF-16, as in a browser."""
    try:
        value = json.loads(body.decode("utf-8"))
    except ValueError:
        raise Refusal(400, "The body is not JSON in UTF-8.")
    if not isinstance(value, dict):
        raise Refusal(400, "Send a JSON object.")
    draft = {name: value[name] for name in ("text", "author", "key") if name in value}
    for name, text in draft.items():
        if not isinstance(text, str):
            raise Refusal(400, f"The field {name} must be a string.")
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            raise Refusal(400, f"The field {name} holds half a character.")
    units = lambda text: len(text.encode("utf-16-le")) // 2
    text = draft.get("text", "")
    if not text.strip() or units(text) > 2000 or units(draft.get("author", "")) > 32:
        raise Refusal(400, "The text is missing, blank or too long, or the author is.")
    key = draft.get("key", secrets.token_urlsafe(16))
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", key):
        raise Refusal(400, "The key must be 1 to 64 characters of A-Z, a-z, 0-9, _ and -.")
    return {"author": draft.get("author") or "anonymous", "text": text, "key": key}


class Connection:
    """One client, whose requests are answered one after another."""

    def __init__(self, reader, writer, log):
        self.reader, self.writer, self.log, self.buffer = reader, writer, log, b""

    async def more(self):
        """Reads on; False at the end."""
        if len(self.buffer) > 256 * 1024:
            return await asyncio.Future()
        piece = await self.reader.read(65536)
        self.buffer += piece
        return bool(piece)

    async def until(self, mark):
        while mark not in self.buffer:
            if len(self.buffer) > MAX_HEAD + MAX_BODY or not await self.more():
                raise ConnectionError
        piece, _, self.buffer = self.buffer.partition(mark)
        return piece

    async def exactly(self, count):
        while len(self.buffer) < count:
            if not await self.more():
                raise ConnectionError
        piece, self.buffer = self.buffer[:count], self.buffer[count:]
        return piece

    async def send(self, status, body=b"", fields={}, head_only=False):
        lines = [f"HTTP/1.1 {status} Answer"]
        fields = {"Cache-Control": "no-store", "Content-Type": "application/json", **fields}
        if status >= 200 and status != 204:
            fields["Content-Length"] = len(body)
        lines += [f"{name}: {value}" for name, value in fields.items()]
        self.writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + (b"" if head_only else body))
        await self.writer.drain()  # Whoever does not read is not read from either.

    async def run(self):
        try:
            while await self.one():
                await asyncio.sleep(0)  # Others have their turn, however much this client has sent.
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self.writer.close()

    async def one(self):
        """Answers one request. Returns whether another may follow."""
        head = (await self.until(b"\r\n\r\n")).decode("latin-1").lstrip("\r\n").split("\r\n")
        pairs = [line.partition(":")[::2] for line in head[1:]]
        fields = {name.lower(): value.strip() for name, value in pairs}
        rest = True
        try:
            parts = head[0].split(" ")
            if len(parts) != 3 or [name.lower() for name, _ in pairs].count("host") != 1:
                raise Refusal(400, "This is no HTTP/1.1 request.")
            method, target, _ = parts
            url = urlsplit(target)
            self.check(method, url.path, fields)
            if url.path == "/update":
                rest = False  # Until the body was read.
                draft = draft_in(await self.body(fields))
                rest = True
                message, added = self.log.append(draft)
                await self.send(201 if added else 200, json.dumps(message, ensure_ascii=False).encode())
            elif url.path == "/longpoll":
                await self.receive(url.query)
            else:
                await self.send(200, PAGE, {"Content-Type": "text/html"}, method == "HEAD")
        except Refusal as refusal:
            body = json.dumps({"error": str(refusal)}).encode()
            rest = rest and fields.get("content-length", "0") == "0" and "transfer-encoding" not in fields
            await self.send(refusal.status, body, {**refusal.fields, **({} if rest else {"Connection": "close"})})
            if not rest:
                await self.linger()
        return rest and fields.get("connection", "").lower() != "close"

    def check(self, method, path, fields):
        host = fields["host"].lower()
        if not re.fullmatch(r"(localhost|127\.0\.0\.1|\[::1\])(:\d*)?", host):
            raise Refusal(403, "This server does not go by that Host.")
        if path not in PATHS:
            raise Refusal(404, "There is nothing at this path.")
        if method not in PATHS[path]:
            raise Refusal(405, "This path does not support that method.", Allow=", ".join(PATHS[path]))
        if path != "/":
            own = (None, f"http://{host}", f"https://{host}")
            if fields.get("origin", "").lower() not in own[1:] and "origin" in fields:
                raise Refusal(403, "Pages of another origin may not do this.")
            if fields.get("sec-fetch-site", "none") not in ("none", "same-origin"):
                raise Refusal(403, "Pages of another site may not do this.")

    async def body(self, fields):
        if not re.match(r"application/json\s*(;|$)", fields.get("content-type", ""), re.I):
            raise Refusal(415, "Send JSON.")
        if "chunked" in fields.get("transfer-encoding", "").lower():
            body = b""
            while size := int(await self.until(b"\r\n"), 16):
                if len(body) + size > MAX_BODY:
                    raise Refusal(413, "The body is too large.")
                body += (await self.exactly(size + 2))[:-2]
            await self.until(b"\r\n")
            return body
        length = int(fields.get("content-length", "0"))
        if length > MAX_BODY:
            raise Refusal(413, "The body is too large.")
        if fields.get("expect", "").lower() == "100-continue":
            self.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return await self.exactly(length)

    async def receive(self, query):
        given = [value for name, value in parse_qsl(query, keep_blank_values=True) if name == "after"]
        if given and not re.fullmatch(r"[0-9]{1,15}", given[0]):
            raise Refusal(400, "The cursor must be the id of a message.")
        cursor = int(given[0]) if given else None
        if cursor is not None and cursor > len(self.log.messages):
            self.log.refresh()
        newest = len(self.log.messages)
        if cursor is None or cursor > newest:
            cursor = max(0, newest - 100)
        if cursor == newest:
            news = asyncio.get_running_loop().create_future()
            self.log.waiting.add(news)
            reading = asyncio.ensure_future(self.more())
            end = asyncio.get_running_loop().time() + HOLD
            try:
                while not news.done():
                    left = end - asyncio.get_running_loop().time()
                    await asyncio.wait({news, reading}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
                    if reading.done() and not news.done():
                        if not reading.result():
                            raise ConnectionError  # It left.
                        reading = asyncio.ensure_future(self.more())
                    elif not news.done():
                        break  # The hold is over.
            finally:
                self.log.waiting.discard(news)
                reading.cancel()
            if not news.done() or not news.result():
                return await self.send(204)
        await self.send(200, self.log.after(cursor).encode())

    async def linger(self):
        """Discards what is still to come, for a moment: closed at once, the answer might be lost."""
        self.buffer = b""
        end = time.monotonic() + LINGER
        while (left := end - time.monotonic()) > 0:
            try:
                if not await asyncio.wait_for(self.reader.read(65536), left):
                    return
            except asyncio.TimeoutError:
                return


async def main():
    log, clients = Log(FILE), set()

    async def serve(reader, writer):
        task = asyncio.current_task()
        clients.add(task)
        await Connection(reader, writer, log).run()
        clients.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", PORT, limit=65536, backlog=1024)
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    while not stop.is_set():
        log.refresh()  # What other processes have written.
        try:
            await asyncio.wait_for(stop.wait(), 0.05)
        except asyncio.TimeoutError:
            pass
    server.close()
    for news in log.waiting:
        if not news.done():
            news.set_result(False)  # Held requests are answered.
    await asyncio.sleep(0.1)
    for task in list(clients):
        task.cancel()
    await asyncio.sleep(0.1)


asyncio.run(main())

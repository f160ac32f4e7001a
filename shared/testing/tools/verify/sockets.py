"""A WebSocket server with the library `websockets`, as its own documentation writes a chat, and a log in memory.

    PORT=8080 python3 sockets.py
"""
import asyncio
import http
import json
import os
import time
from urllib.parse import parse_qs, urlsplit

import websockets

messages, clients = [], set()


async def handler(socket, path):
    after = parse_qs(urlsplit(path).query).get("after", ["0"])[0]
    for message in messages[int(after) :]:
        await socket.send(json.dumps(message))
    clients.add(socket)
    try:
        async for text in socket:
            draft = json.loads(text)
            messages.append(
                {"id": len(messages) + 1, "author": "anonymous", "timestamp": int(time.time() * 1000), "key": "k", **draft}
            )
            websockets.broadcast(clients, json.dumps(messages[-1]))
    finally:
        clients.remove(socket)


async def page(path, headers):
    if headers.get("Upgrade", "").lower() != "websocket":
        return http.HTTPStatus.OK, [("Content-Type", "text/html")], b"<!doctype html><p>chat</p></html>"


async def main():
    port = int(os.environ["PORT"])
    async with websockets.serve(handler, "127.0.0.1", port, process_request=page, ping_interval=15, max_size=16 * 1024):
        await asyncio.Future()


asyncio.run(main())

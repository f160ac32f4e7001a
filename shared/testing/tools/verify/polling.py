"""Polling as one first writes it in Python, with http.server: a list, and every poll answers with all of it.

    PORT=8080 python3 polling.py
"""
import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

messages = []


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path.startswith("/poll"):
            body, kind = json.dumps(messages).encode(), "application/json"
        else:
            body, kind = b"<!doctype html><p>chat</p>", "text/html"
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        draft = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        messages.append({"id": len(messages) + 1, **draft})
        self.send_response(201)
        self.end_headers()
        self.wfile.write(json.dumps(messages[-1]).encode())

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()

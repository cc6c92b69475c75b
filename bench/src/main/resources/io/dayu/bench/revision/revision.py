"""Answers with the bytes it got, unless MODE says what is wrong with this revision. At the port DAYU_SERVICE_PORT of 127.0.0.1. It ends with its parent."""

import http.server
import itertools
import json
import os
import sys
import threading

MODE = os.environ["MODE"]
CALLS = itertools.count(1)
CRASHES_AT = 20
ABOUT = {"apiVersion": "dayu.io/v1alpha1", "payload": ["opaque"], "output": "opaque", "accepts": ["application/octet-stream"], "parallelism": 4}


class Revision(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body go together
    disable_nagle_algorithm = True

    def answer(self, status, kind, body):
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/.well-known/dayu-stage":
            self.answer(200, "application/json", json.dumps(ABOUT).encode())
        else:
            self.answer(503 if MODE == "NEVER_READY" else 200, "text/plain", b"")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        number = next(CALLS)
        if MODE == "GARBAGE":
            self.answer(200, "application/json", b"{]")
        elif MODE == "CRASHES" and number >= CRASHES_AT:
            os._exit(1)
        elif MODE == "ERRORS" and number % 2 == 0:
            self.answer(500, "text/plain", b"it does not work")
        else:
            self.answer(200, "application/octet-stream", body)

    def log_message(self, *arguments):
        pass


def end_with_parent():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=end_with_parent, daemon=True).start()
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["DAYU_SERVICE_PORT"])), Revision).serve_forever()

"""The service that does in Python what ChecksumStage does in Java; the standard library only."""
import calendar
import http.server
import json
import os
import struct
import time
import zlib

REVISION = "revision"
ABOUT = {
    "apiVersion": "dayu.io/v1alpha1",
    "description": "The checksum of what arrived, to prove that nothing was changed on the way",
    "payload": ["readings"],
    "inputs": ["readings"],
    "output": "readings",
    "parallelism": 4,
    "parameters": {
        "type": "object",
        "properties": {REVISION: {"type": "integer", "default": 0, "description": "put out if it is not 0"}},
    },
}


def millis(at):
    """Of a time as 2023-11-14T22:13:20.001Z or without its fraction."""
    seconds, _, fraction = at.rstrip("Z").partition(".")
    return calendar.timegm(time.strptime(seconds, "%Y-%m-%dT%H:%M:%S")) * 1000 + int((fraction or "0").ljust(3, "0")[:3])


def checksum(reading, at):
    body = reading["sensor"].encode() + struct.pack(">qd", at, reading["value"]) + reading["unit"].encode()
    return "%08x" % zlib.crc32(body)


def marks(readings, unit):
    made = []
    for reading in readings:
        if reading["sensor"] != REVISION:
            at = millis(reading["at"])
            made.append({"sensor": reading["sensor"], "at": at, "value": reading["value"], "unit": unit(reading, at)})
    return made


class Work(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def answer(self, status, tree):
        body = json.dumps(tree).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/.well-known/dayu-stage":
            self.answer(200, ABOUT)
        else:
            self.answer(404, {})

    def do_POST(self):
        element = json.loads(self.rfile.read(int(self.headers["content-length"])))
        made = marks(element["payload"]["readings"], checksum)
        for stage, output in element.get("outputs", {}).items():
            if marks(output["readings"], lambda reading, at: reading["unit"]) != made:
                self.answer(422, {"detail": "corrupted: the output of %s is of other data" % stage})
                return
        revision = json.loads(self.headers["ce-dayuparams"])[REVISION]
        if revision:
            made.append({"sensor": REVISION, "at": 0, "value": revision, "unit": ""})
        self.answer(200, {"type": "readings", "readings": made})

    def log_message(self, *ignored):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["DAYU_SERVICE_PORT"])), Work).serve_forever()

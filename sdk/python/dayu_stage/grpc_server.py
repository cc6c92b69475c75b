"""A server of dayu.service.v1.Stage, with grpcio; the messages are few and small, and read and written here.

A node opens one stream for all of its elements. Elements come in the forms in which they come over HTTP, so that they
mean the same: a call has a body and its content type.
"""

import json
import os
import queue
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone

import grpc

from .side import Missing, Sides
from .stage import Element, Failed, Skip, _answer, _Bad
from .wake import Wake

SERVICE = "dayu.service.v1.Stage"
_MAX_MESSAGE = 256 * 1024 * 1024
_MOST_TOGETHER = 64
_AHEAD = 16  # elements that wait here for each that is worked on, so that a stage is not idle while the next one comes
_STREAMS = 32
_LONGEST_WAIT_MS = 60_000
_LEAVE_S = 2


class GrpcServer:
    """Serves one stage."""

    def __init__(self, stage):
        self._stage = stage
        self._described = _bytes(1, json.dumps(description(stage)).encode("ascii"))
        self._credit = stage.parallelism * max(stage.batch, _AHEAD)
        self._work = ThreadPoolExecutor(stage.parallelism, "stage")
        self._lock = threading.Lock()
        self._streams = set()
        self._stopping = False
        self._wake = Wake()
        self._server = grpc.server(
            ThreadPoolExecutor(_STREAMS, "stream"),
            options=[
                ("grpc.max_receive_message_length", _MAX_MESSAGE),
                ("grpc.max_send_message_length", _MAX_MESSAGE),
                ("grpc.so_reuseport", 0),
            ],
        )
        methods = {
            "Describe": grpc.unary_unary_rpc_method_handler(lambda request, context: self._described),
            "Work": grpc.stream_stream_rpc_method_handler(self._serve),
        }
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, methods),))

    def run(self, port=None, host=None):
        """Serves until SIGTERM or SIGINT; only from the main thread."""
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(line_buffering=True)  # what a function prints is in the node's log at once
        try:
            address = self.listen(port, host)
        except (OSError, RuntimeError, ValueError) as e:
            sys.exit(f"{self._stage.name} cannot listen: {e}. DAYU_SERVICE_PORT says another port.")
        self._wake.at_signals()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._signalled)
        print(f"{self._stage.name} listens at {address}", file=sys.stderr)
        while not self._stopping:
            self._wake.wait()
        signal.set_wakeup_fd(-1)
        self.drain()

    def listen(self, port=None, host=None):
        """Starts to serve and tells the address: the node's socket unless a port is given, else a port."""
        path = os.environ.get("DAYU_SERVICE_SOCKET")
        if path and port is None and host is None:
            address = "unix:" + path
            bound = self._server.add_insecure_port(address)
        else:
            if port is None:
                port = int(os.environ.get("DAYU_SERVICE_PORT") or 9000)
            host = host or "127.0.0.1"
            host = f"[{host}]" if ":" in host else host
            bound = self._server.add_insecure_port(f"{host}:{port}")
            address = f"grpc://{host}:{bound}"
        if not bound:
            raise OSError(f"{address} is taken")
        self._server.start()
        return address

    def stop(self):
        """Ends the streams once their calls have ended; from any thread or a signal handler."""
        self._stopping = True
        self._wake.now()

    def drain(self):
        """Waits for that."""
        with self._lock:
            streams = list(self._streams)
        for stream in streams:
            stream.replies.put(None)
        for stream in streams:
            stream.ended.wait()
        self._server.stop(_LEAVE_S).wait()  # which have still to tell that they have ended
        self._work.shutdown()
        self._wake.close()

    def _signalled(self, number, _frame):
        if self._stopping:
            os._exit(128 + number)  # asked for a second time: calls that hang are left
        self.stop()

    def _serve(self, requests, context):
        stream = _Stream(self._stage, self._work, requests)
        with self._lock:
            if self._stopping:
                context.abort(grpc.StatusCode.UNAVAILABLE, "the service ends")
            self._streams.add(stream)
        try:
            yield _varint(1, self._credit)
            yield from stream.serve(lambda: self._stopping)
        finally:
            with self._lock:
                self._streams.discard(stream)
            stream.ended.set()


class _Stream:
    def __init__(self, stage, work, requests):
        self._stage = stage
        self._work = work
        self._requests = requests
        self._running = 0  # guarded by the lock, as is the following
        self._taking = True
        self._sides = Sides()
        self._lock = threading.Lock()
        self.replies = queue.SimpleQueue()  # None where there may be no more; bounded by the credit
        self.ended = threading.Event()

    def serve(self, stopping):
        threading.Thread(target=self._read, name="calls", daemon=True).start()
        while True:
            together = [self.replies.get()]
            while len(together) < _MOST_TOGETHER and not self.replies.empty():
                together.append(self.replies.get())
            told = [each for each in together if each is not None]
            if told:
                yield b"".join(told) if stopping() else _varint(1, len(told)) + b"".join(told)
            if stopping():
                self._taking = False
            with self._lock:
                # What comes from now on another process gets: the node sends again what was not answered.
                if not self._taking and self._running == 0 and self.replies.empty():
                    return

    def _read(self):
        try:
            for message in self._requests:
                fields = list(_fields(message))
                for number, side in fields:
                    if number == 2:
                        given = dict(_fields(side))
                        self._sides.put(given.get(1, b"").hex(), given.get(2, b""))
                for number, call in fields:
                    if number == 1:
                        with self._lock:
                            if not self._taking:
                                return
                            self._running += 1
                        self._work.submit(self._answer, call)
        except Exception:
            pass  # the node has gone, and sends again what it still wants
        finally:
            with self._lock:
                self._taking = False
            self.replies.put(None)

    def _answer(self, call):
        reply = b""
        try:
            reply = _bytes(2, answer(self._stage, call, self._sides))
        finally:
            # Before the reply is there, so that who takes it sees that nothing is running.
            with self._lock:
                self._running -= 1
            self.replies.put(reply)


def description(stage):
    """What the service says of itself over gRPC: elements come ahead of their turn, whatever fits into a request."""
    return {**stage.describe(), "batch": max(stage.batch, _AHEAD)}


def answer(stage, call, sides):
    """Answers one Call with a Reply; never raises."""
    identity = 0
    try:
        fields, digests = {}, {}
        for number, value in _fields(call):
            if number == 7:
                named = dict(_fields(value))
                digests[_text(named.get(1, b""))] = named.get(2, b"").hex()
            else:
                fields[number] = value
        identity = fields.get(1, 0)
        result = _result(stage, fields, sides.named(digests))
    except Missing as e:
        result = Failed(str(e), retryable=True)
    except _Bad as e:
        result = Failed(e.reason)
    except Exception as e:
        stage._trace()
        result = Failed(f"a defect of dayu_stage: {type(e).__name__}: {e}", retryable=True)
    return _varint(1, identity) + _outcome(result)


def _result(stage, fields, side):
    if 6 not in fields:
        raise _Bad(f"the element has no body; let the declaration's accepts be {', '.join(stage.accepts)} or leave it out")
    body = dict(_fields(fields[6]))
    about = dict(_fields(fields.get(5, b"")))
    payload, outputs = stage._content(_text(body.get(1, b"")).partition(";")[0].strip().lower(), body.get(2, b""))
    created = datetime.fromtimestamp(_signed(about.get(6, 0)) / 1000, timezone.utc)
    element = Element(
        payload,
        {} if stage.named else outputs,
        _text(about.get(1, b"")),
        _text(fields.get(2, b"")),
        _signed(about.get(2, 0)),
        about.get(3, 0),
        created.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        time.monotonic() + fields.get(4, 0) / 1000,
        inputs=outputs if stage.named else {},
        side=side,
    )
    return stage._call(element, stage._params_of(_text(fields.get(3, b""))), _answer)


def _outcome(result):
    if isinstance(result, Skip):
        return _bytes(3, result.reason.encode("utf-8", "replace"))
    if isinstance(result, Failed):
        failure = _bytes(1, result.reason.encode("utf-8", "replace")) + _varint(2, int(result.retryable))
        if result.retryable and result.after is not None:
            failure += _varint(3, max(1, min(_LONGEST_WAIT_MS, round(result.after * 1000))))
        return _bytes(4, failure)
    return _bytes(5, _bytes(1, result.content_type.encode("ascii")) + _bytes(2, result.body))


# Protobuf, as far as it is needed: numbers and bytes.


def _fields(message):
    """Pairs of a field's number and its value: an int, or bytes."""
    at, end = 0, len(message)
    while at < end:
        key, at = _number(message, at)
        kind = key & 7
        if kind == 0:
            value, at = _number(message, at)
        elif kind in (1, 2, 5):
            if kind == 2:
                size, at = _number(message, at)
            else:
                size = 8 if kind == 1 else 4
            if size > end - at:
                raise ValueError("a message is cut off")
            value = message[at : at + size]
            at += size
        else:
            raise ValueError("this is no message")
        yield key >> 3, value


def _number(message, at):
    value, shift = 0, 0
    while True:
        if at >= len(message) or shift > 63:
            raise ValueError("a message is cut off")
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def _signed(value):
    return value - (1 << 64) if value >= 1 << 63 else value


def _text(value):
    return value.decode("utf-8", "replace")


def _encoded(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _varint(number, value):
    return _encoded(number << 3) + _encoded(value)


def _bytes(number, value):
    return _encoded(number << 3 | 2) + _encoded(len(value)) + value

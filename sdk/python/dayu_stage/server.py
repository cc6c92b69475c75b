"""An HTTP/1.1 server for calls that come again and again over a few connections.

The one of the standard library parses a request like an e-mail, which costs more than most functions. Here a
connection has a thread, an answer is one write, and nothing is logged for a request.
"""

import os
import selectors
import signal
import socket
import sys
import threading
from http import HTTPStatus

from .wake import Wake

MAX_HEAD = 64 * 1024
MAX_BODY = 256 * 1024 * 1024
_CHUNK = 64 * 1024
_REASONS = {status.value: status.phrase for status in HTTPStatus}


class Request:
    """A request that was read in full; names of headers are in lower case."""

    __slots__ = ("method", "path", "headers", "body")

    def __init__(self, method, path, headers, body):
        self.method = method
        self.path = path
        self.headers = headers
        self.body = body

    @property
    def is_get(self):
        return self.method in ("GET", "HEAD")


class Answer:
    """A status, a body, its content type and further headers."""

    __slots__ = ("status", "body", "content_type", "headers")

    def __init__(self, status, body=b"", content_type="text/plain; charset=utf-8", headers=()):
        self.status = status
        self.body = body
        self.content_type = content_type
        self.headers = headers


class Server:
    """Serves a function from requests to answers, which is called from many threads."""

    def __init__(self, answer, name="service"):
        self._answer = answer
        self._name = name
        self._lock = threading.Lock()
        self._connections = set()
        self._stopping = False
        self._wake = Wake()
        self._listener = None

    def run(self, port=None, host=None):
        """Serves until SIGTERM or SIGINT; only from the main thread."""
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(line_buffering=True)  # what a function prints is in the node's log at once
        try:
            address = self.listen(port, host)
        except (OSError, ValueError) as e:
            sys.exit(f"{self._name} cannot listen: {e}. DAYU_SERVICE_PORT says another port.")
        self._wake.at_signals()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._signalled)
        print(f"{self._name} listens at http://{address[0]}:{address[1]}/", file=sys.stderr)
        self.accept()
        signal.set_wakeup_fd(-1)
        self.drain()

    def listen(self, port=None, host=None):
        """Opens the port and tells (host, port)."""
        if port is None:
            port = int(os.environ.get("DAYU_SERVICE_PORT") or 9000)
        host = host or "127.0.0.1"
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, port), family=family, backlog=128)
        return self._listener.getsockname()[:2]

    def accept(self):
        """Takes connections until ``stop``."""
        # A closed listener does not wake a thread that accepts, so both are waited for.
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._wake.waited_for, selectors.EVENT_READ)
            self._listener.setblocking(False)
            while not self._stopping:
                ready = [key.fileobj for key, _ in selector.select()]
                if self._listener not in ready:
                    continue
                try:
                    connected, _ = self._listener.accept()
                except OSError:
                    continue  # it is gone again
                connected.setblocking(True)
                connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection = _Connection(self, connected)
                with self._lock:
                    self._connections.add(connection)
                connection.thread.start()
        self._listener.close()

    def stop(self):
        """Makes ``accept`` return; from any thread or a signal handler."""
        self._stopping = True
        self._wake.now()

    def drain(self):
        """Ends connections that rest, and waits for the others to end their calls."""
        with self._lock:
            connections = list(self._connections)
            for connection in connections:
                if not connection.busy:
                    connection.end()
        for connection in connections:
            connection.thread.join()
        self._wake.close()

    def _signalled(self, number, _frame):
        if self._stopping:
            os._exit(128 + number)  # asked for a second time: calls that hang are left
        self.stop()


class _Connection:
    def __init__(self, server, connected):
        self._server = server
        self._socket = connected
        self._buffer = bytearray()
        self.busy = False
        self.thread = threading.Thread(target=self._run, daemon=True)

    def end(self):
        try:
            self._socket.shutdown(socket.SHUT_RD)
        except OSError:
            pass

    def _run(self):
        try:
            while self._begins() and self._serve():
                pass
        except OSError:
            pass  # the caller is gone, and sends again what it still wants
        finally:
            with self._server._lock:
                self._server._connections.discard(self)
            self._socket.close()

    def _begins(self):
        """Waits for the first bytes of a request; false where there is none."""
        with self._server._lock:
            self.busy = False
            if self._server._stopping:
                return False
        if not self._buffer and not self._more():
            return False
        self.busy = True
        return True

    def _serve(self):
        try:
            request, keep = self._read()
        except _Unreadable as e:
            self._write(Answer(e.status, e.reason.encode("utf-8")), False, False)
            return False
        if request is None:
            return False
        answer = self._server._answer(request)
        keep = keep and not self._server._stopping
        self._write(answer, keep, request.method == "HEAD")
        return keep

    def _write(self, answer, keep, head_only):
        lines = [f"HTTP/1.1 {answer.status} {_REASONS.get(answer.status, 'Unknown')}"]
        if answer.status != 204:
            lines.append(f"content-length: {len(answer.body)}")
            if answer.content_type:
                lines.append(f"content-type: {answer.content_type}")
        lines.extend(f"{name}: {value}" for name, value in answer.headers)
        if not keep:
            lines.append("connection: close")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
        self._socket.sendall(head if head_only or answer.status == 204 else head + answer.body)

    def _more(self):
        received = self._socket.recv(_CHUNK)
        self._buffer += received
        return bool(received)

    def _read(self):
        """A request, and whether the connection is kept; (None, False) if the caller has left."""
        searched = 0
        while True:
            end = self._buffer.find(b"\r\n\r\n", searched)
            if end >= 0:
                break
            if len(self._buffer) > MAX_HEAD:
                raise _Unreadable(431, "the headers are longer than 64 KiB")
            searched = max(0, len(self._buffer) - 3)
            if not self._more():
                return None, False
        head = self._buffer[:end].decode("latin-1")
        del self._buffer[: end + 4]
        lines = head.split("\r\n")
        words = lines[0].split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/1.") or not words[0].isalpha():
            raise _Unreadable(400, "this is no HTTP/1.1 request")
        headers = {}
        for line in lines[1:]:
            name, colon, value = line.partition(":")
            if not colon or not name or name != name.strip():
                raise _Unreadable(400, "a header cannot be read")
            name = name.lower()
            if name in headers and name in ("content-length", "transfer-encoding"):
                raise _Unreadable(400, f"there are two of the header {name}")
            headers[name] = value.strip(" \t")
        connection = headers.get("connection", "").lower()
        keep = connection == "keep-alive" if words[2] == "HTTP/1.0" else connection != "close"
        body = self._body(headers)
        if body is None:
            return None, False
        return Request(words[0], words[1].partition("?")[0], headers, body), keep

    def _body(self, headers):
        coding = headers.get("transfer-encoding")
        length = headers.get("content-length")
        if coding is not None:
            if coding.lower() != "chunked" or length is not None:
                raise _Unreadable(400, "the body's length cannot be told")
            self._continue(headers)
            return self._chunks()
        if length is None:
            return b""
        if not (length.isascii() and length.isdigit()):
            raise _Unreadable(400, "content-length is no number")
        size = int(length) if len(length) < 16 else MAX_BODY + 1
        if size > MAX_BODY:
            raise _Unreadable(413, "the body is longer than 256 MiB")
        if size:
            self._continue(headers)
        return self._take(size)

    def _continue(self, headers):
        if headers.get("expect", "").lower() == "100-continue" and not self._buffer:
            self._socket.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _take(self, size):
        """The next bytes; None if the caller leaves before."""
        there = len(self._buffer)
        if there >= size:
            taken = bytes(self._buffer[:size])
            del self._buffer[:size]
            return taken
        parts = [bytes(self._buffer)]
        self._buffer.clear()
        # What was only announced takes no memory.
        while there < size:
            part = self._socket.recv(min(size - there, 1 << 20))
            if not part:
                return None
            parts.append(part)
            there += len(part)
        return b"".join(parts)

    def _line(self):
        while True:
            end = self._buffer.find(b"\r\n")
            if end >= 0:
                line = bytes(self._buffer[:end])
                del self._buffer[: end + 2]
                return line
            if len(self._buffer) > MAX_HEAD:
                raise _Unreadable(400, "a chunk cannot be read")
            if not self._more():
                return None

    def _chunks(self):
        parts, total = [], 0
        while True:
            line = self._line()
            if line is None:
                return None
            digits = line.partition(b";")[0].strip()
            try:
                if not digits or digits[:1] in b"+-" or b"_" in digits:
                    raise ValueError
                size = int(digits, 16)
            except ValueError:
                raise _Unreadable(400, "a chunk has no length") from None
            total += size
            if total > MAX_BODY:
                raise _Unreadable(413, "the body is longer than 256 MiB")
            if size == 0:
                break
            part = self._take(size + 2)
            if part is None:
                return None
            parts.append(part[:-2])
        while True:
            line = self._line()
            if line is None:
                return None
            if not line:
                return b"".join(parts)


class _Unreadable(Exception):
    def __init__(self, status, reason):
        super().__init__(reason)
        self.status = status
        self.reason = reason

"""The server over real sockets, and programmes as the node starts them."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
import unittest
from pathlib import Path

from dayu_stage import Labels, stage
from dayu_stage.server import Server
from dayu_stage.wake import Wake

HERE = Path(__file__).resolve().parent.parent
READINGS = json.dumps(
    {"payload": {"type": "readings", "readings": [{"sensor": "s", "at": "2026-01-01T00:00:00Z", "value": 1}]}}
).encode()
LENGTH = {"Content-Type": "application/json"}


class Connections(unittest.TestCase):
    def setUp(self):
        self.blocked, self.release = threading.Event(), threading.Event()
        self.release.set()

        @stage(payload=["readings", "opaque"], output="labels", parallelism=8)
        def count(element, params):
            if not self.release.is_set():
                self.blocked.set()
                self.release.wait(10)
            return Labels({"n": len(element.payload)})

        self.server = Server(count.answer)
        self.host, self.port = self.server.listen(0)
        self.accepting = threading.Thread(target=self.server.accept)
        self.accepting.start()
        self.addCleanup(self.stop)

    def stop(self):
        self.release.set()
        if self.accepting.is_alive():
            self.server.stop()
            self.accepting.join(10)
            self.server.drain()

    def connect(self):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=10)
        self.addCleanup(connection.close)
        return connection

    def raw(self, *parts):
        """Sends bytes and reads until the server closes."""
        with socket.create_connection((self.host, self.port), 10) as connection:
            for part in parts:
                connection.sendall(part)
            connection.shutdown(socket.SHUT_WR)
            answer = b""
            while True:
                part = connection.recv(65536)
                if not part:
                    return answer
                answer += part

    def works(self):
        connection = self.connect()
        connection.request("POST", "/", READINGS, LENGTH)
        answer = connection.getresponse()
        self.assertEqual((200, 1), (answer.status, json.loads(answer.read())["labels"][0]["value"]))

    def test_a_connection_serves_many_requests(self):
        connection = self.connect()
        connection.connect()
        port = connection.sock.getsockname()
        for _ in range(100):
            connection.request("POST", "/", READINGS, LENGTH)
            self.assertEqual(200, connection.getresponse().read() and 200)
            self.assertEqual(port, connection.sock.getsockname())

    def test_requests_may_follow_each_other_without_waiting(self):
        head = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(READINGS)
        answer = self.raw((head + READINGS) * 3)
        self.assertEqual(3, answer.count(b"HTTP/1.1 200 OK"))

    def test_a_body_may_come_in_chunks(self):
        head = b"POST / HTTP/1.1\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
        chunks = b"".join(b"%x;x=y\r\n%s\r\n" % (len(part), part) for part in (READINGS[:9], READINGS[9:]))
        answer = self.raw(head, chunks + b"0\r\ntrailer: x\r\n\r\n")
        self.assertIn(b"HTTP/1.1 200 OK", answer)

    def test_large_bodies_pass(self):
        connection = self.connect()
        body = os.urandom(8 << 20)
        import base64

        text = json.dumps({"payload": {"type": "opaque", "opaque": base64.b64encode(body).decode()}})
        connection.request("POST", "/", text, LENGTH)
        self.assertEqual(8 << 20, json.loads(connection.getresponse().read())["labels"][0]["value"])

    def test_a_caller_that_asks_first_is_told_to_go_on(self):
        head = (
            b"POST / HTTP/1.1\r\ncontent-type: application/json\r\nexpect: 100-continue\r\n"
            b"connection: close\r\ncontent-length: %d\r\n\r\n" % len(READINGS)
        )
        with socket.create_connection((self.host, self.port), 10) as connection:
            connection.sendall(head)
            self.assertEqual(b"HTTP/1.1 100 Continue\r\n\r\n", connection.recv(1000))
            connection.sendall(READINGS)
            self.assertTrue(connection.recv(1000).startswith(b"HTTP/1.1 200 OK"))

    def test_garbage_is_refused_and_the_server_lives(self):
        for garbage in (
            b"\x00\x01\x02\xff\r\n\r\n",
            b"GET /\r\n\r\n",
            b"POST / HTTP/2.0\r\n\r\n",
            b"POST / HTTP/1.1\r\nno colon\r\n\r\n",
            b"POST / HTTP/1.1\r\nfolded: a\r\n b: c\r\n\r\n",
            b"POST / HTTP/1.1\r\ncontent-length: -5\r\n\r\n",
            b"POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
            b"POST / HTTP/1.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
            b"POST / HTTP/1.1\r\ntransfer-encoding: gzip\r\n\r\n",
            b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
            b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n-1\r\n",
        ):
            with self.subTest(garbage):
                self.assertIn(b"HTTP/1.1 400 Bad Request", self.raw(garbage))
        self.assertIn(b"HTTP/1.1 431", self.raw(b"POST / HTTP/1.1\r\n" + b"x" * 65530))
        for large in (b"999999999999", b"9" * 5000):
            self.assertIn(b"HTTP/1.1 413", self.raw(b"POST / HTTP/1.1\r\ncontent-length: " + large + b"\r\n\r\n"))
        self.works()

    def test_a_caller_that_leaves_in_the_middle_harms_nobody(self):
        self.assertEqual(b"", self.raw(b"POST / HTTP/1.1\r\ncontent-length: 10\r\n\r\nabc"))
        self.assertEqual(b"", self.raw(b"POST / HT"))
        self.assertEqual(b"", self.raw(b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab"))
        self.assertEqual(b"", self.raw())
        self.works()

    def test_what_runs_is_answered_before_the_end_and_what_rests_is_closed(self):
        self.release.clear()
        resting, working = self.connect(), self.connect()
        resting.request("GET", "/health")
        resting.getresponse().read()
        working.request("POST", "/", READINGS, LENGTH)
        self.assertTrue(self.blocked.wait(10))
        self.server.stop()
        self.accepting.join(10)
        drained = threading.Thread(target=self.server.drain)
        drained.start()
        self.assertEqual(b"", resting.sock.recv(10))
        self.assertTrue(drained.is_alive())
        self.release.set()
        answer = working.getresponse()
        self.assertEqual((200, "close"), (answer.status, answer.headers["connection"]))
        drained.join(10)
        self.assertFalse(drained.is_alive())
        with self.assertRaises(OSError):
            socket.create_connection((self.host, self.port), 10).close()


class Programmes(unittest.TestCase):
    SOURCE = """
        from dayu_stage import stage
        {prints}
        @stage(payload=["readings"], output="labels"{more})
        def count(element, params):
            return {{"n": len(element.payload)}}
        {end}
    """

    def start(self, *arguments, end="", more="", prints="", port="0"):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        file = Path(directory.name, "programme.py")
        file.write_text(textwrap.dedent(self.SOURCE).format(end=end, more=more, prints=prints))
        process = subprocess.Popen(
            [sys.executable, *arguments, str(file)],
            env={**os.environ, "PYTHONPATH": str(HERE), "DAYU_SERVICE_PORT": port},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(lambda: (process.kill(), process.communicate()))
        return process

    def serves(self, process):
        line = process.stderr.readline()
        self.assertIn("count listens at http://127.0.0.1:", line)
        connection = http.client.HTTPConnection("127.0.0.1", int(line.strip().rstrip("/").rpartition(":")[2]), timeout=10)
        self.addCleanup(connection.close)
        connection.request("POST", "/", READINGS, LENGTH)
        self.assertEqual(1, json.loads(connection.getresponse().read())["labels"][0]["value"])

    def ends(self, process, number):
        process.send_signal(number)
        self.assertEqual(0, process.wait(10))

    def test_a_function_serves_until_sigterm(self):
        process = self.start(end="count.serve()", prints="print('hello')")
        self.serves(process)
        self.assertEqual("hello\n", process.stdout.readline())
        self.ends(process, signal.SIGTERM)

    def test_a_file_with_a_function_alone_is_served_by_the_module(self):
        process = self.start("-m", "dayu_stage")
        self.serves(process)
        self.ends(process, signal.SIGINT)

    def test_an_authors_error_is_told_at_start(self):
        process = self.start("-m", "dayu_stage", more=', parameters={"limit": 3}')
        _, errors = process.communicate(timeout=10)
        self.assertEqual(1, process.returncode)
        self.assertEqual(
            "stage count:\n  parameter limit has no type; give it one of float, int, str, bool,"
            " as in Parameter(float, default=30), not 3\n",
            errors,
        )

    def test_a_port_that_is_taken_is_told(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            process = self.start(end="count.serve()", port=str(taken.getsockname()[1]))
            _, errors = process.communicate(timeout=10)
        self.assertEqual(1, process.returncode)
        self.assertIn("count cannot listen", errors)
        self.assertNotIn("Traceback", errors)

    def test_a_signal_that_comes_before_the_wait_ends_it(self):
        wake = Wake()
        self.addCleanup(wake.close)
        self.addCleanup(signal.signal, signal.SIGUSR1, signal.signal(signal.SIGUSR1, lambda *_: None))
        wake.at_signals()
        self.addCleanup(signal.set_wakeup_fd, -1)
        os.kill(os.getpid(), signal.SIGUSR1)
        wake.waited_for.settimeout(10)
        wake.wait()


if __name__ == "__main__":
    unittest.main()

"""Services over gRPC as nodes call them. Needs grpcio, so it is no part of the other tests: python3 -m unittest tests.over_grpc"""

import hashlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

import grpc

from dayu_stage import Failed, Labels, Skip, stage
from dayu_stage.grpc_server import SERVICE, GrpcServer, _bytes, _fields, _varint

HERE = Path(__file__).resolve().parent.parent
OPTIONS = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


def call(identity, body, kind="application/octet-stream", params="", deadline=10_000):
    """A Call, as a node writes it."""
    element = _bytes(1, b"pipe/numbers") + _varint(2, 7) + _varint(3, 2) + _varint(6, 1_714_564_800_250)
    content = _bytes(1, kind.encode()) + _bytes(2, body)
    return (
        _varint(1, identity)
        + _bytes(2, b"size")
        + _bytes(3, params.encode())
        + _varint(4, deadline)
        + _bytes(5, element)
        + _bytes(6, content)
    )


class Node:
    """The other end of a stream."""

    def __init__(self, test, address):
        self.channel = grpc.insecure_channel(address, OPTIONS)
        test.addCleanup(self.channel.close)
        self.credit = 0
        self.replies = {}

    def describe(self):
        said = self.channel.unary_unary(f"/{SERVICE}/Describe")(b"", timeout=20, wait_for_ready=True)
        return json.loads(dict(_fields(said))[1])

    def open(self):
        self._calls = queue.SimpleQueue()
        self._stream = self.channel.stream_stream(f"/{SERVICE}/Work")(
            iter(self._calls.get, None), wait_for_ready=True, timeout=60
        )
        return self

    def send(self, *calls):
        self.raw(b"".join(_bytes(1, each) for each in calls))

    def raw(self, message):
        self._calls.put(message)

    def next(self):
        """Takes one message of replies; false at the end of the stream."""
        try:
            message = next(self._stream)
        except StopIteration:
            return False
        for number, value in _fields(message):
            if number == 1:
                self.credit += value
            else:
                reply = dict(_fields(value))
                self.replies[reply.pop(1)] = reply
        return True

    def answers(self, *identities):
        while not all(each in self.replies for each in identities):
            if not self.next():
                raise AssertionError(f"the stream has ended with {self.replies}")
        return [self.replies[each] for each in identities]


class OverGrpc(unittest.TestCase):
    def serve(self, served, **environment):
        os.environ.update(environment)
        self.addCleanup(lambda: [os.environ.pop(name) for name in environment])
        server = GrpcServer(served)
        address = server.listen(None if environment else 0)
        self.addCleanup(server.drain)
        self.addCleanup(server.stop)
        return Node(self, address.replace("grpc://", ""))

    def test_it_describes_itself_and_takes_elements_ahead_of_their_turn(self):
        @stage(payload=["opaque"], output="labels", parallelism=2, parameters={"name": str})
        def size(element, params):
            """Counts bytes."""
            return Labels({params["name"]: len(element.payload)})

        node = self.serve(size)
        about = node.describe()
        self.assertEqual(("Counts bytes.", 2, 16), (about["description"], about["parallelism"], about["batch"]))
        node.open().next()
        self.assertEqual(32, node.credit)
        params = json.dumps({"name": "length"})
        node.send(*(call(each, b"x" * each, params=params) for each in range(1, 4)))
        for each, reply in zip((1, 2, 3), node.answers(1, 2, 3)):
            body = dict(_fields(reply[5]))
            self.assertEqual(b"application/json", body[1])
            self.assertEqual([{"name": "length", "value": each}], json.loads(body[2])["labels"])
        self.assertEqual(32 + 3, node.credit)

    def test_a_function_is_told_which_element_it_is(self):
        seen = []

        @stage(payload=["opaque"], output="opaque")
        def echo(element):
            seen.append(element)
            return bytes(element.payload)

        node = self.serve(echo).open()
        node.send(call(1, b"abc"))
        body = dict(_fields(node.answers(1)[0][5]))
        self.assertEqual((b"application/octet-stream", b"abc"), (body[1], body[2]))
        told = seen[0]
        self.assertEqual(
            ("pipe/numbers", 7, 2, "size", "2024-05-01T12:00:00.250Z"),
            (told.stream, told.seq, told.attempt, told.stage, told.created_at),
        )
        self.assertTrue(0 < told.seconds_left() <= 10)

    def test_a_side_input_is_seen_by_the_calls_that_name_it(self):
        seen = []

        @stage(payload=["opaque"], output="labels")
        def limited(element):
            seen.append(element.side)
            return Labels({"n": 1})

        limits = json.dumps({"most": 3}).encode()
        digest = hashlib.sha256(limits).digest()
        named = _bytes(7, _bytes(1, b"limits") + _bytes(2, digest))
        node = self.serve(limited).open()
        node.send(call(1, b"x") + named)
        self.assertEqual(1, dict(_fields(node.answers(1)[0][4]))[2], "it was not given yet: tried again")
        # Protobuf writes what was added later behind what was there before.
        node.raw(_bytes(1, call(2, b"x") + named) + _bytes(2, _bytes(1, digest) + _bytes(2, limits)))
        node.send(call(3, b"x") + named, call(4, b"x"))
        node.answers(2, 3, 4)
        self.assertEqual([{"limits": {"most": 3}}, {"limits": {"most": 3}}, {}], seen)

    def test_named_inputs_are_read_by_their_names(self):
        seen = []

        @stage(inputs={"vehicles": "labels"}, output="labels")
        def risk(element):
            seen.append((list(element.inputs), list(element.outputs)))
            return Labels({"n": 1})

        node = self.serve(risk).open()
        cars = {"inputs": {"vehicles": {"type": "labels", "labels": [{"name": "car", "value": 1}]}}}
        node.send(call(1, json.dumps(cars).encode(), "application/json"))
        self.assertIn(5, node.answers(1)[0])
        self.assertEqual([(["vehicles"], [])], seen)

    def test_every_outcome_travels(self):
        @stage(payload=["opaque"], output="labels")
        def choose(element):
            word = bytes(element.payload).decode()
            if word == "skip":
                return Skip("nothing moves")
            if word == "never":
                raise Failed("too dark")
            if word == "wait":
                raise Failed("warming up", retryable=True, after=0.5)
            raise ValueError("a defect")

        node = self.serve(choose).open()
        words = [b"skip", b"never", b"wait", b"defect"]
        node.send(*(call(1 + at, word) for at, word in enumerate(words)))
        node.send(call(5, b"{", "application/json"))
        skip, never, wait, defect, json_ = node.answers(1, 2, 3, 4, 5)
        self.assertEqual({3: b"nothing moves"}, skip)
        self.assertEqual({1: b"too dark", 2: 0}, dict(_fields(never[4])))
        self.assertEqual({1: b"warming up", 2: 1, 3: 500}, dict(_fields(wait[4])))
        self.assertEqual({1: b"ValueError: a defect", 2: 1}, dict(_fields(defect[4])))
        self.assertIn(b"this is no JSON", dict(_fields(json_[4]))[1])

    def test_a_body_of_another_content_type_is_refused(self):
        @stage(payload=["readings"], output="labels")
        def count(element):
            return Labels({"n": len(element.payload)})

        node = self.serve(count).open()
        node.send(call(1, b"x", "text/html"))
        self.assertIn(b"text/html is not one of", dict(_fields(node.answers(1)[0][4]))[1])

    def test_eight_megabytes_pass(self):
        @stage(payload=["opaque"], output="opaque")
        def echo(element):
            return bytes(element.payload)

        node = self.serve(echo).open()
        large = b"x" * 8_000_000
        node.send(call(1, large))
        self.assertEqual(large, dict(_fields(node.answers(1)[0][5]))[2])

    def test_as_many_run_at_once_as_it_says(self):
        meet = threading.Barrier(3)

        @stage(payload=["opaque"], output="labels", parallelism=3)
        def together(element):
            meet.wait(20)
            return Labels({"n": 1})

        node = self.serve(together).open()
        node.send(*(call(each, b"x") for each in range(1, 7)))
        for reply in node.answers(*range(1, 7)):
            self.assertIn(5, reply)

    def test_what_is_no_message_breaks_off_its_stream_and_no_other(self):
        @stage(payload=["opaque"], output="labels")
        def count(element):
            return Labels({"n": len(element.payload)})

        node = self.serve(count).open()
        node.raw(b"\x0f\xff")
        while node.next():
            pass
        node.open().send(call(1, b"x"))
        self.assertIn(5, node.answers(1)[0])

    def test_it_listens_at_the_socket_of_its_node(self):
        @stage(payload=["opaque"], output="labels")
        def count(element):
            return Labels({"n": len(element.payload)})

        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "socket")
            node = self.serve(count, DAYU_SERVICE_SOCKET=path).open()
            node.send(call(1, b"x"))
            self.assertIn(5, node.answers(1)[0])
            self.doCleanups()

    def test_sigterm_lets_calls_end_and_ends_the_stream(self):
        with tempfile.TemporaryDirectory() as directory:
            path, begun, go = (os.path.join(directory, name) for name in ("socket", "begun", "go"))
            os.mkfifo(begun)
            os.mkfifo(go)
            program = (
                "from dayu_stage import Labels, stage\n"
                "@stage(payload=['opaque'], output='labels')\n"
                "def slow(element):\n"
                f"    open({begun!r}, 'w').close()\n"
                f"    open({go!r}).close()\n"
                "    return Labels({'n': 1})\n"
                "slow.serve()\n"
            )
            environment = {
                **os.environ,
                "PYTHONPATH": str(HERE),
                "DAYU_SERVICE_TRANSPORT": "grpc",
                "DAYU_SERVICE_SOCKET": path,
            }
            with subprocess.Popen([sys.executable, "-c", program], env=environment, stderr=subprocess.PIPE) as process:
                self.addCleanup(process.kill)
                node = Node(self, "unix:" + path)
                node.describe()
                node.open().send(call(1, b"x"))
                open(begun).close()
                process.send_signal(signal.SIGTERM)
                open(go, "w").close()
                self.assertIn(5, node.answers(1)[0])
                while node.next():
                    pass
                self.assertEqual(0, process.wait(20), process.stderr.read())

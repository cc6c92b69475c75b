"""What a stage's author is told, and what becomes of answers; no socket is open here."""

import base64
import hashlib
import io
import json
import struct
import threading
import time
import unittest
import wave
from datetime import datetime, timezone

from dayu_stage import (
    Audio,
    Box,
    Boxes,
    Element,
    Failed,
    Frames,
    Input,
    Label,
    Labels,
    Opaque,
    Parameter,
    Reading,
    Readings,
    Skip,
    StageError,
    Text,
    stage,
)
from dayu_stage.server import Request

JPEG = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x0b\x08" + struct.pack(">HH", 48, 64) + b"\x01\x01\x11\x00\xff\xd9"
READINGS = {"type": "readings", "readings": [{"sensor": "oven", "at": "2026-01-01T12:00:00.250Z", "value": 31.5, "unit": "C"}]}
HEADERS = {
    "content-type": "application/json",
    "ce-specversion": "1.0",
    "ce-type": "io.dayu.element.v1",
    "ce-source": "/pipelines/plant%20a/oven%2F1",
    "ce-id": "7.2",
    "ce-subject": "count",
    "ce-time": "2026-01-01T12:00:00Z",
    "ce-dayuseq": "7",
    "ce-dayuattempt": "2",
    "ce-dayudeadline": "5000",
}


def post(made, body, **headers):
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    named = {**HEADERS, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return made.answer(Request("POST", "/", named, body))


def reading_stage(function, output="labels", **more):
    return stage(payload=["readings"], output=output, **more)(function)


class Author(unittest.TestCase):
    def wrong(self, *expected, function=lambda element, params: None, **given):
        with self.assertRaises(StageError) as caught:
            stage(**given)(function)
        for each in expected:
            self.assertIn(each, str(caught.exception))

    def test_all_that_is_wrong_is_told_at_once(self):
        self.wrong(
            "payload: there is no media type 'reading'; use frames, boxes",
            "output: say what it gives",
            "parameter limit has no type",
            "parallelism is 0",
            payload=["reading"],
            parameters={"limit": None},
            parallelism=0,
        )

    def test_a_stage_reads_something(self):
        self.wrong("it reads nothing", output="labels")

    def test_a_default_is_of_the_parameters_type(self):
        self.wrong(
            "parameter limit has a default that is 'much', not of type number",
            payload="readings",
            output="labels",
            parameters={"limit": Parameter(float, default="much")},
        )

    def test_the_function_takes_an_element_and_its_parameters(self):
        self.wrong("takes 3 arguments", function=lambda a, b, c: None, payload="readings", output="labels")
        self.wrong(
            "does not take its parameters",
            function=lambda element: None,
            payload="readings",
            output="labels",
            parameters={"limit": float},
        )

        async def later(element, params):
            return None

        self.wrong("async", function=later, payload="readings", output="labels")

    def test_the_description_comes_from_the_decorator(self):
        @stage(
            payload=["readings"],
            output="labels",
            parallelism=4,
            batch=16,
            parameters={"limit": Parameter(float, 30, "in the unit of the readings"), "name": str},
        )
        def count_above(element, params):
            """Counts readings above a limit.

            More.
            """

        answer = count_above.answer(Request("GET", "/.well-known/dayu-stage", {}, b""))
        self.assertEqual((200, "application/json"), (answer.status, answer.content_type))
        self.assertEqual(
            {
                "apiVersion": "dayu.io/v1alpha1",
                "version": "1",
                "description": "Counts readings above a limit.",
                "payload": ["readings"],
                "inputs": [],
                "output": "labels",
                "accepts": ["application/json"],
                "parallelism": 4,
                "memoryMb": 64,
                "batch": 16,
                "parameters": {
                    "type": "object",
                    "properties": {
                        "limit": {"type": "number", "description": "in the unit of the readings", "default": 30},
                        "name": {"type": "string"},
                    },
                    "required": ["name"],
                },
            },
            json.loads(answer.body),
        )
        self.assertEqual(200, count_above.answer(Request("GET", "/health", {}, b"")).status)

    def test_a_stage_can_be_called_like_its_function(self):
        made = reading_stage(lambda element, params: params["limit"], parameters={"limit": float})
        self.assertEqual(3, made(Element(), {"limit": 3}))


class Answers(unittest.TestCase):
    def test_an_element_has_what_the_request_tells(self):
        seen = []
        made = stage(payload="readings", inputs="boxes", output="labels")(
            lambda element, params: seen.append(element) or Labels({"n": 1})
        )
        boxes = {"type": "boxes", "boxes": [{"x": 0.1, "y": 0.2, "width": 0.3, "height": 0.4, "label": "car", "score": 0.9}]}
        answer = post(made, {"payload": READINGS, "outputs": {"detect": boxes}})
        self.assertEqual(200, answer.status, answer.body)
        element = seen[0]
        self.assertEqual(
            ("plant a/oven/1", "count", 7, 2, "2026-01-01T12:00:00Z"),
            (element.stream, element.stage, element.seq, element.attempt, element.created_at),
        )
        self.assertEqual(
            (Reading("oven", datetime(2026, 1, 1, 12, 0, 0, 250000, timezone.utc), 31.5, "C"),), element.payload
        )
        self.assertEqual((Box(0.1, 0.2, 0.3, 0.4, "car", 0.9, 0, 0),), element.outputs["detect"])
        self.assertGreater(element.seconds_left(), 4)
        self.assertLessEqual(element.seconds_left(), 5)

    def test_media_of_every_type_come_back_as_they_went(self):
        media = [
            READINGS,
            {"type": "labels", "labels": [{"name": "a", "value": 1.0}, {"name": "a", "value": 2.5}]},
            {"type": "text", "text": ["one", "zwölf"]},
            {
                "type": "boxes",
                "boxes": [
                    {"x": 0.5, "y": 0.25, "width": 0.125, "height": 1.0, "label": "", "score": 0.5, "track": 3, "frame": 1}
                ],
            },
            {
                "type": "frames",
                "fps": 10.0,
                "frames": [{"jpeg": base64.b64encode(JPEG).decode(), "width": 64, "height": 48, "offsetMs": 100}],
            },
            {
                "type": "tracks",
                "tracks": [{"id": 3, "label": "car", "points": [{"x": 0.5, "y": 0.25, "offsetMs": 40}]}],
            },
            {
                "type": "keypoints",
                "keypoints": [
                    {
                        "points": [{"name": "nose", "x": 0.5, "y": 0.25, "score": 0.5}],
                        "label": "person",
                        "score": 0.5,
                        "track": 3,
                        "frame": 1,
                    }
                ],
                "bones": [["nose", "left_eye"]],
            },
            {
                "type": "masks",
                "masks": [
                    {
                        "x": 0.5,
                        "y": 0.25,
                        "width": 0.125,
                        "height": 1.0,
                        "columns": 3,
                        "rows": 2,
                        "runs": [1, 2, 3],
                        "label": "person",
                        "score": 0.5,
                        "track": 3,
                        "frame": 1,
                    }
                ],
            },
            {
                "type": "regions",
                "regions": [
                    {
                        "corners": [[0.0, 0.0], [1.0, 0.0], [1.0, 0.5]],
                        "text": "Stra\u00dfe",
                        "score": 0.5,
                        "track": 3,
                        "frame": 1,
                    }
                ],
            },
            {
                "type": "attributes",
                "attributes": [
                    {"name": "plate", "value": "M AB 123", "score": 0.5, "of": "detect", "track": 3, "box": 0},
                    {"name": "weather", "value": "rain", "score": 0.0, "of": "", "track": 0},
                ],
            },
            {
                "type": "audio",
                "audio": {"data": "AQACAA==", "sampleRate": 8000, "channels": 1, "offsetMs": 40},
            },
            {
                "type": "audio",
                "audio": {
                    "data": "SUQz",
                    "sampleRate": 0,
                    "channels": 2,
                    "offsetMs": 0,
                    "contentType": "audio/mpeg",
                },
            },
        ]
        for each in media:
            with self.subTest(each["type"]):
                made = stage(payload=[each["type"]], output=each["type"])(lambda element, params: element.payload)
                answer = post(made, {"payload": each})
                self.assertEqual((200, "application/json"), (answer.status, answer.content_type), answer.body)
                self.assertEqual(each, json.loads(answer.body))

    def test_plain_values_become_the_declared_type(self):
        now = datetime(2026, 1, 1, tzinfo=timezone.utc)
        for output, given, expected in (
            ("labels", {"a": 1}, Labels([Label("a", 1)])),
            ("labels", [("a", 1)], Labels([Label("a", 1)])),
            ("text", "one\ntwo", Text(["one", "two"])),
            ("text", ["one"], Text(["one"])),
            ("boxes", [Box(0, 0, 1, 1)], Boxes([Box(0, 0, 1, 1)])),
            ("readings", [Reading("s", now, 2)], Readings([Reading("s", now, 2)])),
        ):
            with self.subTest(output=output, given=given):
                answer = post(reading_stage(lambda element, params: given, output), {"payload": READINGS})
                self.assertEqual(expected.to_json(), json.loads(answer.body))

    def test_opaque_bytes_and_single_pictures_travel_as_they_are(self):
        made = stage(payload="opaque", output="opaque")(lambda element, params: element.payload[::-1])
        answer = post(made, b"abc", content_type="application/octet-stream")
        self.assertEqual((200, "application/octet-stream", b"cba"), (answer.status, answer.content_type, answer.body))
        made = stage(payload="frames", output="frames")(lambda element, params: element.frame)
        answer = post(made, JPEG, content_type="image/jpeg")
        self.assertEqual((200, "image/jpeg", JPEG), (answer.status, answer.content_type, answer.body))
        self.assertEqual(["image/jpeg", "application/json"], made.accepts)

    def test_bytes_keep_the_type_that_their_source_told(self):
        made = stage(payload="opaque", output="opaque")(lambda element, params: element.payload)
        answer = post(made, b"abc", content_type="application/pdf")
        self.assertEqual((200, "application/pdf", b"abc"), (answer.status, answer.content_type, answer.body))
        # This one would be read as media.
        made = stage(payload="opaque", output="opaque")(lambda element, params: Opaque(b"{}", "application/json"))
        self.assertEqual("application/octet-stream", post(made, b"abc", content_type="application/pdf").content_type)

    def test_sound_is_read_from_a_wav_file(self):
        file = io.BytesIO()
        with wave.open(file, "wb") as written:
            written.setnchannels(1)
            written.setsampwidth(2)
            written.setframerate(8000)
            written.writeframes(b"\1\0\2\0")
        made = stage(payload="audio", output="audio")(lambda element, params: element.payload)
        self.assertEqual(["audio/wav", "application/json"], made.accepts)
        answer = post(made, file.getvalue(), content_type="audio/wav")
        self.assertEqual(Audio(b"\1\0\2\0", 8000).to_json(), json.loads(answer.body))
        for bad in (b"", b"RIFF", file.getvalue()[:30]):
            self.assertEqual(400, post(made, bad, content_type="audio/wav").status)

    def test_the_size_of_a_picture_is_read_from_it(self):
        seen = []
        made = stage(payload="frames", output="labels")(lambda element, params: seen.append(element.payload) or {})
        self.assertEqual(200, post(made, JPEG, content_type="image/jpeg").status)
        self.assertEqual((64, 48), (seen[0][0].width, seen[0][0].height))

    def test_a_clip_fails_where_one_frame_is_wanted(self):
        made = stage(payload="frames", output="frames")(lambda element, params: element.frame)
        answer = post(made, {"payload": Frames([JPEG, JPEG], 10).to_json()})
        self.assertEqual((422, b"the element has 2 frames, and this stage takes one"), (answer.status, answer.body))

    def test_a_skip_says_why(self):
        answer = post(reading_stage(lambda element, params: Skip("zu kalt:\n\u2744")), {"payload": READINGS})
        self.assertEqual((204, b"", (("dayu-reason", "zu kalt: \\u2744"),)), (answer.status, answer.body, answer.headers))

    def failing(self, error):
        def fail(element, params):
            raise error

        return post(reading_stage(fail), {"payload": READINGS})

    def test_a_failure_is_for_good_unless_it_says_otherwise(self):
        answer = self.failing(Failed("no such zone: süd"))
        self.assertEqual((422, "no such zone: süd"), (answer.status, answer.body.decode()))
        answer = self.failing(Failed("the model loads", retryable=True, after=2.5))
        self.assertEqual((503, (("retry-after", "3"),)), (answer.status, answer.headers))

    def test_any_other_exception_is_tried_again(self):
        with quiet():
            answer = self.failing(ValueError("odd"))
        self.assertEqual((500, b"ValueError: odd"), (answer.status, answer.body))

    def test_an_answer_of_another_type_is_told(self):
        for given, words in (
            (None, b"returned None, not labels and not Skip"),
            (Text("x"), b"returned text, and the stage declares labels"),
            (7, b"returned int, which is no labels"),
            ({"a": float("nan")}, b"nan is no number"),
        ):
            with self.subTest(given=given), quiet():
                answer = post(reading_stage(lambda element, params: given), {"payload": READINGS})
                self.assertEqual(500, answer.status)
                self.assertIn(words, answer.body)

    def test_parameters_are_read_by_their_types(self):
        made = reading_stage(
            lambda element, params: Text(repr(dict(params))),
            "text",
            parameters={"limit": float, "n": Parameter(int, 3), "on": bool, "name": Parameter(str, None)},
        )
        answer = post(made, {"payload": READINGS}, ce_dayuparams='{"limit": 30, "on": true, "other": 1}')
        self.assertEqual(["{'limit': 30.0, 'n': 3, 'on': True, 'name': None}"], json.loads(answer.body)["text"])
        for params, words in (
            ("{}", b"limit is missing"),
            ('{"limit": "x", "on": true}', b"limit is 'x', not of type number"),
            ('{"limit": 1, "on": 1}', b"on is 1, not of type boolean"),
            ('{"limit": 1, "on": true, "n": 1.5}', b"n is 1.5, not of type integer"),
            ("[1]", b"JSON object"),
            ("{", b"parameters:"),
            ("[" * 60000, b"parameters:"),
        ):
            with self.subTest(params=params[:20]):
                answer = post(made, {"payload": READINGS}, ce_dayuparams=params)
                self.assertEqual(400, answer.status)
                self.assertIn(words, answer.body)

    def test_named_inputs_come_by_their_names(self):
        seen = []
        made = stage(inputs={"vehicles": ["boxes"], "lights": Input("labels", required=False)}, output="labels")(
            lambda element: seen.append(element) or Labels({"n": 1})
        )
        self.assertEqual(
            {"vehicles": ["boxes"], "lights": {"types": ["labels"], "required": False}}, made.describe()["inputs"]
        )
        boxes = {"type": "boxes", "boxes": []}
        labels = {"type": "labels", "labels": [{"name": "red", "value": 1}]}
        self.assertEqual(200, post(made, {"inputs": {"vehicles": boxes, "lights": labels}}).status)
        self.assertEqual(200, post(made, {"inputs": {"vehicles": boxes}}).status)
        self.assertEqual(
            [["lights", "vehicles"], ["vehicles"]], [sorted(element.inputs) for element in seen]
        )
        self.assertEqual(("red", {}), (seen[0].inputs["lights"][0].name, seen[0].outputs))
        for body, words in (
            ({"inputs": {"lights": labels}}, b"no input vehicles; this stage reads boxes there"),
            ({"outputs": {"vehicles": boxes}}, b"no input vehicles"),
            ({"inputs": {"vehicles": labels}}, b"the input vehicles is labels"),
            ({"inputs": [1]}, b"inputs are a JSON object by name"),
        ):
            with self.subTest(body=str(body)[:60]):
                answer = post(made, body)
                self.assertEqual(400, answer.status, answer.body)
                self.assertIn(words, answer.body)
        with self.assertRaisesRegex(StageError, "(?s)'sound'.*'a b' is no name.*lights has no media type"):
            stage(inputs={"a b": "boxes", "lights": [], "x": "sound"}, output="labels")(lambda element: {})

    def test_what_cannot_be_read_is_refused_for_good(self):
        made = stage(payload="readings", inputs="boxes", output="labels")(lambda element, params: {})
        for body, words in (
            (b"{", b"no JSON"),
            (b"\xff\xfe\x00", b"no JSON"),
            (b"[" * 100000, b"no JSON"),
            ([], b"JSON object"),
            ({}, b"no payload; this stage reads readings"),
            ({"payload": {"type": "labels", "labels": []}}, b"the payload is labels"),
            ({"payload": READINGS}, b"no output that this stage reads: boxes"),
            ({"payload": READINGS, "outputs": [1]}, b"outputs are"),
            ({"payload": {"type": "readings", "readings": [{"at": "2026-01-01T00:00:00Z"}]}}, b"value is missing"),
            ({"payload": {"type": "readings", "readings": [{"at": "soon", "value": 1}]}}, b"payload: readings:"),
            ({"payload": {"type": "readings", "readings": 5}}, b"no list"),
            ({"payload": {"type": "sound"}}, b"has the type 'sound'"),
            ({"payload": {"type": []}}, b"has the type"),
        ):
            with self.subTest(body=str(body)[:60]):
                answer = post(made, body)
                self.assertEqual(400, answer.status, answer.body)
                self.assertIn(words, answer.body)
        self.assertEqual(415, post(made, b"x", content_type="text/html").status)
        self.assertEqual(415, post(made, b"x", content_type="").status)
        picture = stage(payload="frames", output="labels")(lambda element, params: {})
        for body in (b"", b"GIF89a", JPEG[:10], b"\xff\xd8" + b"\xff" * 100):
            self.assertEqual(400, post(picture, body, content_type="image/jpeg").status)
        for name in ("ce_dayuseq", "ce_dayuattempt", "ce_dayudeadline"):
            self.assertEqual(400, post(made, {}, **{name: "x"}).status)

    def test_other_paths_and_methods_are_refused(self):
        made = reading_stage(lambda element, params: {})
        for method, path, status in (
            ("GET", "/", 405),
            ("POST", "/other", 404),
            ("POST", "/health", 405),
            ("DELETE", "/.well-known/dayu-stage", 405),
        ):
            self.assertEqual(status, made.answer(Request(method, path, {}, b"")).status)

    def test_a_batch_is_answered_one_by_one(self):
        def some(element, params):
            value = element.payload[0].value
            if value == 1:
                return Skip("one")
            if value == 2:
                raise Failed("two")
            if value == 3:
                raise Failed("three", retryable=True)
            return {"seq": element.seq, "limit": params["limit"]}

        made = reading_stage(some, batch=8, parameters={"limit": float})

        def event(number, **more):
            reading = {"sensor": "s", "at": "2026-01-01T00:00:00Z", "value": number}
            return {
                "specversion": "1.0",
                "id": f"{number}.1",
                "source": "/pipelines/p/s",
                "type": "io.dayu.element.v1",
                "dayuseq": number,
                "dayuparams": '{"limit": 2}',
                "datacontenttype": "application/json",
                "data": {"payload": {"type": "readings", "readings": [reading]}},
                **more,
            }

        events = [event(number) for number in range(4)] + [event(4, data=None), event(5, dayuparams="{}")]
        answer = post(made, events, content_type="application/cloudevents-batch+json; charset=utf-8")
        self.assertEqual(
            [
                {
                    "id": "0.1",
                    "output": {
                        "type": "labels",
                        "labels": [{"name": "seq", "value": 0}, {"name": "limit", "value": 2}],
                    },
                },
                {"id": "1.1", "skip": "one"},
                {"id": "2.1", "failed": "two", "retryable": False},
                {"id": "3.1", "failed": "three", "retryable": True},
                {
                    "id": "4.1",
                    "failed": 'an element is a JSON object {"payload": ..., "outputs": {...}}',
                    "retryable": False,
                },
                {"id": "5.1", "failed": "parameters: limit is missing", "retryable": False},
            ],
            json.loads(answer.body),
        )
        for bad in ({}, [1], [{"id": 5}]):
            self.assertEqual(400, post(made, bad, content_type="application/cloudevents-batch+json").status)

    def test_bytes_in_a_batch_are_base64(self):
        made = stage(payload="opaque", output="opaque", batch=2)(lambda element, params: element.payload)
        event = {"id": "1.1", "datacontenttype": "application/octet-stream", "data_base64": "YWJj"}
        answer = post(made, [event], content_type="application/cloudevents-batch+json")
        self.assertEqual([{"id": "1.1", "output": Opaque(b"abc").to_json()}], json.loads(answer.body))

    def test_no_more_calls_run_at_once_than_the_stage_says(self):
        inside, release = threading.Event(), threading.Event()

        def wait(element, params):
            inside.set()
            release.wait(10)
            return {}

        made = reading_stage(wait)
        first = threading.Thread(target=post, args=(made, {"payload": READINGS}))
        first.start()
        self.assertTrue(inside.wait(10))
        began = time.monotonic()
        answer = post(made, {"payload": READINGS}, ce_dayudeadline="50")
        self.assertEqual(500, answer.status)
        self.assertIn(b"busy with other calls", answer.body)
        self.assertGreaterEqual(time.monotonic() - began, 0.05)
        release.set()
        first.join(10)
        self.assertEqual(200, post(made, {"payload": READINGS}).status)


class quiet:
    """Keeps the trace of an expected exception out of the report."""

    def __enter__(self):
        import contextlib
        import io

        self.redirected = contextlib.redirect_stderr(io.StringIO())
        self.redirected.__enter__()

    def __exit__(self, *error):
        return self.redirected.__exit__(*error)


class SideInputs(unittest.TestCase):
    """What a node gives besides the elements."""

    LIMITS = json.dumps({"most": 3}).encode()
    DIGEST = hashlib.sha256(LIMITS).hexdigest()

    def setUp(self):
        self.seen = []
        self.made = reading_stage(lambda element: self.seen.append(element.side) or Skip())

    def give(self, digest, body, method="PUT"):
        return self.made.answer(Request(method, "/side/" + digest, {}, body))

    def test_a_value_that_was_given_is_seen_under_its_name(self):
        self.assertEqual(self.give(self.DIGEST, self.LIMITS).status, 204)
        answer = post(self.made, {"payload": READINGS}, ce_dayuside=f"limits={self.DIGEST}")
        self.assertEqual(answer.status, 204)
        self.assertEqual(self.seen, [{"limits": {"most": 3}}])

    def test_an_element_without_side_inputs_has_none(self):
        post(self.made, {"payload": READINGS})
        self.assertEqual(self.seen, [{}])

    def test_a_value_that_is_not_here_is_asked_for(self):
        answer = post(self.made, {"payload": READINGS}, ce_dayuside=f"limits={self.DIGEST}")
        self.assertEqual(answer.status, 428)
        event = {"id": "1.1", "data": {"payload": READINGS}}
        batch = [event, {**event, "id": "2.1", "dayuside": f"limits={self.DIGEST}"}]
        kind = "application/cloudevents-batch+json"
        self.assertEqual(post(self.made, batch, content_type=kind).status, 428)
        self.assertEqual(self.seen, [], "no element of the batch was worked on")
        self.give(self.DIGEST, self.LIMITS)
        self.assertEqual(post(self.made, batch, content_type=kind).status, 200)
        self.assertEqual(self.seen, [{}, {"limits": {"most": 3}}])

    def test_what_is_no_value_is_refused(self):
        self.assertEqual(self.give("0" * 64, self.LIMITS).status, 400)
        self.assertEqual(self.give(hashlib.sha256(b"{").hexdigest(), b"{").status, 400)
        self.assertEqual(self.give(self.DIGEST, b"", method="GET").status, 405)
        for bad in ("limits", "limits=1", "=" + self.DIGEST):
            self.assertEqual(post(self.made, {"payload": READINGS}, ce_dayuside=bad).status, 400)

    def test_the_last_64_are_kept(self):
        values = [str(number).encode() for number in range(300)]
        digests = [hashlib.sha256(value).hexdigest() for value in values]
        for digest, value in zip(digests, values):
            self.give(digest, value)
        for digest in digests[-64:]:
            answer = post(self.made, {"payload": READINGS}, ce_dayuside=f"limits={digest}")
            self.assertEqual(answer.status, 204)
        self.assertEqual(post(self.made, {"payload": READINGS}, ce_dayuside=f"limits={digests[0]}").status, 428)



if __name__ == "__main__":
    unittest.main()

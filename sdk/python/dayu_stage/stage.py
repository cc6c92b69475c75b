"""The decorator, and how a request becomes a call of the function and its answer."""

import inspect
import json
import math
import os
import re
import sys
import threading
import time
import traceback
from functools import lru_cache
from types import MappingProxyType
from urllib.parse import unquote

from . import media
from .media import Frames, Opaque
from .server import Answer, Server
from .side import Missing, Sides, digests

_JSON_TYPES = {float: "number", int: "integer", str: "string", bool: "boolean"}
_REQUIRED = object()
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,62}")
_DEADLINE_S = 3600.0  # of requests that tell none, such as those of a person with curl


class StageError(Exception):
    """What is wrong with a stage as its author wrote it; raised when the programme starts."""


class Skip:
    """An answer: the element is filtered out, no further stage works on it."""

    def __init__(self, reason="skipped by the service"):
        self.reason = str(reason)


class Failed(Exception):
    """Raised by a stage's function that cannot do its work.

    The element fails for good, unless ``retryable``: then it is tried again, after ``after`` seconds if that is given.
    """

    def __init__(self, reason, retryable=False, after=None):
        super().__init__(reason)
        self.reason = str(reason)
        self.retryable = retryable
        self.after = after


class Parameter:
    """A parameter of a stage: required, unless it has a default (``None``: the stage does without it)."""

    def __init__(self, type, default=_REQUIRED, description=""):
        self.type = type
        self.default = default
        self.description = description

    @property
    def required(self):
        return self.default is _REQUIRED

    def problem(self):
        """What its author has to change, or None."""
        if not isinstance(self.type, type) or self.type not in _JSON_TYPES:
            return f"has no type; give it one of float, int, str, bool, as in Parameter(float, default=30), not {self.type!r}"
        if not self.required and self.default is not None:
            try:
                self.read(self.default)
            except ValueError as e:
                return f"has a default that {e}"
        return None

    def read(self, value):
        """A value as its type; ``ValueError`` if it is of another one."""
        word = _JSON_TYPES[self.type]
        if isinstance(value, bool):
            fits = self.type is bool
        elif self.type is str:
            fits = isinstance(value, str)
        else:
            fits = isinstance(value, (int, float)) and math.isfinite(value) and self.type is not bool
            fits = fits and (self.type is float or value == int(value))
        if not fits:
            raise ValueError(f"is {value!r}, not of type {word}")
        return self.type(value)

    def schema(self):
        schema = {"type": _JSON_TYPES[self.type]}
        if self.description:
            schema["description"] = self.description
        if not self.required and self.default is not None:
            schema["default"] = self.default
        return schema


class Input:
    """A named input of a stage: the types that it may have, and whether every pipeline has to give it."""

    def __init__(self, types, required=True):
        self.types = _words(types)
        self.required = required


class Element:
    """One element on its way through a pipeline.

    ``payload`` is what the source read (``None`` if the stage reads only outputs), ``outputs`` what earlier stages gave,
    by their names, ``inputs`` the same by the names of a stage that has named inputs; an optional one may be missing.
    ``side`` has the side inputs that the pipeline names for the stage, as JSON is read: ``element.side["limits"]``. All
    stages see the same version in one attempt of an element. The values are shared by calls: do not change them.
    ``seq`` is its number in the stream, ``attempt`` 1 for its first sending. ``deadline`` is the moment
    of ``time.monotonic()`` at which nobody waits for the answer any more.
    """

    __slots__ = ("payload", "inputs", "outputs", "stream", "stage", "seq", "attempt", "created_at", "deadline", "side")

    def __init__(
        self,
        payload=None,
        outputs=None,
        stream="",
        stage="",
        seq=0,
        attempt=1,
        created_at="",
        deadline=math.inf,
        inputs=None,
        side=None,
    ):
        self.payload = payload
        self.inputs = inputs if inputs is not None else {}
        self.outputs = outputs if outputs is not None else {}
        self.stream = stream
        self.stage = stage
        self.seq = seq
        self.attempt = attempt
        self.created_at = created_at
        self.deadline = deadline
        self.side = side if side is not None else {}

    @property
    def frame(self):
        """The JPEG file of the one frame; an element of several frames fails."""
        if not isinstance(self.payload, Frames):
            raise Failed("the element has no frame")
        if len(self.payload) != 1:
            raise Failed(f"the element has {len(self.payload)} frames, and this stage takes one")
        return self.payload[0].jpeg

    def seconds_left(self):
        """Seconds until the deadline, negative behind it."""
        return self.deadline - time.monotonic()


def stage(
    payload=(),
    inputs=(),
    output=None,
    parameters=None,
    version="1",
    description=None,
    parallelism=1,
    batch=1,
    memory_mb=64,
):
    """Makes a stage of a function ``f(element, params)`` (or ``f(element)``).

    ``payload`` and ``inputs`` are the types it reads of the payload and of earlier outputs, ``output`` the type that it
    gives: frames, boxes, labels, text, readings or opaque. ``inputs`` may also be a dict of named inputs, as in
    ``{"vehicles": "boxes", "lights": Input("labels", required=False)}``: a pipeline says which stage gives each, and the
    function reads ``element.inputs["vehicles"]``. ``parameters`` maps names to float, int, str, bool or a
    ``Parameter``. At most ``parallelism`` calls run at once, each in a thread of its own. ``batch`` elements may come in
    one request; the function gets them one by one.

    Raises ``StageError`` with all that is wrong.
    """

    def decorate(function):
        return Stage(
            function, payload, inputs, output, parameters, version, description, parallelism, batch, memory_mb
        )

    return decorate


class Stage:
    """A function with what is known of it. It can be called like the function, as tests do."""

    def __init__(
        self, function, payload, inputs, output, parameters, version, description, parallelism, batch, memory_mb
    ):
        self.function = function
        self.__doc__ = function.__doc__
        self.__name__ = getattr(function, "__name__", "stage")
        self.name = self.__name__.replace("_", "-")
        self.payload = _words(payload)
        self.named = (
            {name: each if isinstance(each, Input) else Input(each) for name, each in inputs.items()}
            if isinstance(inputs, dict)
            else {}
        )
        self.inputs = (
            tuple(dict.fromkeys(word for each in self.named.values() for word in each.types))
            if self.named
            else _words(inputs)
        )
        self.output = output
        self.version = str(version)
        self.description = description or (inspect.getdoc(function) or self.name).splitlines()[0]
        self.parallelism = parallelism
        self.batch = batch
        self.memory_mb = memory_mb
        self.parameters = {
            name: each if isinstance(each, Parameter) else Parameter(each) for name, each in (parameters or {}).items()
        }
        problems = self._problems()
        if problems:
            raise StageError("".join([f"stage {self.name}:"] + [f"\n  {problem}" for problem in problems]))
        self._arguments = len(inspect.signature(function).parameters)
        self._calls = threading.BoundedSemaphore(parallelism)
        self._params = lru_cache(maxsize=64)(self._read_params)
        self._described = json.dumps(self.describe()).encode("ascii")
        self._sides = Sides()
        self._last_trace = 0.0

    def __call__(self, *arguments, **named):
        return self.function(*arguments, **named)

    def _problems(self):
        problems = []
        for what, words in (("payload", self.payload), ("inputs", self.inputs)):
            for word in words:
                if word not in media.TYPES:
                    problems.append(f"{what}: there is no media type {word!r}; use {', '.join(media.TYPES)}")
        for name, each in self.named.items():
            if not isinstance(name, str) or not _NAME.fullmatch(name):
                problems.append(f"inputs: {name!r} is no name; use letters, digits, _ and -, a letter at the beginning")
            if not each.types:
                problems.append(f"inputs: {name} has no media type; say which, as in {{{name!r}: 'boxes'}}")
        if not self.payload and not self.inputs:
            problems.append('it reads nothing; say payload=["readings"] or inputs=["boxes"], or both')
        if self.output is None:
            problems.append('output: say what it gives, as in output="labels"')
        elif self.output not in media.TYPES:
            problems.append(f"output: there is no media type {self.output!r}; use {', '.join(media.TYPES)}")
        for name, parameter in self.parameters.items():
            problem = parameter.problem()
            if problem:
                problems.append(f"parameter {name} {problem}")
        for what, number, least in (
            ("parallelism", self.parallelism, 1),
            ("batch", self.batch, 1),
            ("memory_mb", self.memory_mb, 0),
        ):
            if not isinstance(number, int) or isinstance(number, bool) or number < least:
                problems.append(f"{what} is {number!r}; it is a whole number of at least {least}")
        if not callable(self.function):
            problems.append("@stage(...) stands above a function")
        elif inspect.iscoroutinefunction(self.function):
            problems.append("the function is async; write it with def, calls have threads of their own")
        else:
            count = len(inspect.signature(self.function).parameters)
            if count not in (1, 2):
                problems.append(f"the function takes {count} arguments; it gets (element, params), or (element)")
            elif count == 1 and self.parameters:
                problems.append("the function does not take its parameters: write it as f(element, params)")
        return problems

    @property
    def accepts(self):
        """Content types of requests, the best first."""
        # Bytes travel as they are where nothing goes with them.
        alone = () if self.inputs else self.payload
        raw = {"frames": "image/jpeg", "opaque": "application/octet-stream", "audio": "audio/wav"}
        return [raw[word] for word in alone if word in raw] + ["application/json"]

    def describe(self):
        """What the service says of itself."""
        return {
            "apiVersion": "dayu.io/v1alpha1",
            "version": self.version,
            "description": self.description,
            "payload": list(self.payload),
            "inputs": {
                name: list(each.types) if each.required else {"types": list(each.types), "required": False}
                for name, each in self.named.items()
            }
            if self.named
            else list(self.inputs),
            "output": self.output,
            "accepts": self.accepts,
            "parallelism": self.parallelism,
            "memoryMb": self.memory_mb,
            "batch": self.batch,
            "parameters": {
                "type": "object",
                "properties": {name: each.schema() for name, each in self.parameters.items()},
                "required": [name for name, each in self.parameters.items() if each.required],
            },
        }

    def serve(self, port=None, host=None, transport=None):
        """Serves until SIGTERM or SIGINT, then ends the process's calls and returns.

        The port is that of ``DAYU_SERVICE_PORT`` unless it is given, else 9000; the host is 127.0.0.1. The transport is
        "http" or "grpc", that of ``DAYU_SERVICE_TRANSPORT`` unless it is given, else http; grpc needs the package grpcio.
        """
        transport = transport or os.environ.get("DAYU_SERVICE_TRANSPORT") or "http"
        if transport == "http":
            Server(self.answer, self.name).run(port, host)
        elif transport == "grpc":
            try:
                from .grpc_server import GrpcServer
            except ImportError as e:
                sys.exit(f"{self.name} needs the package grpcio for transport grpc (pip install grpcio): {e}")
            GrpcServer(self).run(port, host)
        else:
            sys.exit(f"{self.name} knows the transports http and grpc, not {transport!r}")

    def answer(self, request):
        """Answers one HTTP request; never raises."""
        if request.path == "/.well-known/dayu-stage":
            return Answer(200, self._described, "application/json") if request.is_get else _refused(405, "use GET")
        if request.path == "/health":
            return Answer(200, b"ok") if request.is_get else _refused(405, "use GET")
        if request.path.startswith("/side/"):
            return self._keep(request)
        if request.path != "/":
            return _refused(404, "elements are posted to /")
        if request.method != "POST":
            return _refused(405, "elements are posted")
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        try:
            if kind == "application/cloudevents-batch+json":
                return self._batch(request.body)
            return self._single(request, kind)
        except _Bad as e:
            return _refused(e.status, e.reason)
        except Exception as e:
            self._trace()
            return _refused(500, f"a defect of dayu_stage: {type(e).__name__}: {e}")

    def _keep(self, request):
        """Keeps the value of a side input that elements name from then on."""
        if request.method != "PUT":
            return _refused(405, "side inputs are put")
        try:
            self._sides.put(request.path[len("/side/") :], request.body)
        except ValueError as e:
            return _refused(400, f"this is no side input: {e}")
        return Answer(204, b"", None)

    def _side_of(self, text):
        try:
            return self._sides.named(digests(text))
        except ValueError as e:
            raise _Bad(f"dayuside: {e}") from e
        except Missing as e:
            raise _Bad(str(e), 428) from e

    def _single(self, request, kind):
        headers = request.headers
        side = self._side_of(headers.get("ce-dayuside"))
        content = self._content(kind, request.body)
        params = self._params_of(headers.get("ce-dayuparams"))
        result = self._call(
            self._element(
                content,
                headers.get("ce-source", ""),
                headers.get("ce-subject", ""),
                headers.get("ce-dayuseq", "0"),
                headers.get("ce-dayuattempt", "1"),
                headers.get("ce-time", ""),
                headers.get("ce-dayudeadline"),
                side,
            ),
            params,
            _answer,
        )
        if isinstance(result, Skip):
            return Answer(204, b"", None, (("dayu-reason", _ascii(result.reason)),))
        return _failed(result) if isinstance(result, Failed) else result

    def _batch(self, body):
        events = _json(body)
        if not isinstance(events, list):
            raise _Bad("a batch is a JSON array of events")
        ids = [event.get("id") if isinstance(event, dict) else None for event in events]
        if not all(isinstance(each, str) for each in ids):
            raise _Bad("an event of the batch has no id")
        # What is missing is given to all of them, so that none is worked on twice.
        sides = [self._side_of(event.get("dayuside")) for event in events]
        answered = [self._answered(*each) for each in zip(events, ids, sides)]
        return Answer(200, _dumps(answered), "application/json")

    def _answered(self, event, identity, side):
        try:
            result = self._call(
                self._element(
                    self._data(event),
                    event.get("source", ""),
                    event.get("subject", ""),
                    event.get("dayuseq", 0),
                    event.get("dayuattempt", 1),
                    event.get("time", ""),
                    event.get("dayudeadline"),
                    side,
                ),
                self._params_of(event.get("dayuparams")),
                _output,
            )
        except _Bad as e:
            return {"id": identity, "failed": e.reason, "retryable": False}
        if isinstance(result, Skip):
            return {"id": identity, "skip": result.reason}
        if isinstance(result, Failed):
            return {"id": identity, "failed": result.reason, "retryable": result.retryable}
        return {"id": identity, "output": result}

    def _data(self, event):
        kind = str(event.get("datacontenttype", "application/json")).partition(";")[0].strip().lower()
        if "data_base64" in event:
            try:
                return self._content(kind, media._base64(event["data_base64"]))
            except ValueError as e:
                raise _Bad(f"data_base64: {e}") from e
        return self._message(event.get("data"))

    def _content(self, kind, body):
        """The payload and the outputs of a body."""
        if kind == "application/json":
            return self._message(_json(body))
        if kind in self.accepts:
            try:
                if kind == "image/jpeg":
                    return Frames([media.picture(body)]), {}
                if kind == "audio/wav":
                    return media.sound(body), {}
                return Opaque(body), {}
            except ValueError as e:
                raise _Bad(str(e)) from e
        if "application/octet-stream" in self.accepts and "/" in kind and "cloudevents" not in kind:
            return Opaque(body, kind), {}  # bytes whose source has said what they are
        raise _Bad(f"content type {kind or 'none'} is not one of {', '.join(self.accepts)}", 415)

    def _message(self, message):
        if not isinstance(message, dict):
            raise _Bad('an element is a JSON object {"payload": ..., "outputs": {...}}')
        field = "inputs" if self.named else "outputs"
        outputs = message.get(field) or {}
        if not isinstance(outputs, dict):
            raise _Bad(f"{field} are a JSON object by {'name' if self.named else 'stage'}")
        payload, where = None, "payload"
        try:
            if message.get("payload") is not None:
                payload = media.from_json(message["payload"])
            read = {}
            for name, each in outputs.items():
                where = f"{field}.{name}"
                read[name] = media.from_json(each)
        except ValueError as e:
            raise _Bad(f"{where}: {e}") from e
        if self.payload and payload is None:
            raise _Bad(f"the element has no payload; this stage reads {' or '.join(self.payload)}")
        if self.payload and payload.type not in self.payload:
            raise _Bad(f"the payload is {payload.type}; this stage reads {' or '.join(self.payload)}")
        for name, each in self.named.items():
            if name not in read:
                if each.required:
                    raise _Bad(f"the element has no input {name}; this stage reads {' or '.join(each.types)} there")
            elif read[name].type not in each.types:
                raise _Bad(f"the input {name} is {read[name].type}; this stage reads {' or '.join(each.types)} there")
        if self.inputs and not self.named and not any(each.type in self.inputs for each in read.values()):
            raise _Bad(f"the element has no output that this stage reads: {' or '.join(self.inputs)}")
        return payload, read

    def _element(self, content, source, subject, seq, attempt, created_at, deadline, side):
        payload, outputs = content
        try:
            left = _DEADLINE_S if deadline is None else float(deadline) / 1000
            number, times = int(seq), int(attempt)
        except (TypeError, ValueError) as e:
            raise _Bad(f"dayuseq, dayuattempt and dayudeadline are numbers: {e}") from e
        if not math.isfinite(left):
            raise _Bad("dayudeadline is no finite number")
        return Element(
            payload,
            {} if self.named else outputs,
            _stream(str(source)),
            str(subject),
            number,
            times,
            str(created_at),
            time.monotonic() + left,
            outputs if self.named else {},
            side,
        )

    def _params_of(self, given):
        try:
            if isinstance(given, dict):
                given = json.dumps(given)
            return self._params(given)
        except (TypeError, ValueError, RecursionError) as e:
            raise _Bad(f"parameters: {e}") from e

    def _read_params(self, text):
        given = json.loads(text) if text else {}
        if not isinstance(given, dict):
            raise ValueError("they are a JSON object")
        params = {}
        for name, parameter in self.parameters.items():
            value = given.get(name)
            if value is None:
                if parameter.required:
                    raise ValueError(f"{name} is missing")
                params[name] = parameter.default
            else:
                try:
                    params[name] = parameter.read(value)
                except ValueError as e:
                    raise ValueError(f"{name} {e}") from e
        # All calls with these parameters share it.
        return MappingProxyType(params)

    def _call(self, element, params, encode):
        """What the function gave, encoded, or a Skip or a Failed."""
        if not self._calls.acquire(timeout=max(0.0, min(element.seconds_left(), _DEADLINE_S))):
            return Failed("the service was busy with other calls until the deadline", retryable=True)
        try:
            given = self.function(element, params) if self._arguments == 2 else self.function(element)
            if isinstance(given, (Skip, Failed)):
                return given
            return encode(media.output(given, self.output))
        except Failed as e:
            return e
        except Exception as e:
            self._trace()
            return Failed(f"{type(e).__name__}: {e}", retryable=True)
        finally:
            self._calls.release()

    def _trace(self):
        # One a second tells its author where, and a stage that always fails does not fill the log.
        now = time.monotonic()
        if now - self._last_trace >= 1:
            self._last_trace = now
            traceback.print_exc(file=sys.stderr)


class _Bad(Exception):
    """The request cannot be read."""

    def __init__(self, reason, status=400):
        super().__init__(reason)
        self.reason = reason
        self.status = status


def _words(given):
    return (given,) if isinstance(given, str) else tuple(given)


@lru_cache(maxsize=256)
def _stream(source):
    """"pipeline/source" of a source "/pipelines/pipeline/source"."""
    prefix = "/pipelines/"
    return unquote(source[len(prefix) :] if source.startswith(prefix) else source)


def _json(body):
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as e:
        raise _Bad(f"this is no JSON: {e}") from e


def _dumps(value):
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode("ascii")


def _output(made):
    return made.to_json()


def _answer(made):
    if isinstance(made, Opaque):
        return Answer(200, bytes(made), _own_type(made.content_type))
    if isinstance(made, Frames) and len(made) == 1 and not made.fps and not made[0].offset_ms:
        return Answer(200, made[0].jpeg, "image/jpeg")
    return Answer(200, _dumps(made.to_json()), "application/json")


def _own_type(content_type):
    """Of opaque bytes; one that says how an answer is to be read is left out."""
    told = content_type.partition(";")[0].strip().lower()
    free = told not in ("", "application/json", "application/x-protobuf") and content_type.isascii()
    return content_type if free and content_type.isprintable() else "application/octet-stream"


def _ascii(text):
    plain = " ".join(text.split()).encode("ascii", "backslashreplace").decode("ascii")
    return "".join(c if c.isprintable() else " " for c in plain)[:500]


def _refused(status, reason):
    return Answer(status, reason.encode("utf-8", "replace"))


def _failed(failed):
    status = 422 if not failed.retryable else 500 if failed.after is None else 503
    headers = () if failed.after is None else (("retry-after", str(max(0, math.ceil(failed.after)))),)
    return Answer(status, failed.reason.encode("utf-8", "replace"), "text/plain; charset=utf-8", headers)

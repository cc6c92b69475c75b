"""What a node gives a service besides the elements: values of side inputs, kept by the SHA-256 of their JSON."""

import hashlib
import json
import re
import threading

KEPT = 128  # at most; a node counts on 64
MOST = 256 * 1024
DIGEST = re.compile(r"[0-9a-f]{64}")


class Missing(Exception):
    """A value is named that is not here: the node gives it and calls again."""


class Sides:
    """The last values that were given; for any thread."""

    def __init__(self):
        self._lock = threading.Lock()
        self._values = {}  # by digest, in the order in which they were given

    def put(self, digest, body):
        """Keeps a value; ``ValueError`` if it is none."""
        if len(body) > MOST:
            raise ValueError(f"it has {len(body)} bytes, and 256 KiB are the most")
        if hashlib.sha256(body).hexdigest() != digest:
            raise ValueError("it has another SHA-256 than it is given under")
        try:
            value = json.loads(body)
        except RecursionError as e:
            raise ValueError("it is nested too deeply") from e
        with self._lock:
            self._values.pop(digest, None)
            self._values[digest] = value
            while len(self._values) > KEPT:
                del self._values[next(iter(self._values))]

    def named(self, digests):
        """The values by name, of digests by name; ``Missing`` if one is not here."""
        with self._lock:
            try:
                return {name: self._values[digest] for name, digest in digests.items()}
            except KeyError as e:
                raise Missing(f"the value {e.args[0]} was not given, or too long ago") from None


def digests(text):
    """Of a header ``limits=DIGEST,plates=DIGEST``; ``ValueError`` if it is none."""
    read = {}
    if not isinstance(text, (str, type(None))):
        raise ValueError("it is no string")
    for each in text.split(",") if text else ():
        name, _, digest = each.strip().partition("=")
        if not name or not DIGEST.fullmatch(digest):
            raise ValueError(f"{each!r} is no NAME=SHA-256")
        read[name] = digest
    return read

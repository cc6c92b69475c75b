"""What flows between stages, and its JSON form.

Each type is a tuple (opaque and audio: bytes), so a stage reads it with ``for``, ``len`` and ``[0]``. What a message brings is
checked here once; a wrong one raises ``ValueError`` with the reason.
"""

import base64
import binascii
import io
import math
import wave
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import NamedTuple, Optional

TYPES = (
    "frames",
    "boxes",
    "labels",
    "text",
    "readings",
    "opaque",
    "tracks",
    "keypoints",
    "masks",
    "regions",
    "attributes",
    "audio",
)


class Box(NamedTuple):
    """A box in fractions of the frame's width and height, origin top left."""

    x: float
    y: float
    width: float
    height: float
    label: str = ""
    score: float = 0.0
    track: int = 0  # identity over time, 0 if unknown
    frame: int = 0  # index of the frame within the element


class Label(NamedTuple):
    """A name with a count, a score or a measure."""

    name: str
    value: float


class Reading(NamedTuple):
    """A value of a sensor; ``at`` is an aware ``datetime`` of the sensor's clock."""

    sensor: str
    at: datetime
    value: float
    unit: str = ""


class Frame(NamedTuple):
    """One picture; sizes in pixels, ``offset_ms`` from the start of the source."""

    jpeg: bytes
    width: int = 0
    height: int = 0
    offset_ms: int = 0


class TrackPoint(NamedTuple):
    """The middle of a thing at a moment, in fractions of the frame; ``offset_ms`` from the start of the source."""

    x: float
    y: float
    offset_ms: int = 0


class Track(NamedTuple):
    """Where a thing has been, the newest point last."""

    id: int
    label: str = ""
    points: tuple = ()


class Keypoint(NamedTuple):
    """A named point of a body, in fractions of the frame."""

    name: str
    x: float
    y: float
    score: float = 0.0


class Pose(NamedTuple):
    """The points of one person or thing; ``track`` and ``frame`` as those of a box."""

    points: tuple
    label: str = ""
    score: float = 0.0
    track: int = 0
    frame: int = 0


class Mask(NamedTuple):
    """A grid of cells over a part of the frame, which is given in fractions.

    ``runs``: lengths of runs of cells, row by row, outside and inside in turn; the first is outside and may be 0.
    """

    x: float
    y: float
    width: float
    height: float
    columns: int
    rows: int
    runs: tuple
    label: str = ""
    score: float = 0.0
    track: int = 0
    frame: int = 0


class Region(NamedTuple):
    """A place with text; ``corners`` are pairs (x, y) in fractions, three or more, clockwise."""

    corners: tuple
    text: str = ""
    score: float = 0.0
    track: int = 0
    frame: int = 0


class Attribute(NamedTuple):
    """What is known of the thing in box number ``box`` (from 0) of stage ``of``; of the whole element without these."""

    name: str
    value: str
    score: float = 0.0
    of: str = ""
    box: Optional[int] = None
    track: int = 0


class Boxes(tuple):
    """Boxes of the frames of an element."""

    type = "boxes"

    def __new__(cls, boxes=()):
        return super().__new__(cls, [_made(Box, box) for box in boxes])

    def to_json(self):
        return {
            "type": "boxes",
            "boxes": [
                {
                    "x": _number(b.x),
                    "y": _number(b.y),
                    "width": _number(b.width),
                    "height": _number(b.height),
                    "label": str(b.label),
                    "score": _number(b.score),
                    "track": int(b.track),
                    "frame": int(b.frame),
                }
                for b in self
            ],
        }


class Labels(tuple):
    """Labels, from a mapping of names to values or from pairs; a name may stand twice."""

    type = "labels"

    def __new__(cls, labels=()):
        pairs = labels.items() if isinstance(labels, Mapping) else labels
        return super().__new__(cls, [_made(Label, label) for label in pairs])

    def to_json(self):
        return {"type": "labels", "labels": [{"name": str(x.name), "value": _number(x.value)} for x in self]}


class Text(tuple):
    """Lines of text, from lines or from one string."""

    type = "text"

    def __new__(cls, lines=()):
        lines = lines.splitlines() if isinstance(lines, str) else list(lines)
        for line in lines:
            if not isinstance(line, str):
                raise ValueError(f"a line of text is {type(line).__name__}, not a string")
        return super().__new__(cls, lines)

    def to_json(self):
        return {"type": "text", "text": list(self)}


class Readings(tuple):
    """Values of sensors."""

    type = "readings"

    def __new__(cls, readings=()):
        return super().__new__(cls, [_made(Reading, reading) for reading in readings])

    def to_json(self):
        return {
            "type": "readings",
            "readings": [
                {"sensor": str(r.sensor), "at": _instant(r.at), "value": _number(r.value), "unit": str(r.unit)}
                for r in self
            ],
        }


class Frames(tuple):
    """One or more frames in order; ``fps`` is the rate of the source at which they were read."""

    type = "frames"

    def __new__(cls, frames=(), fps=0.0):
        made = super().__new__(cls, [_frame(frame) for frame in frames])
        made.fps = fps
        return made

    def to_json(self):
        return {
            "type": "frames",
            "fps": _number(self.fps),
            "frames": [
                {
                    "jpeg": base64.b64encode(f.jpeg).decode("ascii"),
                    "width": int(f.width),
                    "height": int(f.height),
                    "offsetMs": int(f.offset_ms),
                }
                for f in self
            ],
        }


class Opaque(bytes):
    """Bytes that only the stages themselves understand; ``content_type`` says what they are, if anybody has said."""

    type = "opaque"

    def __new__(cls, data=b"", content_type=""):
        made = super().__new__(cls, data)
        made.content_type = content_type
        return made

    def to_json(self):
        tree = {"type": "opaque", "opaque": base64.b64encode(self).decode("ascii")}
        return {**tree, "contentType": self.content_type} if self.content_type else tree


class Tracks(tuple):
    """Where things have been."""

    type = "tracks"

    def __new__(cls, tracks=()):
        return super().__new__(cls, [_with(_made(Track, t), points=TrackPoint) for t in tracks])

    def to_json(self):
        return {
            "type": "tracks",
            "tracks": [
                {
                    "id": int(t.id),
                    "label": str(t.label),
                    "points": [{"x": _number(p.x), "y": _number(p.y), "offsetMs": int(p.offset_ms)} for p in t.points],
                }
                for t in self
            ],
        }


class Keypoints(tuple):
    """Points of bodies; ``bones`` are pairs of names of points between which a line is drawn."""

    type = "keypoints"

    def __new__(cls, poses=(), bones=()):
        made = super().__new__(cls, [_with(_made(Pose, pose), points=Keypoint) for pose in poses])
        made.bones = tuple((str(a), str(b)) for a, b in bones)
        return made

    def to_json(self):
        return {
            "type": "keypoints",
            "keypoints": [
                {
                    "points": [
                        {"name": str(p.name), "x": _number(p.x), "y": _number(p.y), "score": _number(p.score)}
                        for p in pose.points
                    ],
                    **_thing(pose),
                }
                for pose in self
            ],
            "bones": [list(bone) for bone in self.bones],
        }


class Masks(tuple):
    """Which cells of the frame belong to things or classes."""

    type = "masks"

    def __new__(cls, masks=()):
        return super().__new__(cls, [_made(Mask, mask) for mask in masks])

    def to_json(self):
        return {
            "type": "masks",
            "masks": [
                {
                    "x": _number(m.x),
                    "y": _number(m.y),
                    "width": _number(m.width),
                    "height": _number(m.height),
                    "columns": int(m.columns),
                    "rows": int(m.rows),
                    "runs": [int(run) for run in m.runs],
                    **_thing(m),
                }
                for m in self
            ],
        }


class Regions(tuple):
    """Places with text."""

    type = "regions"

    def __new__(cls, regions=()):
        return super().__new__(cls, [_made(Region, region) for region in regions])

    def to_json(self):
        regions = []
        for r in self:
            region = {**_thing(r), "corners": [[_number(x), _number(y)] for x, y in r.corners], "text": str(r.text)}
            del region["label"]
            regions.append(region)
        return {"type": "regions", "regions": regions}


class Attributes(tuple):
    """What is known of things, or of the whole element, from attributes or from a mapping of names to values."""

    type = "attributes"

    def __new__(cls, attributes=()):
        given = attributes.items() if isinstance(attributes, Mapping) else attributes
        return super().__new__(cls, [_made(Attribute, attribute) for attribute in given])

    def to_json(self):
        return {
            "type": "attributes",
            "attributes": [
                {
                    "name": str(a.name),
                    "value": str(a.value),
                    "score": _number(a.score),
                    "of": str(a.of),
                    "track": int(a.track),
                    **({} if a.box is None else {"box": int(a.box)}),
                }
                for a in self
            ],
        }


class Audio(bytes):
    """Sound: samples of 16 bits, signed, little-endian, channels in turn; or encoded, as ``content_type`` says."""

    type = "audio"

    def __new__(cls, data=b"", sample_rate=0, channels=1, offset_ms=0, content_type=""):
        made = super().__new__(cls, data)
        made.sample_rate = int(sample_rate)
        made.channels = int(channels)
        made.offset_ms = int(offset_ms)
        made.content_type = content_type
        return made

    def to_json(self):
        audio = {
            "data": base64.b64encode(self).decode("ascii"),
            "sampleRate": self.sample_rate,
            "channels": self.channels,
            "offsetMs": self.offset_ms,
        }
        return {"type": "audio", "audio": {**audio, "contentType": self.content_type} if self.content_type else audio}


_CLASSES = {
    each.type: each
    for each in (
        Frames,
        Boxes,
        Labels,
        Text,
        Readings,
        Opaque,
        Tracks,
        Keypoints,
        Masks,
        Regions,
        Attributes,
        Audio,
    )
}


def output(value, declared):
    """What a stage's function gave, as media of the type that the stage declares; ``TypeError`` if it is none."""
    if value is None:
        raise TypeError(f"the stage's function returned None, not {declared} and not Skip")
    given = getattr(type(value), "type", None)
    if given in _CLASSES:
        if given != declared:
            raise TypeError(f"the stage's function returned {given}, and the stage declares {declared}")
        return value
    if isinstance(value, (bytes, bytearray, memoryview)):
        if declared == "opaque":
            return Opaque(value)
        if declared == "frames":
            return Frames([bytes(value)])
    elif declared in _CLASSES and declared not in ("opaque", "audio"):
        try:
            return _CLASSES[declared](value)
        except (TypeError, ValueError) as e:
            raise TypeError(f"the stage's function returned {type(value).__name__}, which is no {declared}: {e}") from e
    raise TypeError(f"the stage's function returned {type(value).__name__}, and the stage declares {declared}")


def from_json(media):
    """Media from its JSON form."""
    if not isinstance(media, dict):
        raise ValueError("media is a JSON object with a type")
    kind = media.get("type")
    if not isinstance(kind, str) or kind not in _CLASSES:
        raise ValueError(f"media has the type {kind!r}, not one of {', '.join(TYPES)}")
    content = media.get(kind)
    try:
        if kind == "opaque":
            return Opaque(_base64(content), media.get("contentType", ""))
        if kind == "audio":
            return Audio(
                _base64(content["data"]),
                content.get("sampleRate", 0),
                content.get("channels", 0),
                content.get("offsetMs", 0),
                content.get("contentType", ""),
            )
        if not isinstance(content, list):
            raise ValueError("no list")
        if kind == "boxes":
            return Boxes(
                Box(
                    float(b["x"]),
                    float(b["y"]),
                    float(b["width"]),
                    float(b["height"]),
                    b.get("label", ""),
                    float(b.get("score", 0)),
                    int(b.get("track", 0)),
                    int(b.get("frame", 0)),
                )
                for b in content
            )
        if kind == "labels":
            return Labels(Label(label["name"], float(label["value"])) for label in content)
        if kind == "text":
            return Text(content)
        if kind == "readings":
            return Readings(
                Reading(r.get("sensor", ""), _time(r["at"]), float(r["value"]), r.get("unit", "")) for r in content
            )
        if kind == "tracks":
            return Tracks(
                Track(
                    int(t.get("id", 0)),
                    t.get("label", ""),
                    [TrackPoint(float(p["x"]), float(p["y"]), int(p.get("offsetMs", 0))) for p in t["points"]],
                )
                for t in content
            )
        if kind == "keypoints":
            poses = (
                Pose(
                    [
                        Keypoint(p.get("name", ""), float(p["x"]), float(p["y"]), float(p.get("score", 0)))
                        for p in pose["points"]
                    ],
                    *_read_thing(pose),
                )
                for pose in content
            )
            return Keypoints(poses, media.get("bones", ()))
        if kind == "masks":
            return Masks(
                Mask(
                    float(m["x"]),
                    float(m["y"]),
                    float(m["width"]),
                    float(m["height"]),
                    int(m["columns"]),
                    int(m["rows"]),
                    tuple(int(run) for run in m["runs"]),
                    *_read_thing(m),
                )
                for m in content
            )
        if kind == "regions":
            return Regions(
                Region(tuple((float(x), float(y)) for x, y in r["corners"]), r.get("text", ""), *_read_thing(r)[1:])
                for r in content
            )
        if kind == "attributes":
            return Attributes(
                Attribute(
                    a.get("name", ""),
                    a["value"],
                    float(a.get("score", 0)),
                    a.get("of", ""),
                    None if a.get("box") is None else int(a["box"]),
                    int(a.get("track", 0)),
                )
                for a in content
            )
        return Frames(
            (
                Frame(_base64(f["jpeg"]), int(f.get("width", 0)), int(f.get("height", 0)), int(f.get("offsetMs", 0)))
                for f in content
            ),
            float(media.get("fps", 0)),
        )
    except KeyError as e:
        raise ValueError(f"{kind}: {e.args[0]} is missing") from e
    except (TypeError, AttributeError, ValueError, OverflowError) as e:
        raise ValueError(f"{kind}: {e}") from e


def picture(jpeg):
    """A frame from a JPEG file, with its size read from the file; ``ValueError`` if it is none."""
    if jpeg[:2] != b"\xff\xd8":
        raise ValueError("this is no JPEG file")
    at = 2
    while at + 9 < len(jpeg):
        if jpeg[at] != 0xFF:
            break
        marker = jpeg[at + 1]
        if marker == 0xFF:  # filling
            at += 1
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = int.from_bytes(jpeg[at + 5 : at + 7], "big"), int.from_bytes(jpeg[at + 7 : at + 9], "big")
            return Frame(jpeg, width, height)
        else:
            at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
    raise ValueError("this JPEG file is cut off or damaged: it does not say how large it is")


def _frame(frame):
    if isinstance(frame, (bytes, bytearray, memoryview)):
        return picture(bytes(frame))
    return _made(Frame, frame)


def _made(kind, value):
    if isinstance(value, kind):
        return value
    if isinstance(value, Mapping):
        return kind(**value)
    if isinstance(value, tuple):
        return kind(*value)
    raise ValueError(f"{type(value).__name__} instead of {kind.__name__}")


def _with(made, points):
    return made._replace(points=tuple(_made(points, point) for point in made.points))


def _thing(each):
    """What poses, masks and regions have in common with boxes."""
    return {
        "label": str(getattr(each, "label", "")),
        "score": _number(each.score),
        "track": int(each.track),
        "frame": int(each.frame),
    }


def _read_thing(tree):
    return tree.get("label", ""), float(tree.get("score", 0)), int(tree.get("track", 0)), int(tree.get("frame", 0))


def sound(file):
    """The sound of a WAV file of 16-bit samples; ``ValueError`` if it is none."""
    try:
        with wave.open(io.BytesIO(file)) as read:
            if read.getsampwidth() != 2:
                raise ValueError("this WAV file has no samples of 16 bits")
            return Audio(read.readframes(read.getnframes()), read.getframerate(), read.getnchannels())
    except (wave.Error, EOFError) as e:
        raise ValueError(f"this is no WAV file: {e}") from e


def _number(value):
    # Numbers of numpy and the like are none for JSON.
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{number} is no number that JSON has")
    return number


def _base64(text):
    if not isinstance(text, str):
        raise ValueError("no base64")
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as e:
        raise ValueError(f"bad base64: {e}") from e


def _time(value):
    if isinstance(value, str):
        text = value[:-1] + "+00:00" if value.endswith("Z") else value
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    return datetime.fromtimestamp(value / 1000, timezone.utc)


def _instant(at):
    if at.tzinfo is None:
        raise ValueError("a reading's time has no time zone: use datetime.now(timezone.utc)")
    return at.astimezone(timezone.utc).isoformat(timespec="milliseconds")[:-6] + "Z"

"""Stages of Dayu in Python: a function is the whole programme.

    from dayu_stage import Labels, Skip, stage

    @stage(payload=["readings"], output="labels", parameters={"limit": float})
    def count_above(element, params):
        "Counts readings above a limit."
        above = sum(1 for reading in element.payload if reading.value > params["limit"])
        return Labels({"above": above}) if above else Skip("nothing above the limit")

    if __name__ == "__main__":
        count_above.serve()
"""

from .media import (
    Attribute,
    Attributes,
    Audio,
    Box,
    Boxes,
    Frame,
    Frames,
    Keypoint,
    Keypoints,
    Label,
    Labels,
    Mask,
    Masks,
    Opaque,
    Pose,
    Reading,
    Readings,
    Region,
    Regions,
    Text,
    Track,
    TrackPoint,
    Tracks,
)
from .stage import Element, Failed, Input, Parameter, Skip, Stage, StageError, stage

__version__ = "0.1.0"

__all__ = [
    "Attribute",
    "Attributes",
    "Audio",
    "Box",
    "Boxes",
    "Element",
    "Failed",
    "Frame",
    "Frames",
    "Input",
    "Keypoint",
    "Keypoints",
    "Label",
    "Labels",
    "Mask",
    "Masks",
    "Opaque",
    "Parameter",
    "Pose",
    "Reading",
    "Readings",
    "Region",
    "Regions",
    "Skip",
    "Stage",
    "StageError",
    "Text",
    "Track",
    "TrackPoint",
    "Tracks",
    "stage",
]

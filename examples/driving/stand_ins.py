"""Stand-ins for models that the driving pipeline would have: their answers have the right form and no meaning.

    python3 stand_ins.py NAME
"""

import sys

from dayu_stage import Box, Boxes, Labels, stage

VEHICLES = ("car", "bus", "truck")


def value(labels, name):
    """The value of a label, 0 if it is not there."""
    return next((label.value for label in labels if label.name == name), 0)


@stage(payload="frames", output="labels")
def road(element):
    """STAND-IN for road segmentation: always two lanes and the same share of road."""
    return Labels({"lanes": 2, "drivable": 0.4})


@stage(inputs={"objects": "boxes"}, output="labels")
def signals(element):
    """STAND-IN for traffic light recognition: 50 elements red, 50 green, wherever lights are."""
    red = element.seq // 50 % 2 == 0
    return Labels({"red": 1 if red else 0, "green": 0 if red else 1})


@stage(inputs={"vehicles": "boxes"}, output="labels")
def attributes(element):
    """STAND-IN for vehicle attributes: large is what fills a tenth of the picture."""
    large = sum(1 for box in element.inputs["vehicles"] if box.label in VEHICLES and box.width * box.height > 0.1)
    return Labels({"large": large})


@stage(inputs={"vehicles": "boxes", "road": "labels"}, output="boxes")
def trajectories(element):
    """STAND-IN for trajectory prediction: every vehicle comes closer, faster where there are more lanes."""
    grow = 1 + 0.05 * value(element.inputs["road"], "lanes")
    return Boxes(
        Box(box.x, box.y, min(1 - box.x, box.width * grow), min(1 - box.y, box.height * grow), box.label, box.score, box.track)
        for box in element.inputs["vehicles"]
        if box.label in VEHICLES
    )


@stage(inputs={"pedestrians": "boxes"}, output="boxes")
def poses(element):
    """STAND-IN for pose estimation: the head of everybody is the upper eighth of the box."""
    return Boxes(
        Box(box.x, box.y, box.width, box.height / 8, "head", box.score, box.track)
        for box in element.inputs["pedestrians"]
        if box.label == "person"
    )


@stage(inputs={"poses": "boxes", "signals": "labels", "road": "labels"}, output="labels")
def intents(element):
    """STAND-IN for pedestrian intent: everybody waits at red and crosses at green."""
    green = value(element.inputs["signals"], "green")
    people = len(element.inputs["poses"])
    return Labels({"crossing": people if green else 0, "waiting": 0 if green else people})


@stage(
    inputs={"trajectories": "boxes", "attributes": "labels", "intents": "labels", "signals": "labels"},
    output="labels",
)
def risk(element):
    """STAND-IN for a risk graph: people who cross, times vehicles that come closer."""
    crossing = value(element.inputs["intents"], "crossing")
    vehicles = len(element.inputs["trajectories"])
    large = value(element.inputs["attributes"], "large")
    return Labels({"risk": crossing * (vehicles + large), "vehicles": vehicles, "crossing": crossing})


STAGES = {each.name: each for each in (road, signals, attributes, trajectories, poses, intents, risk)}

if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in STAGES:
        sys.exit(f"usage: python3 stand_ins.py {'|'.join(STAGES)}")
    STAGES[sys.argv[1]].serve()

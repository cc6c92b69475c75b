from dayu_stage import Labels, Parameter, Skip, stage


@stage(
    payload=["readings"],  # what it reads of the payload
    output="labels",
    parameters={"limit": Parameter(float, default=30, description="in the unit of the readings")},
)
def {FUNCTION}(element, params):
    """Counts readings above a limit."""
    above = sum(1 for reading in element.payload if reading.value > params["limit"])
    return Labels({"above": above}) if above else Skip("nothing above the limit")


if __name__ == "__main__":
    {FUNCTION}.serve()

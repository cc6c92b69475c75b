from dayu_stage import Parameter, Text, stage


@stage(
    inputs={"alarm": "labels"},
    output="text",
    parameters={"digits": Parameter(int, default=1, description="behind the point")},
)
def report(element, params):
    """Makes a line of text of each alarm."""
    return Text(f"{element.created_at} {label.name}: {label.value:.{params['digits']}f}" for label in element.inputs["alarm"])


if __name__ == "__main__":
    report.serve()

"""python3 -m dayu_stage FILE serves the stage of a file that does not serve itself."""

import runpy
import sys

from .stage import Stage, StageError


def main(arguments):
    if len(arguments) != 1 or arguments[0].startswith("-"):
        sys.exit("python3 -m dayu_stage FILE: serves the one stage of a file; DAYU_SERVICE_PORT says the port, else 9000")
    try:
        found = [each for each in runpy.run_path(arguments[0]).values() if isinstance(each, Stage)]
    except StageError as e:
        sys.exit(str(e))
    if len(found) != 1:
        sys.exit(f"{arguments[0]} has {len(found)} stages; write one function with @stage(...) above it")
    found[0].serve()


if __name__ == "__main__":
    main(sys.argv[1:])

"""Answers with the bytes it got. Arguments: the directory of dayu_stage, calls at once, elements in one request."""

import sys

sys.path.insert(0, sys.argv[1])

from dayu_stage import Opaque, stage


@stage(payload=["opaque"], output="opaque", parallelism=int(sys.argv[2]), batch=int(sys.argv[3]))
def identity(element, params):
    return Opaque(element.payload)


identity.serve()

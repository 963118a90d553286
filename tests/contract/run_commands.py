"""Runs MLflow's commands, each in a process of its own, with MLflow imported once for all of them.

Reads a line of JSON for each command, {"arguments": […], "out": path, "err": path}, and answers with its exit status:
most of what `mlflow runs list` takes is the import. This file is run by the Python under test: it may import nothing
of the project.
"""

import json
import os
import sys

import mlflow
import pandas as pd  # noqa: F401  imported for the forks
from mlflow.cli import cli

mlflow.MlflowClient()  # imports what it needs when it is first made


def run(arguments: list[str], out: str, err: str) -> int:
    """The exit status of `mlflow` with these arguments."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    for stream, path in ((1, out), (2, err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream)
    sys.argv = ["mlflow", *arguments]
    sys.exit(cli())


if __name__ == "__main__":
    for line in sys.stdin:
        print(run(**json.loads(line)), flush=True)  # noqa: T201  the answer goes to whoever started this

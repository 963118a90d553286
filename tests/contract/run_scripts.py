"""Run scripts as `python script.py` would, each in a process of its own, with MLflow imported once for all of them.

    python run_scripts.py FOLDER SCRIPT…

What a script prints is in FOLDER/name.out and .err. Importing MLflow takes longer than most scripts do, so each runs
in a fork of this process. This file is run by the Python under test: it may import nothing of the project.
"""

import os
import runpy
import sys
from pathlib import Path

import matplotlib.pyplot as plt  # noqa: F401  imported for the forks, as all below
import mlflow
import mlflow.pyfunc
import mlflow.sklearn
import pandas as pd  # noqa: F401
import sklearn.ensemble  # noqa: F401

mlflow.MlflowClient()  # imports what it needs when it is first made


def run(script: Path, folder: Path) -> int:
    """The exit status of `script`."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    for stream, suffix in ((1, "out"), (2, "err")):
        os.dup2(os.open(folder / f"{script.stem}.{suffix}", os.O_WRONLY | os.O_CREAT), stream)
    sys.argv = [str(script)]
    sys.path.insert(0, str(script.parent))
    runpy.run_path(str(script), run_name="__main__")
    sys.exit(0)


if __name__ == "__main__":
    output, *scripts = map(Path, sys.argv[1:])
    failed = [script.name for script in scripts if run(script, output)]
    sys.exit(f"failed: {', '.join(failed)}" if failed else 0)

"""Files that hold what the server is known to do. `REWRITE=1` writes them anew; the difference is then reviewed."""

import difflib
import os
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def compared(name: str, actual: str) -> None:
    """Fail with the difference where `actual` is not what the file `name` (below tests/) says."""
    path = HERE / name
    if os.environ.get("REWRITE"):
        path.write_text(actual)
    expected = path.read_text() if path.exists() else ""
    if actual == expected:
        return
    difference = difflib.unified_diff(expected.splitlines(), actual.splitlines(), name, "now", lineterm="", n=0)
    pytest.fail("\n".join([*difference, "", "If this is meant: make golden"]), pytrace=False)

"""What kind of file a name promises, as the genuine server guesses it. What the uploader said is never repeated."""

import mimetypes
import re

_TEXT = re.compile(
    "txt|log|err|cfg|conf|cnf|cf|ini|properties|prop|hocon|toml|yaml|yml|xml|json|js|py|py3|csv|tsv|md|rst|ipynb"
    "|MLmodel|MLproject"
)
BINARY = "application/octet-stream"


def media_type(path: str) -> str:
    """Plain text for whatever people read, so that a browser shows it and runs nothing; else what the name says."""
    name = path.rsplit("/", 1)[-1]
    _, dot, ending = name.rpartition(".")
    if _TEXT.fullmatch(ending if dot else name):
        return "text/plain"
    return mimetypes.guess_type(name)[0] or BINARY

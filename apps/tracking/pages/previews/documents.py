"""Documents of a known form. Whatever is in them becomes text, Markdown that was cleaned, or an image made of bytes."""

import base64
import binascii
import json
import re
from typing import Any

from apps.tracking.content.mlmodel import parse_mlmodel
from mlregistry.errors import InvalidParameter
from mlregistry.markdown import rendered

MOST_CELLS = 200
LONGEST_OUTPUT = 20_000
_IMAGES = ("image/png", "image/jpeg", "image/gif", "image/webp")
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class Unreadable(Exception):
    """It is not what its name says."""


def markdown(raw: bytes) -> dict[str, Any]:
    text = raw.decode(errors="replace")
    return {"html": rendered(text), "text": text}


def json_text(raw: bytes) -> dict[str, Any]:
    return {"text": json.dumps(_json(raw), indent=2, ensure_ascii=False)}


def mlmodel(raw: bytes) -> dict[str, Any]:
    """What the file says of the model, and the file."""
    try:
        return {"model": parse_mlmodel(raw), "text": raw.decode(errors="replace")}
    except InvalidParameter as error:
        raise Unreadable(error.message) from None


def notebook(raw: bytes) -> dict[str, Any]:
    """Its cells. HTML, SVG and JavaScript among the outputs are left out; most have a text beside them."""
    said = _json(raw)
    cells = said.get("cells") if isinstance(said, dict) else None
    if not isinstance(cells, list):
        raise Unreadable("A notebook has cells.")
    read = [_cell(cell) for cell in cells[:MOST_CELLS] if isinstance(cell, dict)]
    return {"cells": read, "left_out": max(0, len(cells) - MOST_CELLS)}


def _cell(cell: dict[str, Any]) -> dict[str, Any]:
    source = _joined(cell.get("source"))
    if cell.get("cell_type") == "markdown":
        return {"html": rendered(source)}
    outputs = cell.get("outputs")
    shown = [_output(output) for output in outputs if isinstance(output, dict)] if isinstance(outputs, list) else []
    count = cell.get("execution_count")
    return {"source": source, "count": count if isinstance(count, int) else "", "outputs": shown}


def _output(output: dict[str, Any]) -> dict[str, Any]:
    if "traceback" in output or "ename" in output:
        trace = output.get("traceback")
        lines = "\n".join(str(line) for line in trace) if isinstance(trace, list) else str(output.get("evalue", ""))
        return {"text": _ANSI.sub("", lines)[:LONGEST_OUTPUT], "is_error": True}
    bundle = output.get("data")
    held = bundle if isinstance(bundle, dict) else {"text/plain": output.get("text")}
    for kind in _IMAGES:
        if kind in held and (image := _image(kind, _joined(held[kind]))):
            return {"image": image}
    text = _ANSI.sub("", _joined(held.get("text/plain")))
    return {"text": text[:LONGEST_OUTPUT]} if text else {"left_out": ", ".join(sorted(map(str, held)))[:200]}


def _image(kind: str, encoded: str) -> str:
    """A `data:` address, of nothing but what base64 can be; empty if it is none."""
    try:
        return f"data:{kind};base64,{base64.b64encode(base64.b64decode(encoded)).decode()}"
    except (binascii.Error, ValueError):
        return ""


def _joined(source: object) -> str:
    """Notebooks keep a text as one, or as its lines."""
    if isinstance(source, list):
        return "".join(str(line) for line in source)
    return source if isinstance(source, str) else ""


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        raise Unreadable("It is not JSON.") from None

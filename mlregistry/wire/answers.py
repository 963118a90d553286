"""What calls answer with, described for the OpenAPI schema and for whoever reads a view; nothing is decoded into these.

A field with a default may be absent and then means that default, as in protobuf's JSON; `UNSET` has no such meaning.
"""

from dataclasses import dataclass
from typing import Literal

import msgspec

Double = float | Literal["NaN", "Infinity", "-Infinity"]
"""JSON has no words for the last three, so they are strings."""


class Answer(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An answer's body. The schema allows no fields but those named; `schema.Empty` is the answer `{}`."""


@dataclass(frozen=True, slots=True)
class Stream:
    """An answer that is the bytes of a file, or of a part of it where the request asks for a range."""

    media_type: str = "*/*"
    ranges: bool = False


Returns = type[msgspec.Struct] | Stream | None
"""None: nothing but the status."""

"""How protobuf's JSON writes what JSON has no words for."""

import math


def number(value: float) -> float | str:
    """A double: NaN and the infinities are strings."""
    if math.isfinite(value):
        return value
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"

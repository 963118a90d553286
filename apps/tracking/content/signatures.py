"""The signature of a model: what goes in, what comes out, and the parameters, as MLmodel describes them."""

import json
from dataclasses import dataclass, field
from typing import Any

from mlregistry.errors import InvalidParameter
from mlregistry.printable import storable

DEEPEST_TYPE = 32
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Signature:
    """Each column is `{name, type, required}`, a tensor has `dtype` and `shape` too, a parameter `default` and `shape`.

    Types are written as MLflow names them: `double`, `array(long)`, `object(a: string, b?: map(double))`, `tensor`.
    A part that the model does not describe is empty; a column without a name is called the empty text.
    """

    inputs: list[Json] = field(default_factory=list)
    outputs: list[Json] = field(default_factory=list)
    params: list[Json] = field(default_factory=list)


def parse_signature(given: object) -> Signature | None:
    """The signature that MLmodel has; None without one."""
    if given is None:
        return None
    if not isinstance(given, dict):
        raise InvalidParameter("The signature in MLmodel is no mapping of inputs, outputs and params.")
    return Signature(
        inputs=[_column(item) for item in _listed(given, "inputs")],
        outputs=[_column(item) for item in _listed(given, "outputs")],
        params=[_param(item) for item in _listed(given, "params")],
    )


def _listed(given: Json, part: str) -> list[Json]:
    """A part of the signature, which is JSON in a text."""
    text = given.get(part)
    if text is None:
        return []
    try:
        # NaN and Infinity are no JSON for databases.
        items = json.loads(text, parse_constant=str)
    except (TypeError, ValueError, RecursionError):
        raise InvalidParameter(f"The {part} of the signature in MLmodel are not JSON.") from None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise InvalidParameter(f"The {part} of the signature in MLmodel are not a list of objects.")
    return items


def _column(item: Json) -> Json:
    column = {"name": _name(item), "type": _type(item), "required": item.get("required", True) is not False}
    if item.get("type") == "tensor":
        spec = item.get("tensor-spec")
        if not isinstance(spec, dict):
            raise InvalidParameter("A tensor of the signature in MLmodel has no tensor-spec.")
        column |= {"dtype": storable(str(spec.get("dtype", ""))), "shape": _shape(spec.get("shape"))}
    return column


def _param(item: Json) -> Json:
    return {
        "name": _name(item),
        "type": _type(item),
        "required": False,
        "default": _stored(item.get("default")),
        "shape": _shape(item["shape"]) if item.get("shape") is not None else None,
    }


def _name(item: Json) -> str:
    return storable(str(item.get("name", "")))


def _type(spec: object, depth: int = 0) -> str:
    if depth > DEEPEST_TYPE:
        raise InvalidParameter(f"A type of the signature in MLmodel is nested more than {DEEPEST_TYPE} deep.")
    if isinstance(spec, str):
        return storable(spec)
    match spec:
        case {"type": "array", "items": items}:
            return f"array({_type(items, depth + 1)})"
        case {"type": "map", "values": values}:
            return f"map({_type(values, depth + 1)})"
        case {"type": "object", "properties": dict(properties)}:
            return f"object({', '.join(_property(name, item, depth) for name, item in properties.items())})"
        case {"type": str(name)}:
            return storable(name)
    raise InvalidParameter("A column of the signature in MLmodel has no type.")


def _property(name: str, item: object, depth: int) -> str:
    optional = "?" if isinstance(item, dict) and item.get("required") is False else ""
    return f"{storable(name)}{optional}: {_type(item, depth + 1)}"


def _shape(shape: object) -> list[int]:
    if not isinstance(shape, list) or not all(isinstance(length, int) for length in shape):
        raise InvalidParameter("A shape in the signature of MLmodel is no list of whole numbers.")
    return shape


def _stored(value: object) -> object:
    """A value from JSON, without what databases refuse in texts."""
    match value:
        case str():
            return storable(value)
        case list():
            return [_stored(item) for item in value]
        case dict():
            return {storable(key): _stored(item) for key, item in value.items()}
    return value

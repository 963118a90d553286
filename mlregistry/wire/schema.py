"""Requests of the MLflow wire as msgspec structs, decoded the way the genuine server's protobuf does.

Clients may spell fields in snake_case or camelCase, send int64 as strings, enums as numbers, `NaN` bare or quoted,
and fields nobody knows. Well-formed snake_case bodies, which is what clients send, are decoded straight to the
struct; everything else takes the slow path below, which also finds the sentence for what is wrong.
"""

import json
import re
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

import msgspec
from django.http import QueryDict

from mlregistry.errors import InvalidParameter

Int32 = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
Required = Annotated[str, msgspec.Meta(min_length=1)]
"""A string that must be there; protobuf cannot tell empty from absent, so neither may it be empty."""

SEE_DOCS = " See the API docs for more information about request parameters."
TOO_DEEP = "The body is nested too deeply."


class WireEnum(StrEnum):
    """An enum of the wire: sent by name, or by its protobuf number (the position, counted from one)."""

    @classmethod
    def by_number(cls, number: int) -> "WireEnum | None":
        members = list(cls)
        return members[number - 1] if 1 <= number <= len(members) else None


class ViewType(WireEnum):
    ACTIVE_ONLY = "ACTIVE_ONLY"
    DELETED_ONLY = "DELETED_ONLY"
    ALL = "ALL"


class Schema(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A request body. Unknown fields are dropped on the slow path, as protobuf drops them."""


class Empty(Schema):
    """A request that carries nothing, or an answer that has nothing to tell."""


S = TypeVar("S", bound=Schema)


def decode_body(schema: type[S], raw: bytes, path: Mapping[str, str]) -> S:
    """`raw` as a `schema`; values named in the URL's `path` win, and a body that says otherwise is refused."""
    # An escaped NUL would pass the decoder, and no database keeps one: the slow path has the sentence for it.
    if not path and b"\\u0000" not in raw:
        try:
            return _decoder(schema).decode(raw)  # type: ignore[no-any-return]  # the decoder was made for this schema
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass
        except RecursionError:
            raise InvalidParameter(TOO_DEEP) from None
    return convert(schema, _merge(_loads(raw), path))


def decode_query(schema: type[S], query: QueryDict, path: Mapping[str, str]) -> S:
    """The query string as a `schema`; of a repeated field the first value counts, or all of them if it is a list."""
    values: dict[str, Any] = {}
    for field in _fields(schema):
        if field.name in query:
            given = query.getlist(field.name)
            values[field.name] = given if field.is_list else given[0]
    return convert(schema, _merge(values, path))


def missing(parameter: str) -> InvalidParameter:
    """The error for a required parameter that is not there."""
    return InvalidParameter(f"Missing value for required parameter '{parameter}'.{SEE_DOCS}")


def convert(schema: type[S], values: dict[str, Any]) -> S:
    """`values`, normalised, as a `schema`; raises `InvalidParameter` that names the field and what it held."""
    try:
        values = _normalise(schema, values)
        return msgspec.convert(values, schema, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidParameter(_explain(str(error), values) + SEE_DOCS) from None
    except RecursionError:
        raise InvalidParameter(TOO_DEEP) from None


@cache
def _decoder(schema: type[Schema]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(schema, strict=False)


class _Field(NamedTuple):
    name: str
    camel: str
    kind: Any
    """The struct, enum or plain type, inside whatever list it is in."""
    is_list: bool


@cache
def _fields(schema: type[msgspec.Struct]) -> tuple[_Field, ...]:
    return tuple(
        _Field(name, re.sub(r"_([a-z])", lambda letter: letter[1].upper(), name), _inner(hint), _is_list(hint))
        for name, hint in get_type_hints(schema).items()
    )


def _loads(raw: bytes) -> dict[str, Any]:
    if not raw.strip():
        return {}
    try:
        loaded = json.loads(raw)
        if isinstance(loaded, str):  # MLflow's oldest clients encode their JSON twice.
            loaded = json.loads(loaded)
    except UnicodeDecodeError:
        raise InvalidParameter("The body is not JSON: it is not UTF-8.") from None
    except json.JSONDecodeError as error:
        raise InvalidParameter(f"The body is not JSON: {error}.") from None
    except ValueError:  # Python's own limit on digits
        raise InvalidParameter("The body holds a number with too many digits.") from None
    except RecursionError:
        raise InvalidParameter(TOO_DEEP) from None
    if loaded is None:
        return {}
    if not isinstance(loaded, dict):
        raise InvalidParameter("The body must be a JSON object, such as {}.")
    return loaded


def _merge(values: dict[str, Any], path: Mapping[str, str]) -> dict[str, Any]:
    for name, value in path.items():
        if values.get(name, value) != value:
            raise InvalidParameter(
                f"'{name}' is {value!r} in the URL and {values[name]!r} in the body; they must agree."
            )
    return {**values, **path}


def _normalise(schema: type[msgspec.Struct], values: dict[str, Any]) -> dict[str, Any]:
    """Known fields under their snake_case names, enums by name, at every depth; null and unknown fields dropped."""
    found: dict[str, Any] = {}
    for field in _fields(schema):
        name, camel = field.name, field.camel
        if camel != name and name in values and camel in values:
            raise InvalidParameter(f"Request specifies both '{name}' and '{camel}'; provide only one of them.")
        value = values.get(name, values.get(camel))
        if value is not None:
            found[name] = _normalise_value(field.kind, value, name)
    return found


def _normalise_value(kind: Any, value: Any, name: str) -> Any:
    if isinstance(value, str):
        _check_text(value, name)
        return _float(value) if kind is float else value
    if isinstance(value, list):
        return [_normalise_value(kind, item, name) for item in value]
    if isinstance(value, dict):
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            return _normalise(kind, value)
        for text in value:
            _check_text(text, name)
        return {key: _normalise_value(kind, item, name) for key, item in value.items()}
    if isinstance(value, int) and not isinstance(value, bool) and isinstance(kind, type) and issubclass(kind, WireEnum):
        return kind.by_number(value) or value
    return value


def _check_text(value: str, name: str) -> None:
    """Refuse what JSON can spell and no database can keep."""
    if "\0" in value:
        raise InvalidParameter(f"'{name}' holds a NUL character; text may hold any other.{SEE_DOCS}")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise InvalidParameter(
                f"'{name}' holds half of a surrogate pair, which is no character.{SEE_DOCS}"
            ) from None


def _float(value: str) -> float | str:
    try:
        return float(value)
    except ValueError:
        return value


def _is_list(hint: Any) -> bool:
    return any(get_origin(part) is list for part in (hint, *get_args(hint)))


def _inner(hint: Any) -> Any:
    """The struct, enum or plain type inside `list[X]`, `dict[str, X]`, `X | None` and their combinations."""
    parts = [part for part in get_args(hint) if part is not type(None)]
    return _inner(parts[-1]) if parts else hint


def _explain(said: str, values: dict[str, Any]) -> str:
    missing = re.match(r"Object missing required field `(\w+)`(?: - at `\$\.?(.*)`)?", said)
    if missing:
        return f"Missing value for required parameter '{_join(missing[2], missing[1])}'."
    where = re.search(r" - at `\$\.?(.*)`$", said)
    path = where[1] if where else ""
    value = _value_at(values, path)
    if value == "" and "length >= 1" in said:
        return f"Missing value for required parameter '{path}'."
    shown = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    hint = re.sub(r" - at `.*`$", "", said)
    return (
        f"Invalid value {shown[:500]} for parameter '{path}' supplied: {hint}."
        f" Hint: Value was of type '{type(value).__name__}'."
    )


def _join(path: str | None, name: str) -> str:
    return f"{path}.{name}" if path else name


def _value_at(values: Any, path: str) -> Any:
    for name, index in re.findall(r"(\w+)|\[(\d+)\]", path):
        try:
            values = values[int(index)] if index else values[name]
        except (KeyError, IndexError, TypeError):
            return values
    return values

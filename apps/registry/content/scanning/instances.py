"""Classes on the allow-lists whose arguments and state need a look: types of numpy, arrays of joblib, models that hold
a formula."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from apps.registry.content.scanning.values import (
    OF_OBJECTS,
    PLAIN,
    Absent,
    Fields,
    Global,
    Instance,
    NumpyType,
    is_of_objects,
)

ARRAY_WRAPPERS = frozenset(
    [
        ("joblib.numpy_pickle", "NumpyArrayWrapper"),
        ("sklearn.externals.joblib.numpy_pickle", "NumpyArrayWrapper"),
    ]
)
MODEL_DATA = frozenset([("statsmodels.base.data", "ModelData"), ("statsmodels.base.data", "PandasData")])
WITH_A_TELLING_STATE = ARRAY_WRAPPERS | MODEL_DATA
DTYPE = ("numpy", "dtype")
NDARRAY = ("numpy", "ndarray")
LONGEST_TUPLE = 9
"""Items that are kept: as many as the state of a dtype has."""

_TYPE = re.compile(r"([biufcmMSUVO])([0-9]{1,9})")
_NAME_OF_TYPE = re.compile(r"(?:bool|int|uint|float|complex|str|bytes|datetime|timedelta)_?[0-9]{0,3}")
_OF_ANY_SIZE = "SUV"
_SIZE_IN_STATE, _FLAGS_IN_STATE = 5, 7
_STATE_LENGTHS = (8, 9)
_REFERENCES_AND_LISTS = 0b11
"""Of the flags: elements are references, so they are pickled in lists. Both or neither, or memory is misread."""


class Obscure(Exception):
    """It cannot be told what loading this does; the message says what it is about."""


@dataclass(frozen=True, slots=True)
class RawArray:
    """What joblib writes behind the description of an array: padding perhaps, then bytes; or a pickle of its own."""

    size: int
    is_padded: bool
    is_pickle: bool


def tuple_of(items: Sequence[object]) -> tuple[object, ...]:
    """A tuple as far as it is looked at. Tuples in it are not: a chain of them must not take memory without end."""
    kept = [_item(item) for item in items[:LONGEST_TUPLE]]
    if len(items) > LONGEST_TUPLE:
        rest = [_item(item) for item in items[LONGEST_TUPLE:]]
        kept += [item for item in rest if isinstance(item, Global) and item.key in WITH_A_TELLING_STATE][:1]
        kept += [OF_OBJECTS] if OF_OBJECTS in rest else []
    return tuple(kept)


def _item(value: object) -> object:
    if isinstance(value, str | int | Global | None):
        return value
    return OF_OBJECTS if is_of_objects(value) else PLAIN


def formula_in(state: object) -> bool:
    """Whether a model's data has a formula, which statsmodels evaluates as Python when this state is set."""
    if not isinstance(state, Fields) or state.is_obscure:
        raise Obscure("the data of a statsmodels model is not as statsmodels writes it")
    return state.has_formula


def numpy_type(args: tuple[object, ...]) -> NumpyType:
    """What `numpy.dtype` makes of the arguments that pickles give it."""
    name = args[0] if args and isinstance(args[0], str) else ""
    code = _TYPE.fullmatch(name)
    if code is not None:
        # What fields a void has is in its state.
        return NumpyType(code[1], int(code[2]), of_objects=code[1] in "OV")
    if _NAME_OF_TYPE.fullmatch(name):
        return NumpyType("", 0, of_objects=False, is_complete=True)
    raise Obscure("a type of numpy is not described as numpy describes it")


def complete_type(known: NumpyType, state: object) -> None:
    """Set the state of a dtype. One that lies about objects makes references of numbers, and those lead anywhere."""
    if known.is_complete or not isinstance(state, tuple) or len(state) not in _STATE_LENGTHS:
        raise Obscure("a type of numpy is not described as numpy describes it")
    size, flags = state[_SIZE_IN_STATE], state[_FLAGS_IN_STATE]
    if not isinstance(size, int) or not isinstance(flags, int):
        raise Obscure("a type of numpy is not described as numpy describes it")
    known.of_objects = known.letter == "O" or OF_OBJECTS in state
    if flags & _REFERENCES_AND_LISTS != (_REFERENCES_AND_LISTS if known.of_objects else 0):
        raise Obscure("a type of numpy does not say what it is a type of")
    known.size = size if known.letter in _OF_ANY_SIZE else known.size
    known.is_complete = True


def describe_array(wrapper: Instance, state: object) -> None:
    """Set the state of a NumpyArrayWrapper."""
    if not isinstance(state, Fields) or state.is_obscure:
        raise Obscure("an array is not described as joblib describes it")
    wrapper.array = wrapper.array or Fields()
    wrapper.array.update(state)


def raw_array(wrapper: Instance) -> RawArray:
    """What follows in the stream once the state of a NumpyArrayWrapper has been set."""
    array = wrapper.array
    if wrapper.was_given or array is None or not isinstance(array.alignment, int | Absent | None):
        raise Obscure("an array is not described as joblib describes it")
    lengths = array.shape if isinstance(array.shape, tuple) else (PLAIN,)
    sizes = [length for length in lengths if isinstance(length, int) and length >= 0]
    if len(sizes) != len(lengths) or len(lengths) >= LONGEST_TUPLE:
        raise Obscure("an array has a shape that is none")
    dtype = array.dtype
    if not isinstance(dtype, NumpyType) or not dtype.is_complete or not dtype.letter:
        raise Obscure("an array has a type that is none")
    return RawArray(math.prod(sizes) * dtype.size, isinstance(array.alignment, int), dtype.of_objects)

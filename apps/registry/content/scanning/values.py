"""What stands on the stack while a pickle is followed: as much of each value as must be known to follow it rightly.

Texts, small integers and None are themselves, and tuples are tuples of what matters in them. The rest of plain data is
`PLAIN`.
"""

from dataclasses import dataclass

from apps.registry.content.scanning.findings import Remark


class Plain:
    """Data that can neither be called nor be the name of anything."""


class OfObjects:
    """In a tuple: something by which a type of numpy's has elements or fields that are objects."""


class Absent:
    """The value of a key that a dictionary does not have."""


PLAIN = Plain()
OF_OBJECTS = OfObjects()
ABSENT = Absent()
FORMULA_KEYS = frozenset(["restore_model_spec", "restore_design_info"])
"""Beside a formula, in the state of the data of a statsmodels model."""


@dataclass(frozen=True, slots=True)
class Global:
    """What an import gives: a class, a function, or whatever else bears the name."""

    module: str
    name: str
    remark: Remark | None

    @property
    def key(self) -> tuple[str, str]:
        return self.module, self.name


@dataclass(slots=True)
class NumpyType:
    """A dtype: its letter, the bytes of an element, and whether those are, or hold, references to objects."""

    letter: str
    size: int
    of_objects: bool
    is_complete: bool = False


class Instance:
    """What a call gave. `of` is what was called; None for what the loading program supplies.

    `was_given` arguments: then what it holds is not only what its state says. `array` is what an array wrapper holds.
    """

    __slots__ = ("array", "numpy_type", "of", "was_given")

    def __init__(self, of: Global | None) -> None:
        self.of = of
        self.was_given = False
        self.numpy_type: NumpyType | None = None
        self.array: Fields | None = None


class Fields:
    """A dictionary, as far as it is looked at: what stands under the keys of joblib's arrays, whether there is a
    formula of statsmodels, whether a key is not what it seems, and whether a field of a dtype is of objects."""

    __slots__ = ("alignment", "dtype", "has_formula", "is_obscure", "of_objects", "shape")

    def __init__(self) -> None:
        self.shape: object = ABSENT
        self.dtype: object = ABSENT
        self.alignment: object = ABSENT
        self.has_formula = False
        self.is_obscure = False
        self.of_objects = False

    def put(self, key: object, value: object) -> None:
        self.of_objects = self.of_objects or is_of_objects(value)
        if isinstance(key, Instance):  # perhaps a text of another class, which is the same key
            self.is_obscure = True
        elif key == "shape":
            self.shape = _apart(value)
        elif key == "dtype":
            self.dtype = _apart(value)
        elif key == "numpy_array_alignment_bytes":
            self.alignment = _apart(value)
        elif isinstance(key, str) and key in FORMULA_KEYS:
            self.has_formula = True

    def update(self, others: "Fields") -> None:
        self.shape = self.shape if others.shape is ABSENT else others.shape
        self.dtype = self.dtype if others.dtype is ABSENT else others.dtype
        self.alignment = self.alignment if others.alignment is ABSENT else others.alignment


def is_of_objects(value: object) -> bool:
    """Whether it makes a dtype that it is a part of one of objects."""
    if isinstance(value, tuple):
        return OF_OBJECTS in value
    if isinstance(value, Fields):
        return value.of_objects
    return isinstance(value, Instance) and value.numpy_type is not None and value.numpy_type.of_objects


def _apart(value: object) -> object:
    """What is kept of a value. Nothing that holds others: a chain of them could be endless."""
    if isinstance(value, Instance):
        return value.numpy_type
    return value if isinstance(value, str | int | tuple | None) else PLAIN

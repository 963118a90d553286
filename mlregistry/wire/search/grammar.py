"""What can be asked about one kind of object: the entities, their keys, and how each is compared and ordered."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from mlregistry.wire.search import values
from mlregistry.wire.search.syntax import Operator
from mlregistry.wire.search.values import Reader

Comparisons = Mapping[Operator, Reader]
"""The operators that a key takes, and the form of the value after each."""

EQUALITY = (Operator.EQUAL, Operator.NOT_EQUAL)
MAGNITUDE = (Operator.LESS, Operator.LESS_OR_EQUAL, Operator.GREATER, Operator.GREATER_OR_EQUAL)
LIKENESS = (Operator.LIKE, Operator.ILIKE)
MEMBERSHIP = (Operator.IN, Operator.NOT_IN)
PRESENCE = (Operator.IS_NULL, Operator.IS_NOT_NULL)


def compared(reader: Reader, *operators: Operator) -> dict[Operator, Reader]:
    """`operators`, each followed by what `reader` reads."""
    return dict.fromkeys(operators, reader)


NUMBER = compared(values.number, *EQUALITY, *MAGNITUDE)
DECIMAL = compared(values.decimal, *EQUALITY, *MAGNITUDE)
INTEGER = compared(values.integer, *EQUALITY, *MAGNITUDE)
TEXT = compared(values.text, *EQUALITY, *LIKENESS)
LISTABLE_TEXT = TEXT | compared(values.texts, *MEMBERSHIP)
OPTIONAL_TEXT = TEXT | compared(values.nothing, *PRESENCE)


@dataclass(frozen=True, slots=True)
class Field:
    """A key that the grammar knows by name.

    It stands for `key` of `kind`; empty means its own name, its own entity. Without comparisons it only orders.
    """

    comparisons: Comparisons = field(default_factory=dict)
    key: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Entity:
    """One kind of thing that a reference names, under any of `prefixes`.

    Its keys are those of `fields` and, when `any_key` or `namespaces` say how to compare them, free ones: all, or all
    that begin with a namespace (`attributes.`). `orders` are the names that results can be ordered by, with what they
    stand for; `orders_any` allows every key.
    """

    kind: str
    prefixes: tuple[str, ...]
    fields: Mapping[str, Field] = field(default_factory=dict)
    any_key: Comparisons | None = None
    namespaces: Mapping[str, Comparisons] = field(default_factory=dict)
    orders: Mapping[str, Field] = field(default_factory=dict)
    orders_any: bool = False

    def comparisons_of(self, key: str) -> Comparisons | None:
        """How a key that is not in `fields` is compared; None if there is no such key."""
        for namespace, comparisons in self.namespaces.items():
            if key.startswith(namespace) and len(key) > len(namespace):
                return comparisons
        return self.any_key


@dataclass(frozen=True, eq=False)
class Grammar:
    """The searches of one kind of object, made once per process: parsed texts are remembered by its identity.

    The first entity's keys may stand without a prefix. `repeats` lets an order name the same key twice.
    """

    entities: tuple[Entity, ...]
    repeats: bool = False
    by_prefix: Mapping[str, Entity] = field(init=False)

    def __post_init__(self) -> None:
        found = {prefix: entity for entity in self.entities for prefix in entity.prefixes}
        object.__setattr__(self, "by_prefix", MappingProxyType(found))

    @property
    def bare(self) -> Entity:
        return self.entities[0]


def ordered_by(*names: str, **aliases: str) -> dict[str, Field]:
    """`orders` of an entity: names that stand for themselves, and others for a key."""
    return {name: Field() for name in names} | {name: Field(key=key) for name, key in aliases.items()}


def named(names: Iterable[str], comparisons: Comparisons, *, key: str = "") -> dict[str, Field]:
    """`fields` of an entity: `names` that are compared alike and stand for themselves, or all for `key`."""
    return {name: Field(comparisons, key=key) for name in names}


def canonical(fields: Mapping[str, Field]) -> list[str]:
    """The names in `fields` that are no aliases of others: those worth telling."""
    return [name for name, found in fields.items() if found.kind or found.key in ("", name) or found.key not in fields]

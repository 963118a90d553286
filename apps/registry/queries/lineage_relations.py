"""How the nodes of lineage hang together, and how an app above adds nodes of its own:

    add_kind("deployment", Kind(…), Relation("deployed", "is deployed to", down=Step(…), up=Step(…)))

It does so while Django starts.
"""

from dataclasses import dataclass

from apps.registry.queries.lineage_nodes import KINDS, Kind


@dataclass(frozen=True, slots=True)
class Step:
    """One way along a relation: the field of `far` rows that holds the value of a near row."""

    near: str
    value: str
    far: str
    field: str
    same: str = ""
    """What both rows have in common besides: a field with an index, where the other has none."""


@dataclass(frozen=True, slots=True)
class Relation:
    """How rows of one kind come from rows of another, told from either end."""

    name: str
    words: str
    """Between what something came from and what became of it: "version 3 is called champion"."""
    down: Step
    up: Step


INPUT = "input", "went into"
OUTPUT = "output", "made"
REGISTERED = "registered", "was registered as"

RELATIONS = [
    Relation(
        *INPUT,
        down=Step("dataset", "pk", "run", "dataset_inputs__dataset_id"),
        up=Step("run", "pk", "dataset", "inputs__run_id"),
    ),
    Relation(
        *INPUT,
        down=Step("logged_model", "pk", "run", "model_inputs__model_id"),
        up=Step("run", "pk", "logged_model", "used_by__run_id"),
    ),
    Relation(
        *OUTPUT,
        down=Step("run", "pk", "logged_model", "made_by__run_id"),
        up=Step("logged_model", "pk", "run", "model_outputs__model_id"),
    ),
    Relation(
        *OUTPUT,
        down=Step("run", "uuid", "logged_model", "source_run_id"),
        up=Step("logged_model", "source_run_id", "run", "uuid"),
    ),
    Relation(
        *REGISTERED,
        down=Step("run", "uuid", "version", "run_id"),
        up=Step("version", "run_id", "run", "uuid"),
    ),
    Relation(
        *REGISTERED,
        down=Step("logged_model", "model_id", "version", "logged_model_id"),
        up=Step("version", "logged_model_id", "logged_model", "model_id"),
    ),
    Relation(
        "copied",
        "was copied to",
        down=Step("version", "uri", "version", "source", same="location"),
        up=Step("version", "source", "version", "uri", same="location"),
    ),
    Relation(
        "alias",
        "is called",
        down=Step("version", "pk", "alias", "version_id"),
        up=Step("alias", "version_id", "version", "pk"),
    ),
    Relation(
        "version_of",
        "is a version of",
        down=Step("version", "model_id", "model", "pk"),
        up=Step("model", "pk", "version", "model_id"),
    ),
]


def add_kind(name: str, kind: Kind, *relations: Relation) -> None:
    """Have lineage tell of another kind of nodes, by its relations to those that there are."""
    KINDS[name] = kind
    RELATIONS.extend(relations)


def relation_words() -> dict[str, str]:
    """What each relation is called in a sentence."""
    return {relation.name: relation.words for relation in RELATIONS}

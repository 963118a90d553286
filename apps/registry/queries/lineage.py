"""Where something came from, and what became of it: data set, run, logged model, version, alias, registered model.

And what apps above have added: see `lineage_relations.add_kind`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.db.models import F

from apps.accounts.models import User
from apps.registry.queries.lineage_nodes import KINDS, Node, Row, addresses
from apps.registry.queries.lineage_relations import RELATIONS, Relation, Step
from mlregistry.errors import InvalidParameter, NotFound

MOST_NODES = 500
MOST_EDGES = 2_000
"""Of one relation, from all nodes of one level together."""
DEEPEST = 20
UPSTREAM, DOWNSTREAM, BOTH = "upstream", "downstream", "both"


@dataclass(frozen=True, slots=True)
class Edge:
    """From where something came to what became of it; both ends are ids of nodes."""

    source: str
    target: str
    relation: str


@dataclass(slots=True)
class Lineage:
    nodes: dict[str, Node] = field(default_factory=dict)
    """By id."""
    edges: dict[Edge, None] = field(default_factory=dict)
    """Each once, in the order in which they were found."""
    truncated: bool = False
    """There is more than an answer may hold."""

    def holds(self, node: Node) -> bool:
        """Whether the node is part of this, now if it was not before: unless there are too many already."""
        if node.id in self.nodes or len(self.nodes) < MOST_NODES:
            self.nodes[node.id] = node
            return True
        self.truncated = True
        return False


_Found = dict[str, list[Row]]
"""Rows by their kind."""


def lineage_of(user: User, node: str, *, direction: str = BOTH, depth: int = DEEPEST) -> Lineage:
    """Everything upstream and downstream of `node`, at most `depth` relations away, that the user may read.

    Both ways means what `node` came from and what came of it, not what else came from the same. How many statements
    that takes depends on the levels and relations there are, not on the number of nodes.
    """
    kind, start = _start(user, node)
    lineage, first = Lineage(), KINDS[kind].node(start)
    lineage.holds(first)
    for way in (UPSTREAM, DOWNSTREAM):
        if direction in (way, BOTH):
            walk = _Walk(user, lineage, way, seen={first.id})
            frontier: _Found = {kind: [start]}
            while frontier and depth > walk.levels:
                frontier = walk.further(frontier)
    return lineage


def _start(user: User, node: str) -> tuple[str, Row]:
    kind, _, rest = node.partition(":")
    try:
        fields = KINDS[kind].named(rest)
    except (KeyError, ValueError):
        raise InvalidParameter(f"'{node}' is the address of no node: write {addresses()}.") from None
    found = KINDS[kind].readable(user).filter(**fields).first()
    if found is None:
        raise NotFound(f"There is no {node} here, or not for you.")
    return kind, found


@dataclass(slots=True)
class _Walk:
    """A way through all that is upstream, or downstream, level by level."""

    user: User
    lineage: Lineage
    way: str
    seen: set[str]
    levels: int = 0

    def further(self, frontier: _Found) -> _Found:
        """The rows one relation further that this walk has not seen before."""
        self.levels += 1
        found: _Found = defaultdict(list)
        for relation in RELATIONS:
            step = relation.up if self.way == UPSTREAM else relation.down
            near = _by_value(frontier.get(step.near, ()), step.value)
            for row in self._neighbours(step, near):
                node = KINDS[step.far].node(row)
                if not self.lineage.holds(node):
                    continue
                self._connect(relation, step, near[row.near], node)
                if node.id not in self.seen:
                    self.seen.add(node.id)
                    found[step.far].append(row)
        return found

    def _neighbours(self, step: Step, near: Mapping[object, list[Row]]) -> list[Row]:
        """The far rows that the user may read, each `near` the value it was found by, in one statement."""
        if not near:
            return []
        rows = KINDS[step.far].readable(self.user).filter(**{f"{step.field}__in": list(near)})
        if step.same:
            shared = {getattr(row, step.same) for found in near.values() for row in found}
            rows = rows.filter(**{f"{step.same}__in": shared})
        found = list(rows.annotate(near=F(step.field)).order_by("pk")[: MOST_EDGES + 1])
        self.lineage.truncated |= len(found) > MOST_EDGES
        return found[:MOST_EDGES]

    def _connect(self, relation: Relation, step: Step, near: list[Row], far: Node) -> None:
        for row in near:
            ends = KINDS[step.near].node(row).id, far.id
            source, target = ends if self.way == DOWNSTREAM else ends[::-1]
            self.lineage.edges[Edge(source, target, relation.name)] = None


def _by_value(rows: Iterable[Row], value: str) -> dict[object, list[Row]]:
    """The rows by what their neighbours know them by; those without it have none."""
    found: dict[object, list[Row]] = defaultdict(list)
    for row in rows:
        if getattr(row, value):
            found[getattr(row, value)].append(row)
    return found

"""Lineage as a drawing: where each node stands, and how the lines between them run.

Drawn here and not in the browser, so it is there without scripts, can be read aloud, and costs no library.
"""

from collections import defaultdict
from dataclasses import dataclass

from django.urls import reverse

from apps.registry.queries.lineage import Lineage
from apps.registry.queries.lineage_nodes import KINDS, Node
from apps.registry.queries.lineage_relations import relation_words

MOST_DRAWN = 60
WIDTH, HEIGHT = 146, 48
COLUMN, ROW = WIDTH + 34, HEIGHT + 14
MARGIN = 8
LONGEST_NAME = 16
LEGIBLE = 1_100
"""A wider drawing is scrolled: made to fit, nobody could read it."""


@dataclass(frozen=True, slots=True)
class Box:
    node: Node
    kind: str
    name: str
    address: str
    x: int
    y: int
    is_start: bool

    @property
    def label(self) -> str:
        return self.name if len(self.name) <= LONGEST_NAME else f"{self.name[: LONGEST_NAME - 1]}…"


@dataclass(frozen=True, slots=True)
class Line:
    path: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Drawing:
    boxes: list[Box]
    lines: list[Line]
    width: int
    height: int
    more: int
    """Nodes that are not drawn."""
    truncated: bool

    @property
    def is_legible(self) -> bool:
        return self.width <= LEGIBLE


def drawn(lineage: Lineage, *, start: str) -> Drawing:
    """Columns from left to right, so that every line runs to the right."""
    nodes = dict(list(lineage.nodes.items())[:MOST_DRAWN])
    edges = [edge for edge in lineage.edges if edge.source in nodes and edge.target in nodes]
    columns = _columns(nodes, [(edge.source, edge.target) for edge in edges])
    tallest = max(len(column) for column in columns)
    boxes = {}
    for across, column in enumerate(columns):
        top = MARGIN + (tallest - len(column)) * ROW // 2
        for down, node_id in enumerate(column):
            node = nodes[node_id]
            boxes[node_id] = Box(
                node,
                *_called(node),
                reverse(node.page[0], args=node.page[1:]) if node.page else "",
                MARGIN + across * COLUMN,
                top + down * ROW,
                is_start=node_id == start,
            )
    lines = [
        Line(
            _path(boxes[edge.source], boxes[edge.target]),
            _sentence(nodes[edge.source], edge.relation, nodes[edge.target]),
        )
        for edge in edges
    ]
    return Drawing(
        list(boxes.values()),
        lines,
        width=2 * MARGIN + (len(columns) - 1) * COLUMN + WIDTH,
        height=2 * MARGIN + tallest * ROW - (ROW - HEIGHT),
        more=len(lineage.nodes) - len(nodes),
        truncated=lineage.truncated,
    )


def _called(node: Node) -> tuple[str, str]:
    """Its kind and its name, so that what tells versions apart is not what a long name is cut to."""
    if node.kind == "version":
        return f"version {node.details['version']}", node.details["model"]
    return KINDS[node.kind].word, node.name


def _columns(nodes: dict[str, Node], edges: list[tuple[str, str]]) -> list[list[str]]:
    """Each node one column further than the furthest that leads to it, and near what leads to it."""
    depth = dict.fromkeys(nodes, 0)
    for _ in nodes:  # as often as the longest way there can be: a circle, which no rule forbids, ends too
        deeper = {target: depth[source] + 1 for source, target in edges if depth[target] <= depth[source]}
        if not deeper or max(deeper.values()) >= len(nodes):
            break
        depth |= deeper
    before = defaultdict(list)
    for source, target in edges:
        before[target].append(source)
    columns: list[list[str]] = []
    place: dict[str, int] = {}
    for across in range(max(depth.values()) + 1):
        column = [node for node in nodes if depth[node] == across]
        column.sort(key=lambda node: _mean([place[source] for source in before[node] if source in place]))
        place |= {node: down for down, node in enumerate(column)}
        columns.append(column)
    return [column for column in columns if column]


def _mean(places: list[int]) -> float:
    return sum(places) / len(places) if places else 0


def _path(source: Box, target: Box) -> str:
    x1, y1 = source.x + WIDTH, source.y + HEIGHT // 2
    x2, y2 = target.x, target.y + HEIGHT // 2
    middle = (x1 + x2) // 2
    return f"M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}"


def _sentence(source: Node, relation: str, target: Node) -> str:
    came_from, became = (f"{KINDS[node.kind].word} {node.name}" for node in (source, target))
    return f"{came_from} {relation_words()[relation]} {became}"

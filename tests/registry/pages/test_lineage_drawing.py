"""How lineage is drawn."""

from apps.accounts.models import User
from apps.registry.models import ModelVersion
from apps.registry.pages.lineage_drawing import COLUMN, MARGIN, MOST_DRAWN, Drawing, drawn
from apps.registry.queries.lineage import Edge, Lineage
from apps.registry.queries.lineage_nodes import Node
from tests.registry.pages.visiting import read


def lineage(*edges: tuple[str, str]) -> Lineage:
    found = Lineage()
    for source, target in edges:
        for name in (source, target):
            found.nodes[f"run:{name}"] = Node(f"run:{name}", "run", name, {})
        found.edges[Edge(f"run:{source}", f"run:{target}", "input")] = None
    return found


def columns(drawing: Drawing) -> dict[str, int]:
    return {box.name: (box.x - MARGIN) // COLUMN for box in drawing.boxes}


def test_every_line_runs_to_the_right() -> None:
    drawing = drawn(lineage(("a", "b"), ("b", "d"), ("a", "d"), ("c", "d"), ("d", "e")), start="run:d")
    assert columns(drawing) == {"a": 0, "c": 0, "b": 1, "d": 2, "e": 3}
    assert [box.name for box in drawing.boxes if box.is_start] == ["d"]
    assert len({(box.x, box.y) for box in drawing.boxes}) == len(drawing.boxes)


def test_a_circle_is_drawn_and_ends() -> None:
    drawing = drawn(lineage(("a", "b"), ("b", "c"), ("c", "a")), start="run:a")
    assert len(drawing.boxes) == len(drawing.lines) == 3


def test_what_there_is_no_room_for_is_counted() -> None:
    many = lineage(*((f"r{number}", "end") for number in range(MOST_DRAWN + 20)))
    drawing = drawn(many, start="run:end")
    assert len(drawing.boxes) == MOST_DRAWN
    assert drawing.more == 21


def test_boxes_lead_to_pages_and_long_names_are_cut(ada: User, pair: tuple[ModelVersion, ...]) -> None:
    page = read(ada, "version", pair[0].model_id, 1)
    assert f'href="/admin/runs/{pair[0].run_id}/"' in page
    box = drawn(lineage(("x" * 500, "b")), start="run:b").boxes[0]
    assert box.label == "x" * 15 + "…"

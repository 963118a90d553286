"""Orders: what results are sorted by, and what a wrong order is told."""

import pytest

from apps.registry.grammars import REGISTERED_MODELS
from apps.tracking.grammars import EXPERIMENTS, LOGGED_MODELS, RUNS
from mlregistry.errors import InvalidParameter
from mlregistry.wire.search import Grammar, Ordering, parse_order_by, parse_order_field
from mlregistry.wire.search.orders import MAX_ORDERINGS
from tests.wire.grammars import TRACES


def refusal(clause: str, grammar: Grammar = RUNS) -> str:
    with pytest.raises(InvalidParameter) as refused:
        parse_order_by([clause], grammar)
    return refused.value.message


def test_orders_come_most_important_first_and_ascend_unless_told_otherwise() -> None:
    assert parse_order_by(["metrics.`a b` DESC", "attributes.start_time asc", "run_id"], RUNS) == (
        Ordering("metric", "a b", ascending=False),
        Ordering("attribute", "start_time", ascending=True),
        Ordering("attribute", "run_id", ascending=True),
    )
    assert parse_order_by([], RUNS) == ()


def test_an_alias_orders_by_what_it_stands_for() -> None:
    assert parse_order_by(["Created desc"], RUNS) == (Ordering("attribute", "start_time", ascending=False),)
    assert parse_order_by(["timestamp"], REGISTERED_MODELS)[0].key == "last_updated_timestamp"
    assert parse_order_by(["name"], TRACES) == (Ordering("tag", "mlflow.traceName", ascending=True),)


@pytest.mark.parametrize(
    ("clause", "said"),
    [
        ("", "it is empty"),
        ("start_tme", "unknown attribute 'start_tme'; did you mean 'start_time'? Valid are run_id, run_name"),
        ("dataset.name", "results cannot be ordered by a dataset"),
        ("metric DESC NULLS LAST", "nothing may follow the direction"),
        ("start_time, end_time", "expected ASC, DESC or nothing after the key"),
        ("start_time downwards", "expected ASC, DESC or nothing after the key"),
        ("metrics.a b DESC", "in backticks if it is odd (at character 11, 'b DESC')"),
        ("metrics.`a`DESC", "expected ASC, DESC or nothing after the key"),
        ("metrics.`a", "nothing closes the quote `"),
        ("foo.a", "unknown entity 'foo'"),
    ],
)
def test_a_wrong_order_is_told_what_is_wrong_and_what_would_be_right(clause: str, said: str) -> None:
    assert said in refusal(clause)
    assert refusal(clause).startswith(f"Invalid order_by clause {clause!r}: ")


def test_a_key_is_named_once_unless_the_grammar_lets_it_repeat() -> None:
    with pytest.raises(InvalidParameter, match="`order_by` contains duplicate fields: 'start_time' is named twice"):
        parse_order_by(["start_time", "Created DESC"], RUNS)
    assert parse_order_by(["name", "name DESC"], EXPERIMENTS) == (Ordering("attribute", "name", ascending=True),)


def test_the_number_of_orders_is_bounded() -> None:
    with pytest.raises(InvalidParameter, match="may name 20 fields at most"):
        parse_order_by([f"metrics.m{number}" for number in range(MAX_ORDERINGS + 1)], RUNS)


def test_logged_models_are_ordered_by_fields_whose_keys_are_not_quoted() -> None:
    assert parse_order_field("metrics.a b/`c`", ascending=False, grammar=LOGGED_MODELS) == Ordering(
        "metric", "a b/`c`", ascending=False
    )
    assert parse_order_field("creation_time", ascending=True, grammar=LOGGED_MODELS).key == "creation_timestamp"


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("params.a", "results cannot be ordered by a param"),
        ("metric.a", "Invalid order by field name: 'metric.a'; did you mean 'metrics'? Valid are attributes, metrics."),
        ("nme", "unknown attribute 'nme'; did you mean 'name'?"),
    ],
)
def test_a_wrong_field_is_told_what_would_be_right(field: str, said: str) -> None:
    with pytest.raises(InvalidParameter) as refused:
        parse_order_field(field, ascending=True, grammar=LOGGED_MODELS)
    assert said in refused.value.message

"""What holds for every text and every search."""

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from apps.registry.grammars import MODEL_VERSIONS, REGISTERED_MODELS
from apps.tracking.grammars import EXPERIMENTS, LOGGED_MODELS, RUNS
from mlregistry.errors import InvalidParameter
from mlregistry.wire.search import Comparison, Operator, Ordering, Value, parse_filter, parse_order_by
from mlregistry.wire.search.grammar import DECIMAL, OPTIONAL_TEXT, TEXT
from tests.wire.grammars import TRACES

GRAMMARS = st.sampled_from([RUNS, EXPERIMENTS, LOGGED_MODELS, REGISTERED_MODELS, MODEL_VERSIONS, TRACES])
# Pieces of the language in any order come closer to it than any characters do.
PIECES = st.sampled_from(
    [
        *("metrics", "params.", "tags.`a b`", "attributes.status", "run_id", "name", "span.attributes.", "timestamp"),
        *("=", "!=", "<", "LIKE", "NOT IN", "IS NOT NULL", "is", "not", "null", "AND", "or", "DESC", "asc"),
        *("'", '"', "`", "'a'", '"b"', "('a','b')", "(", ")", ",", ".", "::", "[0]", "1", "-1.5e-3", "\\", "\\u", " "),
    ]
)
ANY_TEXT = st.one_of(st.text(), st.lists(PIECES).map("".join), st.lists(PIECES).map(" ".join))
STORABLE = st.characters(exclude_categories=["Cs"], exclude_characters="\0")


def quoted(text: str) -> str:
    """`text` as a value; it holds no more than one kind of quote, and no backslash."""
    return f'"{text}"' if "'" in text else f"'{text}'"


def listed(items: tuple[str, ...]) -> str:
    return "(" + ", ".join(map(repr, items)) + ")"


def written(value: Value) -> str:
    match value:
        case None:
            return ""
        case tuple():
            return listed(value)
        case str():
            return quoted(value)
    return repr(value).replace("e+", "e")


KEYS = st.text(STORABLE.filter(lambda letter: letter != "`"))
TEXTS = st.text(STORABLE.filter(lambda letter: letter not in "'\\")) | st.text(
    STORABLE.filter(lambda letter: letter not in '"\\')
)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
INTEGERS = st.integers(-(2**63), 2**63 - 1)
LISTS = st.lists(st.text(STORABLE), min_size=1).map(tuple)


def comparisons(
    kind: str, keys: st.SearchStrategy[str], operators: list[Operator], values: st.SearchStrategy[Value]
) -> st.SearchStrategy[Comparison]:
    return st.builds(Comparison, st.just(kind), keys, st.sampled_from(operators), values)


PRESENCE = [Operator.IS_NULL, Operator.IS_NOT_NULL]
RUN_COMPARISONS = st.one_of(
    comparisons("metric", KEYS, list(DECIMAL), FINITE),
    comparisons("param", KEYS, [operator for operator in OPTIONAL_TEXT if operator not in PRESENCE], TEXTS),
    comparisons("tag", KEYS, PRESENCE, st.none()),
    comparisons("attribute", st.sampled_from(["start_time", "end_time"]), list(DECIMAL), INTEGERS | FINITE),
    comparisons("attribute", st.sampled_from(["status", "run_name"]), list(TEXT), TEXTS),
    comparisons("attribute", st.just("run_id"), [Operator.IN, Operator.NOT_IN], LISTS),
    comparisons("dataset", st.sampled_from(["name", "context"]), [Operator.IN], LISTS),
)


@settings(deadline=None)
@given(st.lists(RUN_COMPARISONS, max_size=6), st.sampled_from([" AND ", " and ", "\nAND\t", " "]))
def test_a_search_that_is_written_out_reads_as_itself(search: list[Comparison], separator: str) -> None:
    text = separator.join(f"{c.kind}.`{c.key}` {c.operator.value} {written(c.value)}" for c in search)
    assert parse_filter(text, RUNS) == tuple(search)


@settings(deadline=None)
@given(st.lists(st.builds(Ordering, st.just("metric"), KEYS, st.booleans()), unique_by=lambda each: each.key))
def test_an_order_that_is_written_out_reads_as_itself(order: list[Ordering]) -> None:
    clauses = [f"metrics.`{each.key}` {'ASC' if each.ascending else 'DESC'}" for each in order]
    assert parse_order_by(clauses[:20], RUNS) == tuple(order[:20])


def answers_or_refuses(read: Callable[[], object]) -> None:
    try:
        read()
    except InvalidParameter as refused:
        refused.message.encode()  # it will be sent


@settings(deadline=None, max_examples=500)
@given(ANY_TEXT, GRAMMARS)
def test_any_text_is_a_filter_or_refused_as_one(text: str, grammar: object) -> None:
    answers_or_refuses(lambda: parse_filter(text, grammar))


@settings(deadline=None, max_examples=300)
@given(ANY_TEXT, GRAMMARS)
def test_any_text_is_an_order_or_refused_as_one(text: str, grammar: object) -> None:
    answers_or_refuses(lambda: parse_order_by([text], grammar))

"""Filters and orders as the genuine server reads them: accepted or refused alike, and with the same meaning."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from apps.registry import grammars as registry
from apps.tracking import grammars
from mlregistry.errors import InvalidParameter
from mlregistry.wire.search import Grammar, parse_filter, parse_order_by
from tests.wire import genuine_search
from tests.wire import grammars as later
from tests.wire.genuine_search import Refused

pytestmark = pytest.mark.filterwarnings("ignore")  # of MLflow's own making

GRAMMARS: dict[str, Grammar] = {
    "runs": grammars.RUNS,
    "experiments": grammars.EXPERIMENTS,
    "logged_models": grammars.LOGGED_MODELS,
    "registered_models": registry.REGISTERED_MODELS,
    "model_versions": registry.MODEL_VERSIONS,
    "traces": later.TRACES,
}
CORPUS: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("searches.json").read_text())
FILTERS = [(search, text) for search, texts in CORPUS["filters"].items() for text in texts]
ORDERS = [(search, text) for search, texts in CORPUS["orders"].items() for text in texts]
DIFFERENT = [
    (part, search, text, why)
    for part, reasons in CORPUS["different"].items()
    for why, searches in reasons.items()
    for search, texts in searches.items()
    for text in texts
]


def reading(search: str, text: str) -> Any:
    """Our reading, in the form of `genuine_search.ask`."""
    return [(c.kind, c.key, c.operator.value, c.value) for c in parse_filter(text, GRAMMARS[search])]


def order_reading(search: str, text: str) -> Any:
    (ordering,) = parse_order_by([text], GRAMMARS[search])
    return ordering.kind, ordering.key, ordering.ascending


def same(genuine: Any, ours: Any) -> bool:
    """Whether two clauses mean the same; the genuine parser leaves some numbers as text."""
    if genuine[:3] != ours[:3]:
        return False
    theirs, value = genuine[3], ours[3]
    if isinstance(value, tuple):
        return tuple(map(type(value[0]), theirs)) == value
    if isinstance(value, int | float):
        return float(theirs) == value or (math.isnan(float(theirs)) and math.isnan(value))
    return bool(theirs == value)


def agree(part: str, search: str, text: str) -> bool:
    """Whether both refuse `text`, or both accept it with the same meaning."""
    ask, read = (genuine_search.ask, reading) if part == "filters" else (genuine_search.ask_order, order_reading)
    try:
        genuine = ask(search, text)
    except Refused:
        with pytest.raises(InvalidParameter):
            read(search, text)
        return True
    ours = read(search, text)
    if part == "orders":
        return bool(genuine == ours)
    return len(genuine) == len(ours) and all(map(same, genuine, ours))


@pytest.mark.parametrize(("search", "text"), FILTERS)
def test_a_filter_is_read_as_the_genuine_server_reads_it(search: str, text: str) -> None:
    assert agree("filters", search, text)


@pytest.mark.parametrize(("search", "text"), ORDERS)
def test_an_order_is_read_as_the_genuine_server_reads_it(search: str, text: str) -> None:
    assert agree("orders", search, text)


@pytest.mark.parametrize(("part", "search", "text", "why"), DIFFERENT)
def test_where_we_differ_on_purpose_we_still_do(part: str, search: str, text: str, why: str) -> None:
    """Each has its reason in the corpus. One that agrees by now belongs to the lists above."""
    try:
        alike = agree(part, search, text)
    except (InvalidParameter, pytest.fail.Exception):
        alike = False
    assert not alike, why


def test_the_corpus_is_large_and_holds_both_good_and_bad() -> None:
    def accepted(search: str, text: str) -> bool:
        try:
            parse_filter(text, GRAMMARS[search])
        except InvalidParameter:
            return False
        return True

    good = sum(accepted(search, text) for search, text in FILTERS)
    assert good > 250
    assert len(FILTERS) - good > 150
    assert len(ORDERS) > 100

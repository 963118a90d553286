"""Paging: every row once, in order, whatever is added meanwhile, on either database."""

import base64
import math
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cmp_to_key
from typing import Any

import pytest
from django.db import connection, models
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Collate, Lower
from django.test.utils import CaptureQueriesContext

from mlregistry.errors import InvalidParameter
from mlregistry.wire import pages
from mlregistry.wire.keyset import Page, Statement, Term, fetch_page, select_page
from mlregistry.wire.sql import Sql

pytestmark = pytest.mark.django_db

NAN = Q(is_nan=True)
NAMES = ["", "a", "A", "ab", "á", "Z", "z", "_", "日本", "a b", "a-b"]
COLLATIONS = {"sqlite": ["NOCASE", "BINARY"], "postgresql": ["en-x-icu", "und-x-icu", "C"]}
SCORES = [None, math.nan, math.inf, -math.inf, 0.0, -1.5, 0.1, 1e300, 3.0]


class Sample(models.Model):
    """A row with a value of every type that results are sorted by. Its table lives as long as one test."""

    name = models.TextField()
    steps = models.BigIntegerField()
    ended = models.BigIntegerField(null=True)
    score = models.FloatField(null=True)
    is_nan = models.BooleanField(default=False)
    made = models.DateTimeField()

    class Meta:
        app_label = "samples_of_a_test"

    def __str__(self) -> str:
        return self.name


TABLE = """CREATE TABLE samples_of_a_test_sample (
    id {serial}, name text NOT NULL, steps bigint NOT NULL, ended bigint, score double precision,
    is_nan boolean NOT NULL, made {moment} NOT NULL)"""
TYPES = {
    "sqlite": {"serial": "integer PRIMARY KEY", "moment": "datetime"},
    "postgresql": {"serial": "bigserial PRIMARY KEY", "moment": "timestamptz"},
}


@pytest.fixture(autouse=True)
def _table(db: None) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(TABLE.format(**TYPES[connection.vendor]))
        yield
        cursor.execute("DROP TABLE samples_of_a_test_sample")


def add(**values: Any) -> Sample:
    """A sample; its NaN is kept as MLflow keeps it, as 0 and a flag."""
    score = values.pop("score", 0.0)
    is_nan = score is not None and math.isnan(score)
    given = {"name": "", "steps": 0, "made": datetime(2026, 1, 1, tzinfo=UTC), **values}
    return Sample.objects.create(score=0.0 if is_nan else score, is_nan=is_nan, **given)


def add_random(chance: random.Random) -> Sample:
    return add(
        name=chance.choice(NAMES),
        steps=chance.choice([-(2**63), -1, 0, 1, 2**63 - 1]),
        ended=chance.choice([None, 1, 2]),
        score=chance.choice(SCORES),
        made=datetime(2026, 1, 1, 0, 0, 0, chance.randrange(3), tzinfo=UTC),
    )


def page(
    token: str = "", *, terms: list[Term], limit: int = 3, samples: QuerySet[Sample] | None = None
) -> Page[Sample]:
    samples = Sample.objects.all() if samples is None else samples
    return fetch_page(samples, terms=terms, limit=limit, token=token, question="samples")


def walk(*, terms: list[Term], limit: int = 3) -> list[Sample]:
    found, token = [], ""
    while True:
        got = page(token, terms=terms, limit=limit)
        found += got.rows
        token = got.next_page_token
        if not token:
            return found
        assert len(got.rows) == limit


def compared(one: Sample, other: Sample, terms: list[Term]) -> int:
    """MLflow's order, in Python: values, then NaN, then nothing, whichever the direction."""
    for term in terms:
        name = str(term.expression)
        ranks, values = [], []
        for row in (one, other):
            value = getattr(row, name)
            ranks.append(2 if value is None else int(name == "score" and row.is_nan))
            values.append(value.encode() if isinstance(value, str) else value)
        if ranks[0] != ranks[1]:
            return ranks[0] - ranks[1]
        if ranks[0] == 0 and values[0] != values[1]:
            return (1 if values[0] > values[1] else -1) * (1 if term.ascending else -1)
    return 0


def every_term(direction: bool) -> list[Term]:
    return [
        Term("name", str, ascending=direction),
        Term("steps", int, ascending=direction),
        Term("ended", int, ascending=direction, nullable=True),
        Term("score", float, ascending=direction, nullable=True, incomparable=NAN),
        Term("made", datetime, ascending=direction),
    ]


@pytest.mark.parametrize("seed", range(12))
def test_pages_hold_every_row_once_in_the_order_that_python_would_sort_them(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(60):
        add_random(chance)
    terms = chance.sample(every_term(True) + every_term(False), k=chance.randint(1, 3))
    terms.append(Term("id", int, ascending=chance.random() < 0.5))
    first_of_each = {term.expression: term for term in reversed(terms)}
    effective = [term for term in terms if first_of_each[term.expression] is term]
    expected = sorted(Sample.objects.all(), key=cmp_to_key(lambda one, other: compared(one, other, effective)))
    assert [row.pk for row in walk(terms=terms, limit=chance.choice([1, 3, 7]))] == [row.pk for row in expected]


@pytest.mark.parametrize("seed", range(6))
def test_a_statement_is_paged_as_a_queryset_is_with_the_same_tokens(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(40):
        add_random(chance)
    terms = [*chance.sample(every_term(True) + every_term(False), k=3), Term("id", int)]
    terms = [
        term for term in terms if term.holds is not datetime
    ]  # SQLite's own texts, without a queryset to read them
    spelled = [replace(term, incomparable=term.incomparable and "is_nan") for term in terms]
    kept = Sql("steps <> %s", (1,))
    statement = Statement("id", Sql("samples_of_a_test_sample"), kept, row=int)
    token, more = "", True
    while more:
        expected = page(token, terms=terms, samples=Sample.objects.exclude(steps=1))
        found = select_page(statement, terms=spelled, limit=3, token=token, question="samples")
        assert found == Page([row.pk for row in expected.rows], expected.next_page_token)
        token, more = found.next_page_token, bool(found.next_page_token)


@pytest.mark.parametrize("seed", range(6))
def test_rows_added_or_removed_between_pages_neither_hide_nor_repeat_the_others(seed: int) -> None:
    chance = random.Random(seed)
    kept = {add_random(chance).pk for _ in range(30)}
    terms = [*chance.sample(every_term(True) + every_term(False), k=2), Term("id", int, ascending=False)]
    found, token = [], ""
    while True:
        got = page(token, terms=terms, limit=4)
        found += [row.pk for row in got.rows]
        if not got.next_page_token:
            break
        token = got.next_page_token
        for _ in range(3):
            add_random(chance)
        last = got.rows[-1]
        if chance.random() < 0.5:  # the row that the token points behind need not be there any more
            last.delete()
    assert len(found) == len(set(found))
    assert kept <= set(found)


@pytest.mark.parametrize("ascending", [True, False])
def test_what_has_no_value_comes_last_and_nan_before_it(ascending: bool) -> None:
    rows = {score: add(score=score) for score in (None, 2.0, math.nan, -math.inf, math.inf)}
    terms = [Term("score", float, ascending=ascending, nullable=True, incomparable=NAN), Term("id", int)]
    numbers = sorted([2.0, -math.inf, math.inf], reverse=not ascending)
    found = [row.pk for row in walk(terms=terms, limit=1)]
    assert found[:3] == [rows[number].pk for number in numbers]
    assert [Sample.objects.get(pk=pk).is_nan for pk in found[3:]] == [True, False]


def test_the_last_page_has_no_token_even_when_it_is_full() -> None:
    for _ in range(6):
        add()
    terms = [Term("id", int)]
    first = page(terms=terms)
    assert len(first.rows) == 3
    second = page(first.next_page_token, terms=terms)
    assert (len(second.rows), second.next_page_token) == (3, "")


def test_a_page_of_nothing_leaves_the_caller_where_she_is() -> None:
    for _ in range(4):
        add()
    terms = [Term("id", int)]
    token = page(terms=terms).next_page_token
    assert page(token, terms=terms, limit=0) == Page([], token)
    assert page(terms=terms, limit=0) == Page([], "")


def test_a_query_with_filters_is_paged_within_them() -> None:
    for steps in range(10):
        add(steps=steps)
    samples = Sample.objects.filter(steps__gte=4)
    terms = [Term("steps", int, ascending=False), Term("id", int)]
    first = page(terms=terms, samples=samples)
    second = page(first.next_page_token, terms=terms, samples=samples)
    assert [row.steps for row in [*first.rows, *second.rows]] == [9, 8, 7, 6, 5, 4]


def test_rows_can_be_sorted_by_an_expression() -> None:
    for name in ("b", "A", "a", "B"):
        add(name=name)
    terms = [Term(Lower("name"), str), Term("id", int)]
    assert [row.name for row in walk(terms=terms, limit=1)] == ["A", "a", "b", "B"]


def test_text_is_paged_in_the_order_of_its_collation() -> None:
    chance = random.Random(1)
    for _ in range(40):
        add_random(chance)
    for collation in COLLATIONS[connection.vendor]:
        terms = [Term(Collate(F("name"), collation), str, ascending=False), Term("id", int)]
        expected = Sample.objects.order_by(Collate("name", collation).desc(), "id")
        assert [row.pk for row in walk(terms=terms)] == [row.pk for row in expected]


def test_the_order_can_be_read_from_an_index() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX by_steps ON samples_of_a_test_sample (steps DESC, id)")
    for steps in range(50):
        add(steps=steps)
    terms = [Term("steps", int, ascending=False), Term("id", int)]
    token = page(terms=terms).next_page_token
    with CaptureQueriesContext(connection) as captured:
        page(token, terms=terms)
    plan = explained(captured[-1]["sql"])
    assert "by_steps" in plan
    assert ("Index Cond" in plan) if connection.vendor == "postgresql" else ("steps<?" in plan)
    assert "Sort" not in plan
    assert "TEMP B-TREE" not in plan


def explained(sql: str) -> str:
    """The plan that the database has for `sql` when the table is too large to be read or sorted whole."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        cursor.execute(f"EXPLAIN {'QUERY PLAN' if connection.vendor == 'sqlite' else ''} {sql}")
        return "\n".join(str(row) for row in cursor.fetchall())


def test_the_last_term_must_break_ties() -> None:
    with pytest.raises(ValueError, match="breaks ties"):
        page(terms=[Term("ended", int, nullable=True)])


def test_a_token_of_another_question_or_order_is_refused() -> None:
    for _ in range(4):
        add()
    token = page(terms=[Term("id", int)]).next_page_token
    with pytest.raises(InvalidParameter, match="Invalid page token"):
        fetch_page(Sample.objects.all(), terms=[Term("id", int)], limit=3, token=token, question="others")
    with pytest.raises(InvalidParameter, match="Invalid page token"):
        page(token, terms=[Term("name", str), Term("id", int)])


FORGED = [
    [0, "x"],
    [0, 1.5],
    [0, True],
    [0, None],
    [0, 2**63],
    [1, None],
    [2, None],
    [None, 1],
    [True, 1],
    [-1, 1],
    [0, [1]],
]


@pytest.mark.parametrize("position", FORGED)
def test_a_token_that_somebody_made_up_is_refused(position: list[Any]) -> None:
    with pytest.raises(InvalidParameter, match="Invalid page token"):
        page(pages.encode(position, question="samples"), terms=[Term("id", int)])


@pytest.mark.parametrize(
    ("term", "value"),
    [
        (Term("name", str), "\0"),
        (Term("name", str), 1),
        (Term("score", float), "NaN"),
        (Term("score", float), "1"),
        (Term("score", float), False),
        (Term("made", datetime), "yesterday"),
        (Term("made", datetime), 5),
    ],
)
def test_a_made_up_value_of_the_wrong_type_is_refused(term: Term, value: Any) -> None:
    token = pages.encode([0, value, 0, 1], question="samples")
    with pytest.raises(InvalidParameter, match="Invalid page token"):
        page(token, terms=[term, Term("id", int)])


def test_a_token_nested_without_end_is_refused() -> None:
    token = base64.urlsafe_b64encode(b'["x",[' + b"[" * 100_000 + b"]" * 100_000 + b"]]").decode()
    with pytest.raises(InvalidParameter, match="Invalid page token"):
        page(token, terms=[Term("id", int)])

"""Filters: what they mean, and what a wrong one is told."""

import time

import pytest

from apps.registry.grammars import MODEL_VERSIONS
from apps.tracking.grammars import EXPERIMENTS, LOGGED_MODELS, RUNS
from mlregistry.errors import InvalidParameter
from mlregistry.wire.search import Comparison, Grammar, Operator, Value, parse_filter
from mlregistry.wire.search.filters import LONGEST_REMEMBERED, MAX_CLAUSES
from mlregistry.wire.search.scanner import MAX_LENGTH
from mlregistry.wire.search.values import MAX_LISTED
from tests.wire.grammars import TRACES


def only(text: str, grammar: Grammar = RUNS) -> tuple[str, str, str, Value]:
    (found,) = parse_filter(text, grammar)
    return found.kind, found.key, found.operator.value, found.value


def refusal(text: str, grammar: Grammar = RUNS) -> str:
    with pytest.raises(InvalidParameter) as refused:
        parse_filter(text, grammar)
    return refused.value.message


def test_no_filter_holds_no_comparisons() -> None:
    assert parse_filter("", RUNS) == ()


def test_comparisons_come_in_the_order_they_were_written() -> None:
    assert parse_filter("metrics.loss < 0.5 AND params.model = 'tree' and start_time >= 10", RUNS) == (
        Comparison("metric", "loss", Operator.LESS, 0.5),
        Comparison("param", "model", Operator.EQUAL, "tree"),
        Comparison("attribute", "start_time", Operator.GREATER_OR_EQUAL, 10),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("metrics.a = 1", ("metric", "a", "=", 1.0)),
        ("metric.a > 1e-4", ("metric", "a", ">", 0.0001)),
        ("metrics.a > 1e999", ("metric", "a", ">", float("inf"))),
        ("parameters.`a b` != 'x'", ("param", "a b", "!=", "x")),
        ('param."a b" like "x%"', ("param", "a b", "LIKE", "x%")),
        ("params.'a b' = 'x'", ("param", "a b", "=", "x")),
        ("params.layers[0] = 'x'", ("param", "layers[0]", "=", "x")),
        ("tags.mlflow.user ILIKE 'ann'", ("tag", "mlflow.user", "ILIKE", "ann")),
        ("tags.`mlflow.user` is  not null", ("tag", "mlflow.user", "IS NOT NULL", None)),
        ("tag.a IS NULL", ("tag", "a", "IS NULL", None)),
        ("run_id NOT IN ('a', \"b\")", ("attribute", "run_id", "NOT IN", ("a", "b"))),
        ("run_id IN (('a'),)", ("attribute", "run_id", "IN", ("a",))),
        ("run.`Run Name` = 'x'", ("attribute", "run_name", "=", "x")),
        ("Created > 5", ("attribute", "start_time", ">", 5)),
        ("start_time > 5.5", ("attribute", "start_time", ">", 5.5)),
        ("datasets.context IN ('train')", ("dataset", "context", "IN", ("train",))),
    ],
)
def test_runs_are_found_by_every_kind_of_key(text: str, expected: tuple[str, str, str, Value]) -> None:
    found = only(text)
    assert found == expected
    assert type(found[3]) is type(expected[3])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'it''s'", "it''s"),
        (r"'it\'s'", r"it\'s"),
        ("'C:\\dir\\'", "C:\\dir\\"),
        ('"say ""hi"""', 'say ""hi""'),
        ("''", ""),
        ("' AND '", " AND "),
        ("'日本'", "日本"),
    ],
)
def test_a_text_keeps_the_quotes_inside_as_they_are_written(text: str, value: str) -> None:
    assert only(f"params.a = {text}")[3] == value


@pytest.mark.parametrize(
    ("listed", "value"),
    [
        ("('it''s')", ("its",)),
        (r"('it\'s', 'a\\b', 'a\nb', 'a\x41\u00e9\101', 'a\d')", ("it's", "a\\b", "a\nb", "aAéA", r"a\d")),
        ("(  'a'  ,\n'b' , )", ("a", "b")),
        ("((('a', 'b)')))", ("a", "b)")),
    ],
)
def test_a_list_holds_texts_as_python_writes_them(listed: str, value: tuple[str, ...]) -> None:
    assert only(f"run_id IN {listed}")[3] == value


def test_ids_of_experiments_are_numbers_in_quotes() -> None:
    assert only("experiment_id = '12'", EXPERIMENTS) == ("attribute", "experiment_id", "=", 12)
    assert only("experiment_id NOT IN ('1', '2')", EXPERIMENTS)[3] == (1, 2)
    assert "'x' is not a whole number" in refusal("experiment_id = 'x'", EXPERIMENTS)
    assert "expected a whole number" in refusal("creation_time > 1.5", EXPERIMENTS)


def test_logged_models_take_values_without_quotes_and_numbers_of_every_spelling() -> None:
    assert only("params.lr = 0.01", LOGGED_MODELS) == ("param", "lr", "=", "0.01")
    assert only("metrics.loss > 1e+5", LOGGED_MODELS)[3] == 100000.0
    assert only("metrics.loss < inf", LOGGED_MODELS)[3] == float("inf")
    assert only("creation_time < 5", LOGGED_MODELS)[1] == "creation_timestamp"
    assert "expected a number" in refusal("metrics.loss > '1'", LOGGED_MODELS)


def test_the_language_has_words_for_model_versions_and_traces() -> None:
    assert only("version_number = '3'", MODEL_VERSIONS) == ("attribute", "version_number", "=", 3)
    assert only("name = 'chat'", TRACES) == ("tag", "mlflow.traceName", "=", "chat")
    assert only("span.attributes.`llm.model` LIKE '%x'", TRACES)[1] == "attributes.llm.model"
    assert only("feedback.relevance >= 0.8", TRACES)[3] == 0.8
    assert only("trace.status RLIKE 'O.'", TRACES)[2] == "RLIKE"
    assert "attributes.<name>" in refusal("span.color = 'x'", TRACES)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("statu = 'x'", "unknown attribute 'statu'; did you mean 'status'? Valid are run_id, status"),
        ("metrix.a > 1", "unknown entity 'metrix'; did you mean 'metric'?"),
        (
            "dataset.foo = 'x'",
            "unknown dataset 'foo'; use name, digest, context (at character 1, \"dataset.foo = 'x'\")",
        ),
        ("metrics.a == 1", "'==' is not an operator; write '=' (at character 11, '== 1')"),
        ("metrics.a LIKE 'x'", "metric 'a' cannot be compared with LIKE; use one of =, !=, <, <=, >, >="),
        ("metrics.a > '1'", "expected a number, such as 5, -0.5 or 1e-4, without quotes (at character 13, \"'1'\")"),
        ("metrics.a > nan", "expected a number"),
        ("params.a = 1", "expected a value in single or double quotes, such as 'my-value' (at character 12, '1')"),
        ("params.a = 'x", "nothing closes the quote ' (at character 12, \"'x\")"),
        (
            "params.a",
            "expected an operator after 'params.a': one of =, !=, LIKE, ILIKE, IS NULL, IS NOT NULL (at its end)",
        ),
        ("params.a-b = 'x'", "put a key with odd characters in backticks, such as metrics.`my key` (at character 9"),
        ("params.from = 'x'", "a key with 'from' in it needs backticks: params.`from`"),
        ("params. = 'x'", "expected a key after 'params' and its dot; quote odd ones: params.`my key`"),
        ("metrics.a > 1 OR metrics.a < 0", "OR is not understood; comparisons are joined by AND only (at character 15"),
        ("(metrics.a > 1)", "expected a key, such as run_id or metrics.key or params.key (at character 1"),
        ("run_id IN 'a'", "expected a list of quoted values in parentheses, such as ('a', 'b')"),
        ("run_id IN ()", "a list needs at least one"),
        ("run_id IN ('a' 1)", "expected ',' or ')' in this list"),
        ("run_id IN ('a'", "expected ',' or ')' in this list (at its end)"),
        ("run_id IN ('a', ", "nothing closes this list; expected ')' (at its end)"),
        ("run_id IN ('a', ('b', 'c'))", "a list holds quoted values, not lists"),
        ("run_id IN ('\\x4')", "'\\\\x' is no escape for a character"),
        ("start_time > 9223372036854775808", "this number does not fit 64 bits"),
        ("   ", "it holds nothing but white space"),
        ("params.a = 'x\0'", "it holds a null character or half a surrogate pair"),
        ("params.a = '\ud800'", "it holds a null character or half a surrogate pair"),
        ("run_id IN ('\\ud800')", "this text holds a null character or half a surrogate pair (at character 12"),
    ],
)
def test_a_wrong_filter_is_told_what_is_wrong_and_where_and_what_would_be_right(text: str, said: str) -> None:
    assert said in refusal(text)
    assert refusal(text).startswith("Invalid filter: ")


def test_a_long_list_of_ids_fits_and_a_longer_one_is_refused() -> None:
    ids = [f"{number:032x}" for number in range(MAX_LISTED)]
    assert only(f"run_id IN ({','.join(map(repr, ids))})")[3] == tuple(ids)
    assert f"a list may hold {MAX_LISTED} values" in refusal(f"run_id IN ({','.join(map(repr, [*ids, 'x']))})")


def test_the_number_of_clauses_is_bounded() -> None:
    assert len(parse_filter(" AND ".join(["metrics.a > 1"] * MAX_CLAUSES), RUNS)) == MAX_CLAUSES
    assert f"at most {MAX_CLAUSES} comparisons" in refusal(" AND ".join(["metrics.a > 1"] * (MAX_CLAUSES + 1)))


def test_a_text_that_is_asked_again_is_not_read_again_unless_it_is_long() -> None:
    short = "metrics.remembered > 1"
    assert parse_filter(short, RUNS) is parse_filter(short, RUNS)
    long = short + " " * LONGEST_REMEMBERED
    assert parse_filter(long, RUNS) == parse_filter(short, RUNS)
    assert parse_filter(long, RUNS) is not parse_filter(long, RUNS)


def test_one_text_means_something_else_in_another_grammar() -> None:
    text = "creation_time > 5"
    assert only(text, EXPERIMENTS) == ("attribute", "creation_time", ">", 5)
    assert only(text, LOGGED_MODELS) == ("attribute", "creation_timestamp", ">", 5.0)


PATHOLOGICAL = {
    "digits": "metrics.a > " + "1" * MAX_LENGTH,
    "digits, then a letter": "metrics.a > " + "1" * (MAX_LENGTH - 20) + "x",
    "quotes": "params.a = " + "'" * (MAX_LENGTH - 20),
    "escaped quotes": "params.a = '" + "\\'" * (MAX_LENGTH // 2 - 20),
    "escaped and doubled quotes": "params.a = '" + "\\'''" * (MAX_LENGTH // 4 - 20),
    "backslashes": "params.a = '" + "\\" * (MAX_LENGTH - 20),
    "backticks": "`" * (MAX_LENGTH - 1),
    "an open quote": "params.a = 'x" + " " * (MAX_LENGTH - 20),
    "dots": "params." + "." * (MAX_LENGTH - 20),
    "colons": "params.a" + "::a" * (MAX_LENGTH // 3 - 20),
    "brackets": "params.a" + "[" * (MAX_LENGTH - 20),
    "closed brackets": "params.a" + "[]" * (MAX_LENGTH // 2 - 20) + "(",
    "parentheses": "run_id IN " + "(" * (MAX_LENGTH - 20),
    "commas": "run_id IN ('a'" + "," * (MAX_LENGTH - 20),
    "adjacent texts": "run_id IN (" + "'a'" * (MAX_LENGTH // 3 - 20),
    "escapes": "run_id IN ('" + "\\x41" * (MAX_LENGTH // 4 - 20) + "')",
    "ANDs": "AND " * (MAX_LENGTH // 4),
    "NOTs": "params.a " + "NOT " * (MAX_LENGTH // 4 - 20),
    "white space": " " * MAX_LENGTH,
    "white space inside": "params.a NOT" + " " * (MAX_LENGTH - 20),
    "a long word": "a" * MAX_LENGTH,
    "a long unknown entity": "a" * (MAX_LENGTH - 20) + ".b = 'x'",
    "operators": "params.a " + "=" * (MAX_LENGTH - 20),
    "more than is read": "x" * (MAX_LENGTH + 1),
}


@pytest.mark.parametrize("text", PATHOLOGICAL.values(), ids=PATHOLOGICAL.keys())
@pytest.mark.parametrize("grammar", [RUNS, LOGGED_MODELS], ids=["runs", "logged models"])
def test_no_text_takes_long_and_no_complaint_repeats_much_of_it(text: str, grammar: Grammar) -> None:
    started = time.perf_counter()
    try:
        parse_filter(text, grammar)
    except InvalidParameter as refused:
        assert len(refused.message) < 1_000  # noqa: PT017  whether it is refused is not the question
    assert time.perf_counter() - started < 1.0

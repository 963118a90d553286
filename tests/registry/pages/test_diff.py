"""Two versions held against each other."""

import math

import pytest
from django.urls import reverse

from apps.accounts.models import User
from apps.registry.diffing import ADDED, CHANGED, REMOVED, SAME, compared, flavors_of, requirements_of, schema_of
from apps.registry.models import ModelVersion, RegisteredModel
from tests.registry.pages.visiting import read, visitor, words

NAN = float("nan")


@pytest.mark.parametrize(
    ("left", "right", "how", "delta"),
    [
        (1.0, 1.5, CHANGED, 0.5),
        (1.0, 1.0, SAME, 0.0),
        (NAN, NAN, SAME, None),
        (NAN, 1.0, CHANGED, None),
        (math.inf, 1.0, CHANGED, None),
        (None, 1.0, ADDED, None),
        (1.0, None, REMOVED, None),
        ("1", "2", CHANGED, None),
    ],
)
def test_two_values_are_held_against_each_other(left: object, right: object, how: str, delta: float | None) -> None:
    sides = [{} if value is None else {"x": value} for value in (left, right)]
    (row,) = compared("Metrics", *sides, keep_same=True).rows
    assert (row.how, row.delta) == (how, delta)


def test_a_difference_is_told_in_percent_where_there_is_something_to_tell_it_of() -> None:
    rows = compared("Metrics", {"a": -2.0, "b": 0.0}, {"a": -1.0, "b": 1.0}).rows
    assert [row.percent for row in rows] == [50, None]


def test_what_is_the_same_is_counted_and_what_is_too_much_too() -> None:
    part = compared("Files", {"same": "1"}, {"same": "1", **{f"f{number}": "x" for number in range(600)}})
    assert (len(part.rows), part.same, part.more) == (500, 1, 100)


def test_requirements_are_compared_by_package_however_it_is_spelled() -> None:
    left = requirements_of("Scikit_Learn==1.4\nnumpy\n-e .\n")
    right = requirements_of("scikit-learn==1.5\nnumpy>=2\n")
    found = {row.name: (row.left, row.right) for row in compared("Requirements", left, right).rows}
    assert found == {"-e .": ("refused", None), "numpy": ("any", ">=2"), "scikit-learn": ("==1.4", "==1.5")}


def test_requirements_that_cannot_be_read_are_no_fault_of_the_page() -> None:
    assert "can have" in requirements_of("x" * 2_000_000)["requirements.txt"]


@pytest.mark.parametrize("mlmodel", [None, {}, {"unreadable": "no YAML"}, {"signature": None, "flavors": {}}])
def test_a_model_that_says_nothing_has_neither_schema_nor_flavors(mlmodel: dict[str, object] | None) -> None:
    assert schema_of(mlmodel) == flavors_of(mlmodel) == {}


def test_everything_that_differs_is_shown(ada: User, pair: tuple[ModelVersion, ...]) -> None:
    page = words(read(ada, "versions-diff", pair[0].model_id, left="1", right="2"))
    for said in (
        "accuracy 0.6 0.7 +0.1 (+16.7 %)",
        "depth 1 2 changed",
        "input new1 double \N{EN DASH} removed",
        "input new2 \N{EN DASH} double added",
        "output 1 tensor of float32, -1 x 1 tensor of float32, -1 x 2 changed",
        "pandas ==2.1 ==2.2 changed",
        "sklearn.sklearn_version 1.1 1.2 changed",
        f"model.pkl {'1' * 64} {'2' * 64} changed",
        "checked \N{EN DASH} yes added",
        "stage Production Staging changed",
        "aliases champion \N{EN DASH} removed",
        "Limits @@ -1,3 +1,3 @@ # Limits -not after 1 +not after 2",
    ):
        assert said in page


def test_the_two_newest_are_compared_where_none_is_named(ada: User, pair: tuple[ModelVersion, ...]) -> None:
    assert words(read(ada, "versions-diff", pair[0].model_id)) == words(
        read(ada, "versions-diff", pair[0].model_id, left="1", right="2")
    )


def test_a_version_compared_with_itself_does_not_differ(ada: User, pair: tuple[ModelVersion, ...]) -> None:
    page = words(read(ada, "versions-diff", pair[0].model_id, left="1", right="1"))
    assert "accuracy 0.6 0.6 same" in page
    assert "changed" not in page


def test_a_model_without_versions_has_nothing_to_compare(ada: User, model: RegisteredModel) -> None:
    assert "Nothing to compare" in read(ada, "versions-diff", model.pk)


@pytest.mark.parametrize(("side", "status"), [("9", 404), ("x", 400), ("-1", 400), ("1" * 30, 400), ("²", 400)])
def test_a_version_that_is_not_there_cannot_be_compared(
    ada: User, pair: tuple[ModelVersion, ...], side: str, status: int
) -> None:
    address = reverse("versions-diff", args=[pair[0].model_id])
    assert visitor(ada).get(address, {"left": side, "right": "1"}).status_code == status

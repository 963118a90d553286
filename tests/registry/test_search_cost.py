"""A page of a search takes the same number of statements, whatever is on it and however much there is."""

from collections.abc import Sequence

import pytest

from apps.accounts.models import User
from apps.registry.api import render
from apps.registry.models import Alias, ModelVersion, ModelVersionTag, RegisteredModel, RegisteredModelTag
from apps.registry.queries.registered_models import latest_versions
from apps.registry.queries.search import search_models, search_versions
from tests.security.statements import counted

VERSIONS = 5
STAGES = ("None", "Staging", "Production", "Archived", "None")
QUESTIONS: Sequence[tuple[str, list[str]]] = [
    ("", []),
    ("name LIKE 'model%'", ["name DESC"]),
    ("tags.team = 'risk'", ["last_updated_timestamp DESC"]),
]


@pytest.fixture
def models(ada: User) -> None:
    make_models(0, 100)


def make_models(first: int, last: int) -> None:
    rows = RegisteredModel.objects.bulk_create(
        RegisteredModel(name=f"model {n:05}", creation_time=n, last_updated_time=n, created_by="ada", last_version=5)
        for n in range(first, last)
    )
    versions = ModelVersion.objects.bulk_create(
        ModelVersion(
            model=model,
            version=number + 1,
            creation_time=number,
            last_updated_time=number,
            user_id="ada",
            current_stage=STAGES[number],
            source="s3://bucket/model",
        )
        for model in rows
        for number in range(VERSIONS)
    )
    RegisteredModelTag.objects.bulk_create(RegisteredModelTag(model=row, key="team", value="risk") for row in rows)
    ModelVersionTag.objects.bulk_create(ModelVersionTag(version=row, key="team", value="risk") for row in versions)
    Alias.objects.bulk_create(
        Alias(model=row.model, name="champion", version=row) for row in versions if row.current_stage == "Production"
    )


def page_of_models(user: User, size: int, question: tuple[str, list[str]]) -> tuple[int, int]:
    """How many models the answer has, as the wire writes it, and the statements that it took."""
    filter_text, order_by = question
    with counted() as statements:
        found = search_models(user, filter_text=filter_text, order_by=order_by, max_results=size, page_token="")
        latest = latest_versions(found.rows)
        told = [render.registered_model(model, latest[model.pk]) for model in found.rows]
    assert all(len(model["latest_versions"]) == len(set(STAGES)) for model in told)
    return len(told), len(statements)


def page_of_versions(user: User, size: int) -> tuple[int, int]:
    with counted() as statements:
        found = search_versions(
            user, filter_text="tags.team = 'risk'", order_by=["name ASC"], max_results=size, page_token=""
        )
        told = [render.version_in_list(row) for row in found.rows]
    return len(told), len(statements)


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize("question", QUESTIONS, ids=[text or "everything" for text, _ in QUESTIONS])
def test_a_hundred_models_cost_as_many_statements_as_two(ada: User, question: tuple[str, list[str]]) -> None:
    (two, few), (hundred, many) = page_of_models(ada, 2, question), page_of_models(ada, 100, question)
    assert (two, hundred) == (2, 100)
    assert few == many


@pytest.mark.usefixtures("models")
def test_ten_times_the_models_cost_the_same(ada: User) -> None:
    before = [page_of_models(ada, 50, question) for question in QUESTIONS]
    make_models(100, 1_000)
    assert [page_of_models(ada, 50, question) for question in QUESTIONS] == before


@pytest.mark.usefixtures("models")
def test_five_hundred_versions_cost_as_many_statements_as_two(ada: User) -> None:
    (two, few), (all_of_them, many) = page_of_versions(ada, 2), page_of_versions(ada, 1_000)
    assert (two, all_of_them) == (2, 100 * VERSIONS)
    assert few == many

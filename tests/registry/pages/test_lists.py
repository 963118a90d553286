"""The lists of models and prompts."""

from urllib.parse import quote

import pytest
from django.urls import reverse

from apps.accounts.models import User
from apps.registry.models import ModelVersion, RegisteredModel
from apps.registry.pages.models import PER_PAGE
from apps.registry.queries.listing import page_of_models
from apps.registry.services import registered_models
from apps.tracking.entities import Tag
from mlregistry.levels import Level
from tests.registry.making import give, make_registered, make_version, move
from tests.registry.pages.visiting import HOSTILE, read, statements, visitor, words


def test_an_empty_list_says_what_to_do_next(ada: User) -> None:
    assert "registered_model_name=&#x27;churn&#x27;" in read(ada, "models")
    assert "register_prompt" in read(ada, "prompts")


def test_a_model_is_listed_with_what_is_where_and_how_it_stands(ada: User, pair: tuple[ModelVersion, ...]) -> None:
    page = words(read(ada, "models"))
    assert "classifier v2 v2 v1 champion of version 1: signed clean card ada" in page


@pytest.mark.parametrize("hidden", ["a model", "a prompt"])
def test_what_is_hidden_is_in_no_list(
    bob: User, pair: tuple[ModelVersion, ...], prompt: RegisteredModel, hidden: str, settings: object
) -> None:
    settings.MLREGISTRY_DEFAULT_PERMISSION = Level.NO_PERMISSIONS  # type: ignore[attr-defined]
    name, list_of = ("classifier", "models") if hidden == "a model" else ("greeting", "prompts")
    assert name not in read(bob, list_of)
    assert f"<bdi>{name}</bdi>" not in read(bob, list_of, q=name)
    give(bob, RegisteredModel.objects.get(name=name), Level.READ)
    assert name in words(read(bob, list_of))


def test_prompts_and_models_are_apart(ada: User, model: RegisteredModel, prompt: RegisteredModel) -> None:
    assert "greeting" not in words(read(ada, "models"))
    prompts = words(read(ada, "prompts"))
    assert "classifier" not in prompts
    assert "greeting lang=en v2" in prompts


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"q": "LASS"}, ["classifier"]),
        ({"q": "sees what"}, ["detector"]),
        ({"q": "visio"}, ["detector"]),
        ({"q": "team"}, ["detector"]),
        ({"tag": "team"}, ["detector"]),
        ({"tag": "team=vision"}, ["detector"]),
        ({"tag": "team=vis"}, []),
        ({"q": "%"}, []),
        ({"q": "clas\0sifier"}, ["classifier"]),
        ({"q": "class", "tag": "team"}, []),
        ({"sort": "name"}, ["classifier", "detector"]),
        ({"sort": "-name"}, ["detector", "classifier"]),
        ({"sort": "-changed"}, ["classifier", "detector"]),
        ({"sort": "password"}, ["detector", "classifier"]),
    ],
)
def test_lists_are_searched_narrowed_and_sorted(
    ada: User, model: RegisteredModel, asked: dict[str, str], found: list[str]
) -> None:
    other = make_registered(ada, "detector", tags=[Tag(key="team", value="vision")])
    registered_models.describe_model(model=other, description="Sees what is there.", by=ada.actor())
    RegisteredModel.objects.filter(pk=model.pk).update(last_updated_time=1)
    page = read(ada, "models", **asked)
    named = sorted(
        (page.index(f"<bdi>{name}</bdi>"), name) for name in ("classifier", "detector") if f"<bdi>{name}</bdi>" in page
    )
    assert [name for _, name in named] == found


@pytest.mark.parametrize("sort", ["name", "-name", "changed", "-changed"])
def test_pages_follow_one_another_without_gap_or_repeat(ada: User, sort: str) -> None:
    RegisteredModel.objects.bulk_create(
        RegisteredModel(name=f"m{number:03}", creation_time=1, last_updated_time=number // 3, created_by="ada")
        for number in range(PER_PAGE + 20)
    )
    seen, token = [], ""
    for _ in range(2):
        page = page_of_models(ada, prompts=False, words="", tag="", order=sort, per_page=PER_PAGE, token=token)
        seen += [model.name for model in page.rows]
        token = page.next_page_token
    assert not token
    assert len(seen) == len(set(seen)) == PER_PAGE + 20


def test_the_list_leads_to_its_next_page(ada: User) -> None:
    for number in range(PER_PAGE + 1):
        make_registered(ada, f"m{number:03}")
    first = visitor(ada).get(reverse("models"), {"sort": "name"})
    assert "m049" in first.content.decode()
    assert "m050" not in first.content.decode()
    second = words(read(ada, "models", sort="name", page=first.context["next_page"]))
    assert "m050" in second
    assert "First page" in second


def test_a_page_token_that_nobody_made_is_refused(ada: User) -> None:
    assert visitor(ada).get(reverse("models"), {"page": "bm8="}).status_code == 400


def test_a_list_takes_as_many_statements_whatever_its_size(ada: User, bob: User) -> None:
    def more(count: int, of: str) -> None:
        for number in range(count):
            model = make_registered(ada, f"{of}{number}", tags=[Tag(key="a", value="b")])
            for stage in ("Production", "Staging", "None"):
                move(ada, make_version(ada, model), stage)

    more(1, "few")
    statements(bob, "models")
    few = statements(bob, "models")
    more(12, "many")
    assert statements(bob, "models") == few <= 13


def test_hostile_names_are_words_in_lists(ada: User) -> None:
    name = HOSTILE.replace("/", "|")
    make_version(ada, make_registered(ada, name, tags=[Tag(key="k", value=HOSTILE)]))
    page = read(ada, "models")
    assert "<script>fired" not in page
    assert "<bdi>&lt;script&gt;fired()&lt;|script&gt;" in page
    assert f"tag=k%3D{quote('<script>')}" in page

"""Who may open which page, and change what."""

import re
from typing import NamedTuple

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.jobs.models import Job
from apps.registry.models import ModelVersion, RegisteredModel
from apps.tracking.models import Experiment
from tests.registry.making import actions, make_registered
from tests.registry.pages.visiting import visitor, words

EVERYBODY = ("administrator", "manager", "editor", "reader", "outsider")
PAGES = (("model", ()), ("versions-diff", ()), ("version", (1,)))


class Change(NamedTuple):
    """A form: the page that takes it, what the page is about besides the model, and what is filled in."""

    page: str
    more: tuple[int, ...]
    form: dict[str, str]

    def address(self, model: int) -> str:
        return reverse(self.page, args=[model, *self.more])


FOR_EDITORS = (
    Change("model-describe", (), {"description": "new"}),
    Change("model-tag", (), {"key": "k", "value": "v"}),
    Change("model-untag", (), {"key": "k"}),
    Change("model-rename", (), {"name": "renamed"}),
    Change("version-describe", (1,), {"description": "new"}),
    Change("version-stage", (1,), {"stage": "Archived"}),
    Change("version-alias", (1,), {"alias": "best"}),
    Change("version-tag", (1,), {"key": "k", "value": "v"}),
    Change("version-scan", (1,), {}),
    Change("version-verify", (1,), {}),
)
FOR_MANAGERS = (
    Change("model-grant", (), {"kind": "user", "holder": "bob", "level": "READ"}),
    Change("model-take-back", (), {"kind": "user", "holder": "ed"}),
    Change("model-delete", (), {"name": "classifier"}),
    Change("version-unalias", (1,), {"alias": "champion"}),
    Change("version-untag", (1,), {"key": "checked"}),
    Change("version-delete", (1,), {}),
)


@pytest.mark.parametrize(("name", "more"), PAGES)
@pytest.mark.parametrize("who", EVERYBODY)
def test_who_may_not_read_finds_no_page(
    people: dict[str, User], pair: tuple[ModelVersion, ...], name: str, more: tuple[int, ...], who: str
) -> None:
    answer = visitor(people[who]).get(reverse(name, args=[pair[0].model_id, *more]))
    assert answer.status_code == (404 if who == "outsider" else 200)
    absent = visitor(people[who]).get(reverse(name, args=[pair[0].model_id + 999, *more]))
    assert absent.status_code == 404
    if who == "outsider":
        assert words(answer.content.decode()) == words(absent.content.decode())


@pytest.mark.parametrize("change", [*FOR_EDITORS, *FOR_MANAGERS], ids=lambda change: change.page)
@pytest.mark.parametrize("who", ["editor", "reader", "outsider"])
def test_who_may_not_change_is_refused_and_leaves_nothing(
    people: dict[str, User], pair: tuple[ModelVersion, ...], change: Change, who: str
) -> None:
    if who == "editor" and change in FOR_EDITORS:
        return
    before, jobs = actions(), Job.objects.count()
    answer = visitor(people[who]).post(change.address(pair[0].model_id), change.form)
    assert answer.status_code == (404 if who == "outsider" else 403)
    assert (actions(), Job.objects.count()) == (before, jobs)


@pytest.mark.parametrize("change", [*FOR_EDITORS, *FOR_MANAGERS], ids=lambda change: change.page)
def test_a_change_needs_a_form_of_ours_and_a_post(
    people: dict[str, User], pair: tuple[ModelVersion, ...], change: Change
) -> None:
    address = change.address(pair[0].model_id)
    strict = visitor(people["manager"], enforce_csrf_checks=True)
    assert strict.post(address, change.form).status_code == 403
    assert strict.get(address).status_code == 405
    assert Client().post(address, change.form).status_code == 302


@pytest.mark.parametrize("change", FOR_EDITORS, ids=lambda change: change.page)
def test_an_editor_may_change(people: dict[str, User], pair: tuple[ModelVersion, ...], change: Change) -> None:
    answer = visitor(people["editor"]).post(change.address(pair[0].model_id), change.form)
    assert answer.status_code == 303


def test_only_those_who_manage_see_who_holds_what_and_what_was_done(
    people: dict[str, User], pair: tuple[ModelVersion, ...]
) -> None:
    model, version = reverse("model", args=[pair[0].model_id]), reverse("version", args=[pair[0].model_id, 1])
    for who in ("administrator", "manager"):
        page = words(visitor(people[who]).get(model).content.decode())
        assert "Give a permission" in page
        assert "moved model classifier version 1 from None to Production" in page
        assert "Activity" in words(visitor(people[who]).get(version).content.decode())
    for who in ("editor", "reader"):
        page = words(visitor(people[who]).get(model).content.decode())
        assert "Give a permission" not in page
        assert "Activity" not in page
        assert ">ed<" not in visitor(people[who]).get(model).content.decode().partition("permissions")[2]


def test_only_administrators_are_led_to_the_webhooks(people: dict[str, User], model: RegisteredModel) -> None:
    address = reverse("model", args=[model.pk])
    assert "Webhooks" in visitor(people["administrator"]).get(address).content.decode()
    assert "Webhooks" not in visitor(people["manager"]).get(address).content.decode()


def test_a_reader_is_offered_nothing_to_change_and_may_comment(
    people: dict[str, User], pair: tuple[ModelVersion, ...]
) -> None:
    for name, more in PAGES:
        page = visitor(people["reader"]).get(reverse(name, args=[pair[0].model_id, *more])).content.decode()
        forms = re.findall(r'method="post" action="([^"]*)"', page.partition('id="content"')[2])
        assert all(form.endswith("/comments/") for form in forms)


def test_what_came_from_a_hidden_run_shows_nothing_of_it(
    people: dict[str, User], pair: tuple[ModelVersion, ...], experiment: Experiment
) -> None:
    """Reading a model is not reading the experiment that it came from."""
    for name, more in PAGES:
        page = visitor(people["reader"]).get(reverse(name, args=[pair[0].model_id, *more])).content.decode()
        assert "run 1" not in page
        assert "accuracy" not in page
        assert "/admin/runs/" not in page
        assert f"/admin/experiments/{experiment.pk}/" not in page
        assert (
            "accuracy" in visitor(people["manager"]).get(reverse(name, args=[pair[0].model_id, *more])).content.decode()
        )


def test_a_version_of_another_model_is_not_found_under_this_one(
    people: dict[str, User], pair: tuple[ModelVersion, ...]
) -> None:
    other = make_registered(people["manager"], "other")
    assert visitor(people["manager"]).get(reverse("version", args=[other.pk, 1])).status_code == 404
    assert visitor(people["manager"]).post(reverse("version-delete", args=[other.pk, 1])).status_code == 404

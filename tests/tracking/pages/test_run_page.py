"""The page of a run: who sees and changes what, and that nothing written there runs."""

import re

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import User
from apps.audit.models import Entry
from apps.tracking.entities import Param, Tag
from apps.tracking.models import Experiment, LoggedModel, Run
from tests.tracking.making import log, make_run, point
from tests.tracking.pages.conftest import CANARY, signed_in

TABS = ("run", "run-charts", "run-system", "run-artifacts", "run-points", "run-others", "run-zip", "run-file")
CHANGES = ("set-tag", "delete-tag", "describe", "rename", "delete", "restore")


@pytest.mark.parametrize("name", TABS)
def test_for_an_outsider_the_run_is_not_there(run: Run, people: dict[str, User], name: str) -> None:
    client = signed_in(people["outsider"])
    query = {"key": "train/loss", "path": "some.txt"}
    refused = client.get(reverse(name, args=[run.uuid]), query)
    absent = client.get(reverse(name, args=["f" * 32]), query)
    assert refused.status_code == absent.status_code == 404
    assert _without_secrets(refused, run.uuid) == _without_secrets(absent, "f" * 32)


def _without_secrets(answer: HttpResponse, uuid: str) -> str:
    return re.sub('csrfmiddlewaretoken" value="[^"]+', "", answer.content.decode().replace(uuid, ""))


@pytest.mark.parametrize("name", ["logged-model", "logged-model-artifacts", "logged-model-file", "logged-model-zip"])
def test_nor_is_its_logged_model(model: LoggedModel, people: dict[str, User], name: str) -> None:
    address = reverse(name, args=[model.model_id])
    assert signed_in(people["outsider"]).get(address, {"path": "MLmodel"}).status_code == 404


@pytest.mark.parametrize("name", ["run", "run-charts", "run-system", "run-artifacts", "run-others"])
@pytest.mark.parametrize("person", ["admin", "editor", "reader"])
def test_whoever_may_read_sees_every_tab_and_no_script(
    run: Run, people: dict[str, User], name: str, person: str
) -> None:
    answer = signed_in(people[person]).get(reverse(name, args=[run.uuid]))
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "<script>window" not in page
    assert "<img src=x" not in page


def test_the_overview_shows_what_the_run_was_given_and_what_came_of_it(run: Run, people: dict[str, User]) -> None:
    page = signed_in(people["reader"]).get(reverse("run", args=[run.uuid])).content.decode()
    for shown in (
        "depth",
        "train/loss",
        "NaN",
        "<strong>bold</strong>",
        "training",
        "git checkout 4f3c2b1",
        "train.py",
    ):
        assert shown in page
    assert "system/cpu" not in page
    assert page.count("taken as input") == 1
    assert page.count("made here") == 1


def test_a_reader_sees_no_forms(run: Run, people: dict[str, User]) -> None:
    reader = signed_in(people["reader"]).get(reverse("run", args=[run.uuid])).content.decode()
    editor = signed_in(people["editor"]).get(reverse("run", args=[run.uuid])).content.decode()
    assert reverse("run-set-tag", args=[run.uuid]) not in reader
    assert reverse("run-set-tag", args=[run.uuid]) in editor
    assert reverse("run-delete", args=[run.uuid]) not in editor


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(("person", "status"), [("reader", 403), ("outsider", 404)])
def test_who_may_not_change_a_run_changes_nothing(
    run: Run, people: dict[str, User], change: str, person: str, status: int
) -> None:
    before = (Run.objects.values().get(pk=run.pk), list(run.tags.values()))
    address = reverse(f"run-{change}", args=[run.uuid])
    answer = signed_in(people[person]).post(address, {"key": "stage", "value": "x", "note": "x", "name": "x"})
    assert answer.status_code == status
    assert (Run.objects.values().get(pk=run.pk), list(run.tags.values())) == before


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_a_post_with_a_token(run: Run, people: dict[str, User], change: str) -> None:
    client = signed_in(people["admin"], enforce_csrf_checks=True)
    address = reverse(f"run-{change}", args=[run.uuid])
    assert client.get(address).status_code == 405
    assert client.post(address, {"key": "stage"}).status_code == 403


def test_an_editor_changes_tags_name_and_description(run: Run, people: dict[str, User]) -> None:
    client = signed_in(people["editor"])
    part = client.post(
        reverse("run-set-tag", args=[run.uuid]), {"key": "stage", "value": "ready"}, headers={"HX-Request": "true"}
    ).content.decode()
    assert "ready" in part
    assert "<html" not in part
    client.post(reverse("run-delete-tag", args=[run.uuid]), {"key": "stage"})
    client.post(reverse("run-describe", args=[run.uuid]), {"note": "better"})
    answer = client.post(reverse("run-rename", args=[run.uuid]), {"name": "second"})
    assert answer["Location"] == reverse("run", args=[run.uuid])
    tags = dict(run.tags.values_list("key", "value"))
    assert "stage" not in tags
    assert (tags["mlflow.note.content"], tags["mlflow.runName"]) == ("better", "second")
    assert Run.objects.get(pk=run.pk).name == "second"


@pytest.mark.parametrize(("change", "given"), [("set-tag", {"key": " "}), ("rename", {"name": ""})])
def test_what_has_no_name_is_refused(run: Run, people: dict[str, User], change: str, given: dict[str, str]) -> None:
    assert signed_in(people["editor"]).post(reverse(f"run-{change}", args=[run.uuid]), given).status_code == 400


def test_a_run_is_deleted_and_restored_with_an_entry_for_each(run: Run, people: dict[str, User]) -> None:
    client = signed_in(people["admin"])
    assert signed_in(people["editor"]).post(reverse("run-delete", args=[run.uuid])).status_code == 403
    client.post(reverse("run-delete", args=[run.uuid]))
    assert not Run.objects.get(pk=run.pk).is_active
    page = client.get(reverse("run", args=[run.uuid])).content.decode()
    assert "Restore" in page
    assert reverse("run-set-tag", args=[run.uuid]) not in page
    client.post(reverse("run-restore", args=[run.uuid]))
    assert Run.objects.get(pk=run.pk).is_active
    verbs = list(Entry.objects.order_by("pk").values_list("action", flat=True))[-2:]
    assert verbs == ["tracking.run.delete", "tracking.run.restore"]


def test_parent_and_children_lead_to_each_other(run: Run, own: Experiment, people: dict[str, User]) -> None:
    child = make_run(own, people["admin"], name="child", tags=[Tag(key="mlflow.parentRunId", value=run.uuid)])
    client = signed_in(people["reader"])
    assert reverse("run", args=[run.uuid]) in client.get(reverse("run", args=[child.uuid])).content.decode()
    part = client.get(reverse("run", args=[run.uuid]), {"part": "children"}).content.decode()
    assert reverse("run", args=[child.uuid]) in part


def test_a_parent_that_is_hidden_is_not_named(
    run: Run, people: dict[str, User], experiment: Experiment, ada: User
) -> None:
    hidden = make_run(experiment, ada, name="somebody else's")
    log(people["admin"], run, tags=[Tag(key="mlflow.parentRunId", value=hidden.uuid)])
    page = signed_in(people["reader"]).get(reverse("run", args=[run.uuid])).content.decode()
    assert "somebody else" not in page


def test_the_page_takes_as_many_statements_whatever_was_logged(run: Run, people: dict[str, User]) -> None:
    client = signed_in(people["reader"])
    address = reverse("run", args=[run.uuid])
    client.get(address)
    with CaptureQueriesContext(connection) as few:
        client.get(address)
    log(
        people["admin"],
        run,
        metrics=[point(f"m{number}", 1.0) for number in range(50)],
        params=[Param(key=f"p{number}", value="v") for number in range(50)],
        tags=[Tag(key=f"t{number}", value=CANARY) for number in range(50)],
    )
    with CaptureQueriesContext(connection) as many:
        client.get(address)
    assert len(many) == len(few) <= 17


def test_long_and_odd_names_are_shown_as_words(own: Experiment, people: dict[str, User]) -> None:
    made = make_run(own, people["admin"], name="\u202e" + "🚀" * 5_000, tags=[Tag(key="big", value="w" * 5_000)])
    assert signed_in(people["reader"]).get(reverse("run", args=[made.uuid])).status_code == 200

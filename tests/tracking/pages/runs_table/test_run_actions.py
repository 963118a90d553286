"""What is done with chosen runs, views that are kept, and files of runs: everything asks for what it must."""

import csv
import io
import json
import math
import re
import sys
from urllib.parse import parse_qs, urlsplit

import pyarrow.parquet as pq
import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.audit.models import Entry
from apps.tracking import limits
from apps.tracking.choices import Lifecycle
from apps.tracking.entities import Param, Tag
from apps.tracking.models import Experiment, Run, RunTag, SavedView
from apps.tracking.queries import run_records
from tests.tracking.making import delete, log, make_experiment, make_run, point
from tests.tracking.pages.runs_table.conftest import SignedIn


@pytest.fixture
def two(experiment: Experiment, ada: User) -> list[str]:
    return [make_run(experiment, ada, name=name).uuid for name in ("one", "two")]


@pytest.fixture
def manager(ada: User, signed_in: SignedIn) -> Client:
    return signed_in(ada)


def post(client: Client, part: str, experiment: Experiment, *more: object, **sent: object) -> int:
    return client.post(reverse(part, args=[experiment.pk, *more]), sent).status_code


def test_who_may_do_what_with_runs(
    people: dict[str, User], experiment: Experiment, two: list[str], signed_in: SignedIn
) -> None:
    done: dict[str, tuple[int, ...]] = {}
    for name, user in people.items():
        client = signed_in(user)
        done[name] = (
            post(client, "runs-compare", experiment, run=two),
            post(client, "experiment-export", experiment, run=two, format="json"),
            post(client, "runs-tag", experiment, run=two, key="seen", value=name),
            post(client, "runs-delete", experiment, run=two),
            post(client, "runs-restore", experiment, run=two),
        )
    assert done == {
        "administrator": (303, 200, 303, 303, 303),
        "manager": (303, 200, 303, 303, 303),
        "editor": (303, 200, 303, 403, 403),
        "reader": (303, 200, 403, 403, 403),
        "outsider": (404, 404, 404, 404, 404),
    }
    assert Entry.objects.filter(action="tracking.run.delete").count() == 4
    assert set(RunTag.objects.filter(key="seen").values_list("value", flat=True)) == {"editor"}


def test_runs_of_elsewhere_are_not_touched(
    people: dict[str, User], experiment: Experiment, root: User, signed_in: SignedIn
) -> None:
    """Every run is authorised by itself, whatever experiment the address names."""
    hidden = make_run(make_experiment(root, "hidden"), root)
    client = signed_in(people["editor"])
    Experiment.objects.filter(pk=experiment.pk).update(name="renamed")
    client.post(reverse("runs-tag", args=[experiment.pk]), {"run": [hidden.uuid], "key": "seen", "value": "1"})
    assert not RunTag.objects.filter(run=hidden, key="seen").exists()
    exported = client.post(reverse("experiment-export", args=[experiment.pk]), {"run": [hidden.uuid], "format": "json"})
    assert json.loads(exported.getvalue()) == []


def test_deleted_runs_go_and_come_back(ada: User, experiment: Experiment, two: list[str], signed_in: SignedIn) -> None:
    client = signed_in(ada)
    answer = client.post(reverse("runs-delete", args=[experiment.pk]), {"run": [*two, "nonsense"], "state": "size=100"})
    assert answer["Location"] == f"{reverse('experiment', args=[experiment.pk])}?size=100"
    assert "2 runs deleted" in client.get(answer["Location"]).content.decode()
    assert Run.objects.filter(lifecycle_stage=Lifecycle.DELETED).count() == 2
    post(client, "runs-restore", experiment, run=two)
    assert Run.objects.filter(lifecycle_stage=Lifecycle.ACTIVE).count() == 2


@pytest.mark.parametrize(("key", "status"), [("team", 303), ("", 400), ("a\0b", 400), ("k" * 300, 400)])
def test_tags_are_checked(experiment: Experiment, two: list[str], manager: Client, key: str, status: int) -> None:
    assert post(manager, "runs-tag", experiment, run=two, key=key, value="risk") == status
    assert RunTag.objects.filter(value="risk").count() == (2 if status == 303 else 0)


def test_comparing_leads_to_the_page_that_compares(
    ada: User, experiment: Experiment, two: list[str], signed_in: SignedIn
) -> None:
    client, address = signed_in(ada), reverse("runs-compare", args=[experiment.pk])
    led = urlsplit(client.post(address, {"run": [*two, two[0], "x' --"]})["Location"])
    assert (led.path, parse_qs(led.query)) == ("/admin/compare/", {"run": two})
    assert urlsplit(client.post(address, {"run": two[:1]})["Location"]).path != "/admin/compare/"


def test_a_view_is_kept_and_opened_by_whoever_may_read(
    people: dict[str, User], experiment: Experiment, signed_in: SignedIn
) -> None:
    state = "filter=metrics.loss+%3C+1&sort=-metrics.loss&column=metrics.loss&page=token&evil=%3Cscript%3E"
    saved = {
        name: post(signed_in(user), "experiment-views", experiment, name=f"of {name}", state=state)
        for name, user in people.items()
    }
    assert saved == {"administrator": 303, "manager": 303, "editor": 303, "reader": 303, "outsider": 404}
    view = SavedView.objects.get(name="of editor")
    assert (view.created_by, view.state) == (
        "editor",
        "filter=metrics.loss+%3C+1&sort=-metrics.loss&column=metrics.loss",
    )
    opened = signed_in(people["reader"]).get(reverse("experiment-view", args=[experiment.pk, view.pk]))
    assert opened["Location"] == f"{reverse('experiment', args=[experiment.pk])}?{view.state}"
    assert (
        signed_in(people["outsider"]).get(reverse("experiment-view", args=[experiment.pk, view.pk])).status_code == 404
    )
    other = make_experiment(people["reader"], "other")
    assert signed_in(people["reader"]).get(reverse("experiment-view", args=[other.pk, view.pk])).status_code == 404


def test_a_view_is_replaced_by_whoever_saved_it_and_deleted_by_them_or_a_manager(
    people: dict[str, User], experiment: Experiment, signed_in: SignedIn
) -> None:
    reader, editor, manager = (signed_in(people[name]) for name in ("reader", "editor", "manager"))
    post(reader, "experiment-views", experiment, name="best", state="size=100")
    post(reader, "experiment-views", experiment, name="best", state="flat=1")
    post(editor, "experiment-views", experiment, name="best", state="view=deleted")
    states = dict(SavedView.objects.values_list("created_by", "state"))
    assert states == {"reader": "flat=1", "editor": "view=deleted"}
    of_reader, of_editor = (SavedView.objects.get(created_by=name).pk for name in ("reader", "editor"))
    assert post(editor, "experiment-view-delete", experiment, of_reader) == 403
    assert post(reader, "experiment-view-delete", experiment, of_editor) == 403
    assert post(signed_in(people["outsider"]), "experiment-view-delete", experiment, of_reader) == 404
    assert post(reader, "experiment-view-delete", experiment, of_reader) == 303
    assert post(manager, "experiment-view-delete", experiment, of_editor) == 303
    assert not SavedView.objects.exists()
    actions = Entry.objects.filter(action__startswith="tracking.saved_view").values_list("action", flat=True)
    assert sorted(actions) == ["tracking.saved_view.delete"] * 2 + ["tracking.saved_view.save"] * 3


def test_ones_own_views_come_first_and_alone_can_be_deleted(
    people: dict[str, User], experiment: Experiment, signed_in: SignedIn
) -> None:
    hostile = "<script>window.fired = 1</script>"
    for name, view in (("editor", "a"), ("reader", "z"), ("editor", hostile)):
        post(signed_in(people[name]), "experiment-views", experiment, name=view, state="")
    page = signed_in(people["reader"]).get(reverse("experiment", args=[experiment.pk]))
    assert [(view.name, view.created_by) for view in page.context["views"]] == [
        ("z", "reader"),
        (hostile, "editor"),
        ("a", "editor"),
    ]
    told = page.content.decode()
    assert hostile not in told
    assert told.count("Delete the view") == 1
    assert "Save view" in told


def test_views_have_names_and_nobody_has_them_without_number(
    people: dict[str, User], experiment: Experiment, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = signed_in(people["reader"])
    for name in ("", "x" * 101, "a\0b"):
        assert post(client, "experiment-views", experiment, name=name, state="") == 400
    monkeypatch.setattr(limits, "SAVED_VIEWS", 1)
    assert post(client, "experiment-views", experiment, name="one", state="") == 303
    assert post(client, "experiment-views", experiment, name="one", state="size=100") == 303
    assert post(client, "experiment-views", experiment, name="two", state="") == 400
    assert post(signed_in(people["editor"]), "experiment-views", experiment, name="two", state="") == 303


@pytest.fixture
def logged(experiment: Experiment, ada: User) -> Run:
    run = make_run(experiment, ada, name="=HYPERLINK(1)", tags=[Tag(key="team", value='ri"sk\n')])
    log(
        ada,
        run,
        metrics=[point("loss", math.nan), point("best", math.inf), point("f1", -0.5)],
        params=[Param(key="lr", value="-0.1"), Param(key="cmd", value="-2+cmd|x"), Param(key="emoji", value="🎉")],
    )
    make_run(experiment, ada, name="bare")
    return run


def exported(client: Client, experiment: Experiment, name: str, **query: str) -> bytes:
    answer = client.get(reverse("experiment-export", args=[experiment.pk]), {"format": name, **query})
    assert answer.status_code == 200
    assert answer["Content-Disposition"].startswith("attachment")
    return bytes(answer.getvalue())


def test_runs_as_csv(
    ada: User, experiment: Experiment, logged: Run, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_records, "BATCH", 1)
    text = exported(signed_in(ada), experiment, "csv").decode()
    rows = {row["run_id"]: row for row in csv.DictReader(io.StringIO(text, newline=""))}
    assert len(rows) == 2
    found = rows[logged.uuid]
    assert found["run_name"] == "'=HYPERLINK(1)"
    assert (found["params.lr"], found["params.cmd"], found["params.emoji"]) == ("-0.1", "'-2+cmd|x", "🎉")
    assert (found["metrics.loss"], found["metrics.f1"], found["tags.team"]) == ("nan", "-0.5", 'ri"sk\n')
    assert found["start_time"] == "1970-01-01T00:00:00.001Z"


def test_runs_as_json(ada: User, experiment: Experiment, logged: Run, signed_in: SignedIn) -> None:
    found = {run["run_id"]: run for run in json.loads(exported(signed_in(ada), experiment, "json"))}
    assert found[logged.uuid]["metrics"] == {"loss": "NaN", "best": sys.float_info.max, "f1": -0.5}
    assert found[logged.uuid]["params"]["cmd"] == "-2+cmd|x"
    only = json.loads(exported(signed_in(ada), experiment, "json", filter="metrics.f1 < 0"))
    assert [run["run_id"] for run in only] == [logged.uuid]


def test_runs_as_parquet(
    ada: User, experiment: Experiment, logged: Run, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_records, "BATCH", 1)
    table = pq.read_table(io.BytesIO(exported(signed_in(ada), experiment, "parquet")))
    found = next(row for row in table.to_pylist() if row["run_id"] == logged.uuid)
    assert table.num_rows == 2
    assert found["metrics.f1"] == -0.5
    assert math.isnan(found["metrics.loss"])
    assert found["params.lr"] == "-0.1"
    assert found["start_time"].year == 1970


def test_each_format_is_offered(manager: Client, experiment: Experiment, logged: Run) -> None:
    page = manager.get(reverse("experiment", args=[experiment.pk]))
    assert re.findall(r"All that match, as (\w+)", page.content.decode()) == ["CSV", "JSON", "PARQUET"]


def test_deleted_runs_are_exported_where_they_are_shown(
    ada: User, experiment: Experiment, logged: Run, signed_in: SignedIn
) -> None:
    delete(ada, logged)
    active = json.loads(exported(signed_in(ada), experiment, "json"))
    deleted = json.loads(exported(signed_in(ada), experiment, "json", view="deleted"))
    assert [run["run_name"] for run in active] == ["bare"]
    assert [run["run_id"] for run in deleted] == [logged.uuid]


def test_unknown_formats_and_wrong_filters_are_refused_before_anything_is_sent(
    ada: User, experiment: Experiment, logged: Run, signed_in: SignedIn
) -> None:
    client, address = signed_in(ada), reverse("experiment-export", args=[experiment.pk])
    assert client.get(address, {"format": "exe"}).status_code == 400
    assert client.get(address, {"filter": "nonsense"}).status_code == 400
    assert client.post(address, {"format": "csv"}).status_code == 400

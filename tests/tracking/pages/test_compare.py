"""Runs side by side: who sees which, what is said of those that are not there, and what the script of the page gets."""

import csv
import io
import re
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.tracking.artifacts import services as artifacts
from apps.tracking.artifacts.places import run_place
from apps.tracking.artifacts.stores.local import LocalStore
from apps.tracking.choices import Lifecycle
from apps.tracking.entities import Dataset, DatasetInput, Param, Tag
from apps.tracking.models import Experiment, Run
from apps.tracking.pages import compare, compare_rows
from apps.tracking.permissions import EXPERIMENT_GRANTS
from apps.tracking.queries.keys import forget
from apps.tracking.services import inputs
from apps.tracking.services.keys import intern
from apps.tracking.services.points import Point, write_points
from mlregistry.actor import system
from mlregistry.levels import Level
from tests.security.statements import counted
from tests.tracking.making import delete, log, make_experiment, make_run, point, row

HOSTILE = "<script>window.fired=1</script> \u202e \U0001f680"
CSRF = r'name="csrfmiddlewaretoken" value="\w+"'
PLACES = ("compare", "compare-data", "compare-csv", "compare-json", "compare-curves", "compare-files")


@pytest.fixture(autouse=True)
def _nothing_is_given_by_default(settings: Any) -> None:
    settings.MLREGISTRY_DEFAULT_PERMISSION = Level.NO_PERMISSIONS


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[-1])
    return client


def fill(experiment: Experiment, user: User, **texts: str) -> Run:
    run = make_run(experiment, user, name=texts.get("name", "fitted"), tags=[Tag(key="team", value="red")])
    metrics = [point("loss", 0.5, step=1), point("loss", 0.25, step=2), point("odd", float("nan"))]
    log(user, run, metrics=metrics, params=[Param(key="lr", value=texts.get("lr", "0.1"))])
    return run


@pytest.fixture
def pair(experiment: Experiment, ada: User) -> list[Run]:
    return [fill(experiment, ada, name="one"), fill(experiment, ada, name="two", lr="0.2")]


def asked(*runs: Run | str, **more: str) -> dict[str, Any]:
    return {"run": [run if isinstance(run, str) else run.uuid for run in runs], **more}


def opened(user: User, *runs: Run | str, **more: str) -> str:
    answer = signed_in(user).get(reverse("compare"), asked(*runs, **more))
    assert answer.status_code == 200
    return answer.content.decode()


def logged(user: User, *runs: Run | str) -> dict[str, Any]:
    answer = signed_in(user).get(reverse("compare-data"), asked(*runs))
    assert answer.status_code == 200
    return answer.json()


def keyed(data: dict[str, Any]) -> dict[str, Any]:
    return {f"{found['kind']}:{found['key']}": found for found in data["rows"]}


def test_what_was_logged_stands_side_by_side(pair: list[Run], ada: User) -> None:
    data = logged(ada, *pair)
    rows = keyed(data)
    assert [run["name"] for run in data["runs"]] == ["one", "two"]
    assert rows["param:lr"] == {"kind": "param", "key": "lr", "values": ["0.1", "0.2"], "of": [0, 1]}
    assert rows["metric:loss"]["numbers"] == [0.25, 0.25]
    assert rows["metric:loss"]["steps"] == [2, 2]
    assert rows["metric:odd"]["numbers"] == ["NaN", "NaN"]
    assert rows["tag:team"] == {"kind": "tag", "key": "team", "values": ["red"], "of": [0, 0]}
    assert rows["attribute:Started"]["unit"] == "time"


def test_what_a_run_lacks_is_no_value(pair: list[Run], ada: User) -> None:
    log(ada, pair[1], metrics=[point("more", 1.5)], params=[Param(key="depth", value="3")])
    rows = keyed(logged(ada, *pair))
    assert rows["metric:more"]["numbers"] == [None, 1.5]
    assert rows["param:depth"]["of"] == [None, 0]


def test_the_runs_stand_in_the_order_of_the_address_and_each_once(pair: list[Run], ada: User) -> None:
    data = logged(ada, pair[1], pair[0], pair[1])
    assert [run["id"] for run in data["runs"]] == [pair[1].uuid, pair[0].uuid]


def test_long_values_are_cut_and_told_apart_all_the_same(experiment: Experiment, ada: User) -> None:
    same = "x" * compare_rows.SHOWN
    runs = [fill(experiment, ada, lr=same + ending) for ending in ("a", "b")]
    found = keyed(logged(ada, *runs))["param:lr"]
    assert found["values"] == [same, same]
    assert found["of"] == [0, 1]


def test_tags_that_clients_set_by_themselves_are_told_from_those_of_people(experiment: Experiment, ada: User) -> None:
    tags = [Tag(key="mlflow.source.git.commit", value="abc"), Tag(key="mlflow.note.content", value="good")]
    runs = [make_run(experiment, ada, name=name, tags=tags) for name in ("one", "two")]
    rows = keyed(logged(ada, *runs))
    assert rows["attribute:Git commit"]["values"] == ["abc"]
    assert rows["system:mlflow.note.content"]["values"] == ["good"]
    assert not any("runName" in name for name in rows)


def test_data_sets_are_named_with_their_digests(pair: list[Run], ada: User) -> None:
    iris = DatasetInput(dataset=Dataset(name="iris", digest="d1", source_type="local", source="{}"), tags=[])
    inputs.log_inputs(run=row(ada, pair[0]), datasets=[iris], models=[], user=ada)
    found = keyed(logged(ada, *pair))["attribute:Datasets"]
    assert (found["values"], found["of"]) == (["iris (d1)"], [0, None])


def test_keys_without_number_leave_some_out_and_say_so(
    pair: list[Run], ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compare_rows, "KEYS", 1)
    data = logged(ada, *pair)
    assert data["left_out"]["metric"] == 1
    assert [found["key"] for found in data["rows"] if found["kind"] == "metric"] == ["loss"]


def test_whoever_reads_all_the_experiments_sees_all_the_runs(pair: list[Run], ada: User, root: User) -> None:
    reader = User.objects.create_user("rita", is_staff=True)
    EXPERIMENT_GRANTS.set(target=pair[0].experiment, holder=reader, level=Level.READ, by=system("tests"))
    editor = User.objects.create_user("eve", is_staff=True)
    EXPERIMENT_GRANTS.set(target=pair[0].experiment, holder=editor, level=Level.EDIT, by=system("tests"))
    for person in (ada, root, reader, editor):
        assert len(logged(person, *pair)["runs"]) == 2
        assert "Compare 2 runs" in opened(person, *pair)


def test_hidden_and_absent_runs_look_the_same(pair: list[Run], ada: User, root: User) -> None:
    secret = fill(make_experiment(root, "secret"), root, name="undreamt")
    with_hidden, with_absent = opened(ada, *pair, secret), opened(ada, *pair, "f" * 32)
    assert "1 of the 3 runs asked for was not found." in with_hidden
    assert "undreamt" not in with_hidden
    assert re.sub(CSRF, "", with_hidden) == re.sub(CSRF, "", with_absent)
    assert [run["name"] for run in logged(ada, *pair, secret)["runs"]] == ["one", "two"]


@pytest.mark.parametrize("place", PLACES)
def test_an_outsider_finds_nothing_anywhere(pair: list[Run], place: str) -> None:
    outsider = User.objects.create_user("otto", is_staff=True)
    answer = signed_in(outsider).get(reverse(place), asked(*pair, metric="loss"))
    assert answer.status_code == (404 if place == "compare" else 200)
    assert pair[0].experiment.name not in answer.content.decode()
    assert "0.25" not in answer.content.decode()


@pytest.mark.parametrize("place", PLACES)
def test_whoever_is_not_signed_in_is_led_to_the_sign_in_page(pair: list[Run], place: str) -> None:
    answer = Client().get(reverse(place), asked(*pair))
    assert answer.status_code == 302
    assert answer["Location"].startswith("/admin/login/")


def test_no_runs_one_run_and_unknown_runs_are_told_apart(pair: list[Run], ada: User) -> None:
    assert "No runs chosen" in opened(ada)
    assert "One run is not a comparison" in opened(ada, pair[0])
    answer = signed_in(ada).get(reverse("compare"), asked("f" * 32, "'; --", "\0", "x" * 400))
    assert answer.status_code == 404
    assert "were not found" in answer.content.decode()


@pytest.mark.parametrize("place", PLACES)
def test_more_runs_than_there_is_room_for_are_refused_with_a_sentence(ada: User, place: str) -> None:
    answer = signed_in(ada).get(reverse(place), asked(*(f"{number:032x}" for number in range(201))))
    assert answer.status_code == 400
    assert "runs can be compared at once; the address names 201." in answer.content.decode()


def test_purged_runs_are_gone_and_deleted_ones_say_so(pair: list[Run], ada: User) -> None:
    delete(ada, pair[1])
    assert '<span class="badge bad">deleted</span>' in opened(ada, *pair)
    Run.objects.filter(pk=pair[1].pk).update(lifecycle_stage=Lifecycle.PURGING)
    assert "1 of the 2 runs" in opened(ada, *pair)


def test_a_run_is_added_and_removed_and_the_rest_of_the_address_stays(pair: list[Run], ada: User) -> None:
    client, place = signed_in(ada), reverse("compare")
    first, second = (run.uuid for run in pair)
    added = client.get(place, asked(first, add=second, tab="box", find="tw"))
    assert added.status_code == 303
    assert added["Location"] == f"{place}?run={first}&run={second}&tab=box"
    removed = client.get(place, asked(first, second, without=first, base=second))
    assert removed["Location"] == f"{place}?run={second}&base={second}"


def test_runs_to_add_are_found_by_a_part_of_the_name_and_by_id(pair: list[Run], ada: User, root: User) -> None:
    third = fill(pair[0].experiment, ada, name="The Third Wheel")
    elsewhere = fill(make_experiment(ada, "elsewhere"), ada, name="third elsewhere")
    secret = fill(make_experiment(root, "secret"), root, name="third secret")

    def found(words: str) -> str:
        answer = signed_in(ada).get(reverse("compare"), asked(*pair, find=words), headers={"HX-Request": "true"})
        assert "<html" not in answer.content.decode()
        return answer.content.decode()

    assert third.uuid in found("third")
    assert elsewhere.uuid not in found("third")
    assert elsewhere.uuid in found(elsewhere.uuid)
    assert third.uuid in found(third.uuid[:8])
    assert secret.uuid not in found(secret.uuid) + found("third")
    assert pair[0].uuid not in found("one")
    assert "no run has this id" in found(HOSTILE)
    assert third.uuid in opened(ada, *pair, find="third")


def test_curves_come_with_steps_and_times_and_odd_values_by_name(pair: list[Run], ada: User) -> None:
    client = signed_in(ada)
    curves = client.get(reverse("compare-curves"), asked(*pair, metric="loss")).json()["curves"]
    assert curves[pair[0].uuid] == {"steps": [1, 2], "times": [0, 0], "values": [0.5, 0.25]}
    odd = client.get(reverse("compare-curves"), asked(*pair, metric="odd")).json()["curves"]
    assert odd[pair[1].uuid]["values"] == ["NaN"]
    for strange in ("never logged", "\0", ""):
        assert client.get(reverse("compare-curves"), asked(*pair, metric=strange)).json() == {"curves": {}}


@pytest.mark.parametrize(("points", "most"), [("10", 10), ("0", 2), ("99999999999", 40), ("-1", 40), ("ten", 40)])
def test_a_curve_has_as_many_points_as_are_asked_for_at_most(
    pair: list[Run], ada: User, points: str, most: int
) -> None:
    log(ada, pair[0], metrics=[point("long", number, step=number) for number in range(40)])
    answer = signed_in(ada).get(reverse("compare-curves"), asked(*pair, metric="long", points=points))
    assert len(answer.json()["curves"][pair[0].uuid]["steps"]) <= most


@pytest.mark.parametrize("points", ["120", "1500"])
def test_no_extreme_of_a_long_curve_is_missed(pair: list[Run], ada: User, points: str) -> None:
    many, key = 100_000, intern({"long"})["long"]
    odd = {33_333: -7.0, 51_234: 9.0}
    write_points(
        run_pk=pair[0].pk,
        points=[Point(key, step, step, odd.get(step, 0.0), step == 77_777) for step in range(many)],
    )
    forget()
    answer = signed_in(ada).get(reverse("compare-curves"), asked(*pair, metric="long", points=points))
    curve = answer.json()["curves"][pair[0].uuid]
    assert len(curve["steps"]) <= int(points)
    assert curve["steps"] == curve["times"] == sorted(curve["steps"])
    assert {0, many - 1} <= set(curve["steps"])
    logged = dict(zip(curve["steps"], curve["values"], strict=True))
    assert (logged[33_333], logged[51_234], logged[77_777]) == (-7.0, 9.0, "NaN")


def test_files_are_listed_folder_by_folder(pair: list[Run], ada: User, store: LocalStore) -> None:
    place, _ = run_place(ada, pair[0].uuid, at_least=Level.EDIT)
    for path in ("plots/loss.png", "notes.txt"):
        artifacts.upload(place=place.below(path), chunks=[b"words"], by=ada.actor())
    client = signed_in(ada)
    top = client.get(reverse("compare-files"), asked(*pair)).json()["runs"]
    assert top[pair[0].uuid] == [
        {"path": "notes.txt", "folder": False, "size": 5},
        {"path": "plots", "folder": True, "size": None},
    ]
    assert top[pair[1].uuid] == []
    below = client.get(reverse("compare-files"), asked(*pair, folder="plots")).json()["runs"]
    assert [file["path"] for file in below[pair[0].uuid]] == ["plots/loss.png"]


@pytest.mark.parametrize("folder", ["../", "..%2f", "/etc", "a//b", "\0", "file:///etc"])
def test_no_path_leads_out_of_the_runs_own_files(pair: list[Run], ada: User, store: LocalStore, folder: str) -> None:
    assert signed_in(ada).get(reverse("compare-files"), asked(*pair, folder=folder)).status_code == 400


def test_files_in_a_store_that_this_server_does_not_read_are_none(pair: list[Run], ada: User) -> None:
    Run.objects.update(artifact_uri="s3://somewhere/else")
    found = signed_in(ada).get(reverse("compare-files"), asked(*pair)).json()["runs"]
    assert found == {run.uuid: [] for run in pair}


def test_the_file_has_a_line_for_each_run_and_a_column_for_each_key(pair: list[Run], ada: User) -> None:
    answer = signed_in(ada).get(reverse("compare-csv"), asked(*pair))
    assert answer["Content-Type"] == "text/csv"
    assert "attachment" in answer["Content-Disposition"]
    lines = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert [line["run_id"] for line in lines] == [run.uuid for run in pair]
    assert [line["params.lr"] for line in lines] == ["0.1", "0.2"]
    assert lines[0]["metrics.loss"] == "0.25"
    assert lines[0]["metrics.odd"] == "NaN"
    assert lines[0]["tags.team"] == "red"
    assert lines[0]["started"] == "1970-01-01T00:00:00+00:00"


@pytest.mark.parametrize(
    ("written", "read"), [("=1+1", "'=1+1"), ("@x", "'@x"), ("-1e-3", "-1e-3"), ("plain", "plain")]
)
def test_a_spreadsheet_gets_no_formula(experiment: Experiment, ada: User, written: str, read: str) -> None:
    run = fill(experiment, ada, name="=cmd()", lr=written)
    answer = signed_in(ada).get(reverse("compare-csv"), asked(run))
    (line,) = csv.DictReader(io.StringIO(answer.content.decode()))
    assert (line["run_name"], line["params.lr"]) == ("'=cmd()", read)


def test_the_other_file_has_an_object_for_each_run(pair: list[Run], ada: User) -> None:
    answer = signed_in(ada).get(reverse("compare-json"), asked(*pair))
    assert "comparison.json" in answer["Content-Disposition"]
    first, second = answer.json()
    assert (first["run_id"], first["run_name"]) == (pair[0].uuid, "one")
    assert first["metrics"] == {"loss": 0.25, "odd": "NaN"}
    assert (first["params"], second["params"]) == ({"lr": "0.1"}, {"lr": "0.2"})
    assert first["tags"]["team"] == "red"


def test_what_people_wrote_is_text_on_the_page(experiment: Experiment, ada: User) -> None:
    runs = [fill(experiment, ada, name=HOSTILE + "x" * 5000) for _ in range(2)]
    Experiment.objects.filter(pk=experiment.pk).update(name=HOSTILE)
    page = opened(ada, *runs, tab=HOSTILE, base='"><script>', find=HOSTILE)
    assert "<script>window" not in page
    assert '"><script>' not in page
    assert "x" * 100 not in page


def test_a_page_takes_as_many_statements_however_many_runs_it_has(
    experiment: Experiment, ada: User, pair: list[Run]
) -> None:
    many = [*pair, *(fill(experiment, ada, name=f"run {number}") for number in range(20))]
    client = signed_in(ada)
    for place in ("compare", "compare-data", "compare-csv", "compare-json", "compare-files"):
        counts = []
        for runs in (pair, pair, many):  # the first fills what Django remembers
            with counted() as statements:
                assert client.get(reverse(place), asked(*runs)).status_code == 200
            counts.append(len(statements))
        assert counts[1] == counts[2], place
        assert counts[2] <= 7, place


def test_a_page_of_two_hundred_runs_stays_small(experiment: Experiment, ada: User) -> None:
    runs = Run.objects.bulk_create(
        Run(uuid=f"{number:032x}", experiment=experiment, name=f"a run of usual length {number}", artifact_uri="x")
        for number in range(compare.MOST)
    )
    page = opened(ada, *runs)
    assert len(page) < 150_000
    assert "No more than 200 runs" in page

"""The table of an experiment's runs: who sees what, and everything that its address can say."""

import json

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.tracking.choices import RunStatus
from apps.tracking.columns import Column
from apps.tracking.entities import Param, Tag
from apps.tracking.models import Experiment, Run
from apps.tracking.pages import runs as pages
from apps.tracking.pages import table_state
from apps.tracking.pages.table_state import TableState
from apps.tracking.queries.run_search import search_runs
from apps.tracking.services.runs import update_run
from mlregistry.errors import InvalidParameter
from mlregistry.wire.schema import ViewType
from tests.security.statements import counted
from tests.tracking.making import delete, log, make_experiment, make_run, point, row
from tests.tracking.pages.runs_table.conftest import SignedIn

HOSTILE = "<script>window.fired = 1</script> \u202e gnirts 🎉"


@pytest.fixture
def manager(ada: User, signed_in: SignedIn) -> Client:
    return signed_in(ada)


def fitted(experiment: Experiment, user: User, name: str, *, loss: float, model: str = "tree", parent: str = "") -> Run:
    tags = [Tag(key="mlflow.parentRunId", value=parent)] if parent else []
    run = make_run(experiment, user, name=name, tags=tags)
    log(user, run, metrics=[point("loss", loss)], params=[Param(key="model", value=model)])
    update_run(run=row(user, run), status=RunStatus.FINISHED, end_time=2, name="")
    return run


def table(client: Client, experiment: Experiment, **query: object) -> list[str]:
    answer = client.get(reverse("experiment", args=[experiment.pk]), query)
    assert answer.status_code == 200
    return [found.name for found in answer.context["rows"]]


def test_everyone_sees_the_runs_that_they_may_read(
    people: dict[str, User], experiment: Experiment, ada: User, signed_in: SignedIn
) -> None:
    fitted(experiment, ada, "one", loss=1)
    for part in ("experiment", "experiment-rows", "experiment-live", "experiment-keys", "experiment-columns"):
        for name, user in people.items():
            answer = signed_in(user).get(reverse(part, args=[experiment.pk]))
            assert answer.status_code == (404 if name == "outsider" else 200), (part, name)
    assert signed_in(ada).get(reverse("experiment", args=[10**30])).status_code == 404


def test_a_filter_finds_and_an_order_sorts(experiment: Experiment, ada: User, signed_in: SignedIn) -> None:
    for name, loss in (("worse", 0.5), ("best", 0.1), ("worst", 0.9)):
        fitted(experiment, ada, name, loss=loss)
    client = signed_in(ada)
    assert set(table(client, experiment, filter="metrics.loss < 0.6")) == {"worse", "best"}
    assert table(client, experiment, sort="metrics.loss") == ["best", "worse", "worst"]
    assert table(client, experiment, sort="-metrics.loss") == ["worst", "worse", "best"]
    assert table(client, experiment, sort="-attributes.run_name") == ["worst", "worse", "best"]
    assert len(table(client, experiment, sort="attributes.artifact_uri) --")) == 3


@pytest.mark.parametrize(
    ("text", "word", "at"),
    [
        ("metrics.loss < 1 AND parms.a = 'b'", "parms.a", 21),
        ("metrics.loss ~ 1", "~", 13),
        ("metrics.loss < ", "", 14),
        ("params.x = tree", "tree", 11),
    ],
)
def test_an_error_stands_under_the_word_that_is_wrong(
    experiment: Experiment, manager: Client, text: str, word: str, at: int
) -> None:
    answer = manager.get(reverse("experiment", args=[experiment.pk]), {"filter": text})
    assert answer.status_code == 200
    complaint = answer.context["complaint"]
    assert (complaint.word, complaint.at) == (word, at)
    assert 'id="filter-error"' in answer.content.decode()


@pytest.mark.parametrize("text", ["\0", "metrics.loss < '\0'", "x" * 300_000, " "])
def test_filters_that_nobody_means_are_refused_kindly(
    experiment: Experiment, ada: User, signed_in: SignedIn, text: str
) -> None:
    assert signed_in(ada).get(reverse("experiment", args=[experiment.pk]), {"filter": text}).status_code == 200


def test_columns_are_chosen_kept_for_the_person_and_named_in_the_address(
    experiment: Experiment, ada: User, root: User, signed_in: SignedIn
) -> None:
    run = fitted(experiment, ada, "one", loss=0.25)
    log(ada, run, tags=[Tag(key="team", value="risk")])
    client, address = signed_in(ada), reverse("experiment", args=[experiment.pk])
    default = [column.id for column in client.get(address).context["columns"]]
    assert default[:4] == ["attributes.status", "attributes.start_time", "attributes.duration", "attributes.user_id"]
    assert {"metrics.loss", "params.model"} <= set(default)
    chosen = {"column": ["tags.team", "metrics.loss", "nonsense", "attributes.nothing", "tags.\0"], "state": "filter=x"}
    answer = client.post(reverse("experiment-columns", args=[experiment.pk]), chosen)
    asked = QueryDict(answer["Location"].partition("?")[2])
    assert asked.getlist("column") == ["tags.team", "metrics.loss"]
    assert asked["filter"] == "x"
    assert [column.id for column in client.get(address).context["columns"]] == ["tags.team", "metrics.loss"]
    assert [column.id for column in signed_in(root).get(address).context["columns"]] == default
    explicit = client.get(address, {"column": "params.model"})
    assert [column.id for column in explicit.context["columns"]] == ["params.model"]
    client.post(reverse("experiment-columns", args=[experiment.pk]), {"reset": "1"})
    assert [column.id for column in client.get(address).context["columns"]] == default


def test_default_columns_tell_runs_apart(experiment: Experiment, ada: User, signed_in: SignedIn) -> None:
    for number in range(3):
        run = make_run(experiment, ada)
        params = [Param(key=f"same{key}", value="1") for key in range(6)]
        log(ada, run, params=[*params, Param(key="varies", value=str(number))], metrics=[point("system/cpu", 1)])
    shown = [column.id for column in signed_in(ada).get(reverse("experiment", args=[experiment.pk])).context["columns"]]
    assert "params.varies" in shown
    assert "metrics.system/cpu" not in shown


def test_runs_are_grouped_by_a_param_with_what_their_metrics_came_to(
    experiment: Experiment, ada: User, signed_in: SignedIn
) -> None:
    for loss, model in ((1.0, "tree"), (3.0, "tree"), (7.0, 'it\'s "odd"'), (2.0, "plain")):
        fitted(experiment, ada, model, loss=loss, model=model)
    make_run(experiment, ada, name="without")
    client, address = signed_in(ada), reverse("experiment", args=[experiment.pk])
    query = {"group": "params.model", "column": ["metrics.loss"], "sort": "-metrics.loss"}
    answer = client.get(address, query)
    groups = {group.title: group for group in answer.context["groups"]}
    assert [group.title for group in answer.context["groups"]] == ['it\'s "odd"', "tree", "plain", None]
    assert {title: group.runs for title, group in groups.items()} == {"tree": 2, 'it\'s "odd"': 1, "plain": 1, None: 1}
    assert groups["tree"].cells[0].content == '2 <span class="spread">1 … 3</span>'
    assert groups['it\'s "odd"'].narrower == ""
    inside = client.get(f"{reverse('experiment-rows', args=[experiment.pk])}?{groups['tree'].narrower}")
    assert {found.name for found in inside.context["rows"]} == {"tree"}
    assert len(inside.context["rows"]) == 2
    rest = client.get(f"{reverse('experiment-rows', args=[experiment.pk])}?{groups[None].narrower}")
    assert [found.name for found in rest.context["rows"]] == ["without"]


def test_nested_runs_wait_under_their_parent(experiment: Experiment, ada: User, signed_in: SignedIn) -> None:
    parent = fitted(experiment, ada, "parent", loss=1)
    child = fitted(experiment, ada, "child", loss=2, parent=parent.uuid)
    fitted(experiment, ada, "grandchild", loss=3, parent=child.uuid)
    client = signed_in(ada)
    assert table(client, experiment) == ["parent"]
    assert set(table(client, experiment, flat="1")) == {"parent", "child", "grandchild"}
    found = client.get(reverse("experiment", args=[experiment.pk])).context["rows"]
    assert found[0].nested == 1
    rows = reverse("experiment-rows", args=[experiment.pk])
    inside = client.get(rows, {"parent": parent.uuid, "depth": "2", "inside": parent.uuid})
    assert [(row.name, row.nested) for row in inside.context["rows"]] == [("child", 1)]
    assert "depth-2" in inside.content.decode()
    assert client.get(rows, {"parent": "' OR 1=1", "depth": "x", "inside": '"><b>'}).context["rows"] == []
    filtered = client.get(reverse("experiment", args=[experiment.pk]), {"filter": "metrics.loss = 2"})
    assert [(row.name, row.parent) for row in filtered.context["rows"]] == [("child", "parent")]


def test_nested_runs_without_their_parent_are_not_lost(experiment: Experiment, ada: User, signed_in: SignedIn) -> None:
    parent = fitted(experiment, ada, "parent", loss=1)
    fitted(experiment, ada, "child", loss=2, parent=parent.uuid)
    client, address = signed_in(ada), reverse("experiment", args=[experiment.pk])
    assert not client.get(address).context["orphans"]
    delete(ada, parent)
    answer = client.get(address)
    assert answer.context["orphans"]
    assert "flat=1" in answer.content.decode()


def test_deleted_runs_are_a_table_of_their_own(experiment: Experiment, ada: User, signed_in: SignedIn) -> None:
    delete(ada, fitted(experiment, ada, "gone", loss=1))
    fitted(experiment, ada, "here", loss=1)
    assert table(signed_in(ada), experiment) == ["here"]
    assert table(signed_in(ada), experiment, view="deleted") == ["gone"]


def test_pages_follow_each_other(experiment: Experiment, ada: User, signed_in: SignedIn) -> None:
    for number in range(55):
        make_run(experiment, ada, name=f"run {number}")
    client, address = signed_in(ada), reverse("experiment", args=[experiment.pk])
    first = client.get(address)
    second = client.get(f"{address}?{first.context['next_page']}")
    names = [row.name for answer in (first, second) for row in answer.context["rows"]]
    assert len(set(names)) == len(names) == 55
    assert client.get(address, {"page": "forged"}).status_code == 400


def test_only_rows_that_may_change_are_written_anew(experiment: Experiment, ada: User, signed_in: SignedIn) -> None:
    running = make_run(experiment, ada, name="running")
    Run.objects.filter(pk=running.pk).update(start_time=5)
    fitted(experiment, ada, "finished", loss=1)
    other = make_run(make_experiment(ada, "other"), ada)
    client = signed_in(ada)
    assert client.get(reverse("experiment", args=[experiment.pk])).context["unfinished"] == [running.uuid]
    live = reverse("experiment-live", args=[experiment.pk])
    again = client.get(live, {"run": [running.uuid, other.uuid, "\0"]})
    assert [row.name for row in again.context["rows"]] == ["running"]
    assert 'hx-trigger="every' in again.content.decode()
    update_run(run=row(ada, running), status=RunStatus.FINISHED, end_time=5, name="")
    assert "newer runs" not in client.get(live, {"run": [running.uuid], "newest": running.uuid}).content.decode()
    Run.objects.filter(name="finished").update(start_time=9)  # as if it had been started since
    assert "newer runs" in client.get(live, {"run": [running.uuid], "newest": running.uuid}).content.decode()
    last = client.get(live, {"run": [running.uuid]}).content.decode()
    assert "finished" in last
    assert "hx-trigger" not in last


def test_the_page_takes_as_many_statements_however_many_runs_there_are(
    experiment: Experiment, ada: User, signed_in: SignedIn
) -> None:
    client, address = signed_in(ada), reverse("experiment", args=[experiment.pk])
    for query in ({}, {"group": "params.model"}, {"filter": "metrics.loss < 5", "sort": "metrics.loss"}):
        parent = fitted(experiment, ada, "first", loss=1)
        fitted(experiment, ada, "child", loss=1, parent=parent.uuid)
        client.get(address, query)
        with counted() as few:
            client.get(address, query)
        for number in range(10):
            nested = fitted(experiment, ada, "more", loss=number, model=f"model {number}")
            fitted(experiment, ada, "child", loss=1, parent=nested.uuid)
        with counted() as many:
            client.get(address, query)
        assert len(many) == len(few) <= 22, query


def test_keys_are_those_of_the_experiment_alone(experiment: Experiment, ada: User, signed_in: SignedIn) -> None:
    fitted(experiment, ada, "one", loss=1)
    hidden = make_run(make_experiment(ada, "other"), ada)
    log(ada, hidden, metrics=[point("secret", 1)], params=[Param(key="secret", value="1")])
    told = json.loads(signed_in(ada).get(reverse("experiment-keys", args=[experiment.pk])).content)
    names = {(key["kind"], key["key"]) for key in told["keys"]}
    assert {("metrics", "loss"), ("params", "model"), ("attributes", "status")} <= names
    assert not any(key == "secret" for _, key in names)
    assert "FINISHED" in told["statuses"]


def test_whatever_people_write_is_only_words(ada: User, signed_in: SignedIn) -> None:
    experiment = make_experiment(ada, HOSTILE)
    run = make_run(experiment, ada, name=HOSTILE + "n" * 5000, tags=[Tag(key=HOSTILE, value=HOSTILE * 50)])
    make_run(experiment, ada, name="child", tags=[Tag(key="mlflow.parentRunId", value=run.uuid)])
    log(ada, run, params=[Param(key="odd", value=HOSTILE + "v" * 5000)])
    query = {"column": [f"tags.{HOSTILE}", "params.odd"], "sort": f"tags.{HOSTILE}", "inside": HOSTILE}
    for part, more in (
        ("experiment", {}),
        ("experiment", {"flat": "1"}),
        ("experiment", {"group": f"tags.{HOSTILE}"}),
        ("experiment", {"group": "params.odd"}),
        ("experiment", {"filter": HOSTILE}),
        ("experiment-rows", {"parent": run.uuid}),
        ("experiment-rows", {}),
        ("experiment-columns", {}),
        ("experiment-edit", {}),
    ):
        shown = signed_in(ada).get(reverse(part, args=[experiment.pk]), {**query, **more})
        assert shown.status_code == 200, (part, more)
        assert "<script>window" not in shown.content.decode(), (part, more)
        assert len(shown.content) < 60_000, (part, more)


def test_the_state_survives_the_way_through_an_address() -> None:
    state = TableState(
        filter="metrics.a < 1",
        sort="-metrics.a b/c",
        columns=(Column("metrics", "a b/c"), Column("tags", "x.y")),
        group="params.lr",
        view="deleted",
        flat=True,
        size=100,
    )
    assert TableState.written_as(state.query) == state
    assert TableState().query == ""


LONGEST_LAST = ["instant", "short, later", "short", "long", "running", "backwards", "no start"]


@pytest.fixture
def timed(experiment: Experiment, ada: User) -> None:
    """Runs that took 0, 5, 5 and 90 s, and such as no time can be told of."""
    times: dict[str, tuple[int, int | None]] = {
        "long": (1_000, 91_000),
        "short": (1_000, 6_000),
        "short, later": (2_000, 7_000),
        "instant": (3_000, 3_000),
        "backwards": (8_000, 2_000),
        "no start": (0, 9_000),
        "running": (9_000, None),
    }
    for name, (start, end) in times.items():
        run = make_run(experiment, ada, name=name)
        Run.objects.filter(pk=run.pk).update(start_time=start, end_time=end)


@pytest.mark.parametrize("size", [1, 3, 50])
@pytest.mark.usefixtures("timed")
def test_runs_are_sorted_by_how_long_they_took_over_all_pages(
    experiment: Experiment, ada: User, signed_in: SignedIn, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_state, "SIZES", (size,))
    client, address = signed_in(ada), reverse("experiment", args=[experiment.pk])
    longest_first = ["long", "short, later", "short", "instant", *LONGEST_LAST[4:]]
    for sort, expected in (("attributes.duration", LONGEST_LAST), ("-attributes.duration", longest_first)):
        seen: list[str] = []
        answer = client.get(address, {"sort": sort, "size": size})
        while True:
            seen += [row.name for row in answer.context["rows"]]
            if not answer.context["next_page"]:
                break
            answer = client.get(f"{address}?{answer.context['next_page']}")
        assert seen == expected


def test_what_is_exported_is_in_the_order_of_the_table_and_the_wire_knows_no_duration(
    experiment: Experiment, timed: None, ada: User, signed_in: SignedIn
) -> None:
    query = {"format": "json", "sort": "attributes.duration"}
    answer = signed_in(ada).get(reverse("experiment-export", args=[experiment.pk]), query)
    assert [run["run_name"] for run in json.loads(answer.getvalue())] == LONGEST_LAST
    with pytest.raises(InvalidParameter, match="duration"):
        search_runs(
            ada,
            experiment_ids=[str(experiment.pk)],
            filter_text="",
            view=ViewType.ACTIVE_ONLY,
            order_by=["attributes.duration"],
            max_results=5,
            page_token="",
        )


def test_a_header_sorts_one_way_then_the_other_then_not() -> None:
    metric, param = Column("metrics", "loss"), Column("params", "lr")
    orders = []
    for column in (metric, param):
        state = TableState()
        for _ in range(3):
            state = TableState.written_as(state.sorted_by(column))
            orders.append(state.sort)
    assert orders == ["-metrics.loss", "metrics.loss", "", "params.lr", "-params.lr", ""]


def test_what_unfolds_is_limited_and_says_where_the_rest_is(
    experiment: Experiment, ada: User, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "MOST_INSIDE", 2)
    parent = fitted(experiment, ada, "parent", loss=1)
    for number in range(3):
        fitted(experiment, ada, f"child {number}", loss=2, parent=parent.uuid)
    inside = signed_in(ada).get(reverse("experiment-rows", args=[experiment.pk]), {"parent": parent.uuid})
    assert len(inside.context["rows"]) == 2
    assert "Show all of them" in inside.content.decode()

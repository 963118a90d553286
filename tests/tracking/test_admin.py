"""Tracking in the admin: everyone sees what they may, services do the changing, forged requests do nothing."""

import re

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import Team, User
from apps.audit.models import Entry
from apps.tracking import models
from apps.tracking.admin.base import NewestPaginator
from apps.tracking.choices import Lifecycle
from apps.tracking.entities import Dataset, DatasetInput, InputTag, ModelInput, ModelOutput, Param, Tag
from apps.tracking.models import Experiment, LoggedModel, Run
from apps.tracking.models.artifacts import ArtifactFile, Seal
from apps.tracking.permissions import EXPERIMENT_GRANTS
from apps.tracking.services import inputs
from mlregistry.actor import system
from mlregistry.large_tables import CappedPaginator
from mlregistry.levels import Level
from tests.tracking.making import delete, log, make_experiment, make_model, make_run, point, row

MODELS = [model for model in admin.site._registry if model._meta.app_label == "tracking"]  # noqa: SLF001  a public fact
SEEN_BY_ALL = [model for model in MODELS if model is not models.MetricKey]


@pytest.fixture
def bob(db: None, settings: object) -> User:
    """Someone who was granted nothing, where nothing is given by default."""
    settings.MLREGISTRY_DEFAULT_PERMISSION = Level.NO_PERMISSIONS  # type: ignore[attr-defined]
    return User.objects.create_user("bob", is_staff=True)


def signed_in(user: User, **options: bool) -> Client:
    client = Client(**options)  # type: ignore[arg-type]
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[-1])
    return client


def grant(experiment: Experiment, user: User, level: Level) -> None:
    EXPERIMENT_GRANTS.set(target=experiment, holder=user, level=level, by=system("tests"))


def page(model: type, name: str = "changelist", *arguments: object) -> str:
    return reverse(f"admin:tracking_{model._meta.model_name}_{name}", args=arguments)  # type: ignore[attr-defined]


def fill(user: User, experiment: Experiment) -> tuple[Run, LoggedModel]:
    """A row in every table."""
    model = make_model(experiment, user)
    run = make_run(experiment, user, name="fitted")
    log(
        user,
        run,
        metrics=[point("loss", 0.25, model_id=model.model_id), point("loss", float("nan"), step=1)],
        params=[Param(key="lr", value="0.125")],
        tags=[Tag(key="team", value="red")],
    )
    dataset = Dataset(name="iris", digest="d1", source_type="local", source="{}")
    tagged = DatasetInput(dataset=dataset, tags=[InputTag(key="context", value="training")])
    model_input = ModelInput(model_id=model.model_id)
    inputs.log_inputs(run=row(user, run), datasets=[tagged], models=[model_input], user=user)
    inputs.log_outputs(run=row(user, run), models=[ModelOutput(model_id=model.model_id)], user=user)
    models.ExperimentTag.objects.create(experiment=experiment, key="goal", value="fame")
    team = Team.objects.create(name="reds")
    EXPERIMENT_GRANTS.set(target=experiment, holder=team, level=Level.READ, by=system("tests"))
    ArtifactFile.objects.create(
        experiment=experiment, uri="mlflow-artifacts:/1/x", size=1, marker="m", uploaded_at=1, uploaded_by="ada"
    )
    models.SavedView.objects.create(experiment=experiment, name="best", state="", created_by="ada", creation_time=1)
    Seal.objects.create(experiment=experiment, uri="mlflow-artifacts:/1/x", holder="test:1", sealed_at=1)
    return run, model


def test_every_model_but_the_metric_point_is_registered() -> None:
    app = set(apps.get_app_config("tracking").get_models())
    assert app - set(MODELS) == {models.Metric}


@pytest.mark.parametrize("model", MODELS)
def test_lists_pages_and_searches_open_for_an_administrator(
    ada: User, root: User, experiment: Experiment, model: type
) -> None:
    fill(ada, experiment)
    client = signed_in(root)
    first = model._default_manager.order_by("-pk").first()  # type: ignore[attr-defined]
    assert client.get(page(model)).status_code == 200
    assert client.get(page(model), {"q": "a'b%_\\\0"}).status_code == 200
    assert client.get(page(model, "change", first.pk)).status_code == 200


@pytest.mark.parametrize("model", SEEN_BY_ALL)
def test_who_was_granted_nothing_sees_no_row_in_any_list_nor_on_its_own_page(
    ada: User, bob: User, experiment: Experiment, model: type
) -> None:
    fill(ada, experiment)
    hidden = model._default_manager.exclude(pk=0).first()  # type: ignore[attr-defined]
    client = signed_in(bob)
    assert client.get(page(model)).context["cl"].result_count == 0
    assert signed_in(ada).get(page(model)).context["cl"].result_count > 0
    absent = client.get(page(model, "change", 10**9))
    found = client.get(page(model, "change", hidden.pk))
    assert (found.status_code, found["Location"]) == (absent.status_code, absent["Location"]) == (302, "/admin/")


def test_metric_names_of_everybody_are_for_administrators_alone(ada: User, experiment: Experiment) -> None:
    assert signed_in(ada).get(page(models.MetricKey)).status_code == 403


@pytest.mark.parametrize("model", MODELS)
def test_nothing_is_added_changed_or_deleted_around_the_services(
    ada: User, root: User, experiment: Experiment, model: type
) -> None:
    fill(ada, experiment)
    first = model._default_manager.exclude(pk=0).first()  # type: ignore[attr-defined]
    before = list(model._default_manager.order_by("pk").values())  # type: ignore[attr-defined]
    client = signed_in(root)
    assert client.post(page(model, "add"), {}).status_code == 403
    assert client.post(page(model, "delete", first.pk), {"post": "yes"}).status_code == 403
    if model is not Experiment:
        assert client.post(page(model, "change", first.pk), {"value": "forged"}).status_code == 403
    listed = client.post(page(model), {"action": "delete_selected", "_selected_action": [first.pk], "post": "yes"})
    assert listed.status_code in (200, 302, 403)
    assert list(model._default_manager.order_by("pk").values()) == before  # type: ignore[attr-defined]


@pytest.mark.parametrize("model", MODELS)
def test_no_list_counts_a_whole_table_or_asks_once_per_row(
    ada: User, root: User, experiment: Experiment, model: type
) -> None:
    fill(ada, experiment)
    client = signed_in(root)
    client.get(page(model))
    with CaptureQueriesContext(connection) as queries:
        assert client.get(page(model)).status_code == 200
    counts = [query["sql"] for query in queries if "COUNT(" in query["sql"].upper()]
    assert all(re.search(rf"LIMIT ({CappedPaginator.cap}|{NewestPaginator.cap})\b", sql) for sql in counts), counts
    assert len(queries) <= 6, [query["sql"] for query in queries]


def run_action(client: Client, model: type, name: str, *pks: int) -> str:
    answer = client.post(page(model), {"action": name, "_selected_action": pks}, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("model", [Run, LoggedModel, Experiment])
def test_deleting_and_restoring_call_the_services_as_whoever_did_it(
    ada: User, experiment: Experiment, model: type
) -> None:
    fill(ada, experiment)
    pk = model._default_manager.exclude(pk=0).get().pk  # type: ignore[attr-defined]
    kind = {Run: "run", LoggedModel: "logged_model", Experiment: "experiment"}[model]
    client = signed_in(ada)
    for action, stage in (("delete", Lifecycle.DELETED), ("restore", Lifecycle.ACTIVE)):
        run_action(client, model, f"{action}_rows", pk)
        assert model._default_manager.get(pk=pk).lifecycle_stage == stage  # type: ignore[attr-defined]
        entry = Entry.objects.get(action=f"tracking.{kind}.{action}")
        assert (entry.username, entry.user_id, entry.address) == ("ada", ada.pk, "127.0.0.1")


@pytest.mark.parametrize("model", [Run, LoggedModel, Experiment])
def test_who_may_only_read_can_neither_delete_nor_restore(
    ada: User, bob: User, experiment: Experiment, model: type
) -> None:
    fill(ada, experiment)
    pk = model._default_manager.exclude(pk=0).get().pk  # type: ignore[attr-defined]
    for level in (Level.READ, Level.EDIT):
        grant(experiment, bob, level)
        said = run_action(signed_in(bob), model, "delete_rows", pk)
        assert "this needs MANAGE" in said
    assert model._default_manager.get(pk=pk).lifecycle_stage == Lifecycle.ACTIVE  # type: ignore[attr-defined]


@pytest.mark.parametrize("model", [Run, LoggedModel, Experiment])
def test_a_forged_selection_of_something_hidden_does_nothing(
    ada: User, bob: User, experiment: Experiment, model: type
) -> None:
    fill(ada, experiment)
    pk = model._default_manager.exclude(pk=0).get().pk  # type: ignore[attr-defined]
    client = signed_in(bob)
    before = Entry.objects.count()
    client.post(page(model), {"action": "delete_rows", "_selected_action": [pk]})
    client.post(page(model), {"action": "delete_rows", "_selected_action": [pk], "select_across": "1"})
    assert model._default_manager.get(pk=pk).lifecycle_stage == Lifecycle.ACTIVE  # type: ignore[attr-defined]
    assert Entry.objects.count() == before


def test_a_post_without_the_csrf_token_is_refused(ada: User, experiment: Experiment) -> None:
    run = make_run(experiment, ada)
    client = signed_in(ada, enforce_csrf_checks=True)
    selected = {"action": "delete_rows", "_selected_action": [run.pk]}
    assert client.post(page(Run), selected).status_code == 403
    assert client.post(page(Experiment, "change", experiment.pk), {"name": "forged"}).status_code == 403
    client.get(page(Run))
    token = client.cookies["csrftoken"].value
    foreign = {"HTTP_ORIGIN": "https://evil.example"}
    assert client.post(page(Run), {**selected, "csrfmiddlewaretoken": token}, **foreign).status_code == 403
    assert Run.objects.get().is_active
    assert Experiment.objects.get(pk=experiment.pk).name == "first"
    assert client.post(page(Run), {**selected, "csrfmiddlewaretoken": token}).status_code == 302
    assert not Run.objects.get().is_active


@pytest.mark.parametrize(
    "query",
    [
        {"experiment__user_grants__user__password__startswith": "a"},
        {"experiment__name__startswith": "f"},
        {"tags__value": "red"},
        {"created_by__regex": "(a+)+$"},
        {"o": "2.-3"},
        {"p": "999999"},
        {"all": ""},
        {"run__id__exact": "1 OR 1=1"},
        {"_to_field": "experiment__name"},
    ],
    ids=str,
)
def test_words_in_the_address_never_become_look_ups_or_orders(
    ada: User, experiment: Experiment, query: dict[str, str]
) -> None:
    make_run(experiment, ada)
    with CaptureQueriesContext(connection) as queries:
        assert signed_in(ada).get(page(Run), query).status_code in (200, 302, 400)
    for sql in (asked["sql"] for asked in queries):
        assert "password" not in sql.partition("WHERE")[2]
        if 'FROM "tracking_run"' in sql and "ORDER BY" in sql:
            assert sql.partition("ORDER BY")[2].startswith(' "tracking_run"."id" DESC')


def experiment_form(**values: object) -> dict[str, object]:
    """What the page of an experiment posts, with no grants in it."""
    management = {
        f"{prefix}-{field}": 0
        for prefix in ("user_grants", "team_grants")
        for field in ("TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS", "MAX_NUM_FORMS")
    }
    return management | values


def test_an_experiment_is_renamed_by_the_service(ada: User, experiment: Experiment) -> None:
    answer = signed_in(ada).post(page(Experiment, "change", experiment.pk), experiment_form(name="second"))
    assert answer.status_code == 302
    assert Experiment.objects.get(pk=experiment.pk).name == "second"
    entry = Entry.objects.get(action="tracking.experiment.rename")
    assert (entry.username, entry.details) == ("ada", {"old": "first", "new": "second"})


def test_only_the_name_of_an_experiment_can_be_posted(ada: User, experiment: Experiment) -> None:
    forged = experiment_form(
        name="second", artifact_location="file:///etc", lifecycle_stage="deleted", created_by="root", id=7
    )
    signed_in(ada).post(page(Experiment, "change", experiment.pk), forged)
    row = Experiment.objects.get(pk=experiment.pk)
    assert (row.name, row.artifact_location, row.lifecycle_stage, row.created_by) == (
        "second",
        experiment.artifact_location,
        "active",
        "ada",
    )


def test_a_taken_name_is_said_on_the_form(ada: User, experiment: Experiment) -> None:
    make_experiment(ada, "taken")
    answer = signed_in(ada).post(page(Experiment, "change", experiment.pk), experiment_form(name="taken"))
    assert "already exists" in answer.content.decode()
    assert Experiment.objects.get(pk=experiment.pk).name == "first"


def test_a_deleted_experiment_keeps_its_name(ada: User, experiment: Experiment) -> None:
    Experiment.objects.filter(pk=experiment.pk).update(lifecycle_stage=Lifecycle.DELETED)
    signed_in(ada).post(page(Experiment, "change", experiment.pk), experiment_form(name="second"))
    assert Experiment.objects.get(pk=experiment.pk).name == "first"


def test_who_may_only_read_cannot_rename(ada: User, bob: User, experiment: Experiment) -> None:
    grant(experiment, bob, Level.READ)
    address = page(Experiment, "change", experiment.pk)
    assert signed_in(bob).get(address).status_code == 200
    assert signed_in(bob).post(address, experiment_form(name="forged")).status_code == 403
    assert Experiment.objects.get(pk=experiment.pk).name == "first"


def granting(kind: str, name: str, level: str, **more: object) -> dict[str, object]:
    return {
        f"{kind}-TOTAL_FORMS": 1,
        f"{kind}-0-holder": name,
        f"{kind}-0-level": level,
        **{f"{kind}-0-{field}": value for field, value in more.items()},
    }


def test_levels_are_given_changed_and_taken_back_by_the_grants_services(
    ada: User, bob: User, experiment: Experiment
) -> None:
    client, address = signed_in(ada), page(Experiment, "change", experiment.pk)
    team = Team.objects.create(name="reds")
    EXPERIMENT_GRANTS.remove(target=experiment, holder=ada, by=system("tests"))
    EXPERIMENT_GRANTS.set(target=experiment, holder=team, level=Level.MANAGE, by=system("tests"))
    ada.groups.add(team)

    added = experiment_form(name="first") | granting("user_grants", "bob", "READ")
    assert client.post(address, added).status_code == 302
    assert EXPERIMENT_GRANTS.level(experiment, bob) == Level.READ

    held = models.ExperimentUserGrant.objects.get(user=bob).pk
    one = {"user_grants-INITIAL_FORMS": 1}
    changed = experiment_form(name="first") | granting("user_grants", "root", "EDIT", id=held) | one
    assert client.post(address, changed).status_code == 302
    assert EXPERIMENT_GRANTS.level(experiment, bob) == Level.EDIT  # the holder of a grant is not what the form says

    removed = experiment_form(name="first") | granting("user_grants", "bob", "EDIT", id=held, DELETE="on") | one
    assert client.post(address, removed).status_code == 302
    assert EXPERIMENT_GRANTS.held(experiment, bob) is None

    by_ada = Entry.objects.filter(username="ada", action__startswith="accounts.grant.").order_by("sequence")
    assert [entry.action.rsplit(".", 1)[1] for entry in by_ada][-3:] == ["create", "update", "remove"]


def test_a_team_is_given_a_level(ada: User, bob: User, experiment: Experiment) -> None:
    team = Team.objects.create(name="reds")
    bob.groups.add(team)
    posted = experiment_form(name="first") | granting("team_grants", "reds", "USE")
    assert signed_in(ada).post(page(Experiment, "change", experiment.pk), posted).status_code == 302
    assert EXPERIMENT_GRANTS.level(experiment, bob) == Level.USE


def test_a_grant_to_nobody_is_refused_on_the_form(ada: User, experiment: Experiment) -> None:
    posted = experiment_form(name="first") | granting("user_grants", "nobody", "READ")
    answer = signed_in(ada).post(page(Experiment, "change", experiment.pk), posted)
    assert "There is nobody of that name." in answer.content.decode()


def test_who_edits_but_does_not_manage_sees_no_grants_and_gives_none(
    ada: User, bob: User, experiment: Experiment
) -> None:
    grant(experiment, bob, Level.EDIT)
    address = page(Experiment, "change", experiment.pk)
    client = signed_in(bob)
    assert "user_grants" not in client.get(address).content.decode()
    client.post(address, experiment_form(name="renamed") | granting("user_grants", "bob", "MANAGE"))
    assert Experiment.objects.get(pk=experiment.pk).name == "renamed"
    assert EXPERIMENT_GRANTS.level(experiment, bob) == Level.EDIT
    assert client.get(page(models.ExperimentUserGrant)).context["cl"].result_count == 0


def test_runs_are_found_by_how_their_id_begins(ada: User, experiment: Experiment) -> None:
    run, other = make_run(experiment, ada, name="wanted"), make_run(experiment, ada, name="other")
    client = signed_in(ada)
    for term in (run.uuid, run.uuid[:20]):
        found = client.get(page(Run), {"q": term}).context["cl"].result_list
        assert list(found) == [run]
    assert client.get(page(Run), {"q": other.uuid.upper() + "x"}).context["cl"].result_count == 0


def test_experiments_are_found_by_how_their_name_begins(ada: User, experiment: Experiment) -> None:
    for name in ("fir%st", "First", "other"):
        make_experiment(ada, name)
    names = {row.name for row in signed_in(ada).get(page(Experiment), {"q": "fir"}).context["cl"].result_list}
    assert names == {"first", "fir%st"}
    found = signed_in(ada).get(page(Experiment), {"q": "fir%"}).context["cl"].result_list
    assert {row.name for row in found} == {"fir%st"}


def test_the_parts_of_a_run_are_one_click_away_and_in_their_order(ada: User, experiment: Experiment) -> None:
    run, other = make_run(experiment, ada), make_run(experiment, ada)
    for key in ("b", "a", "c"):
        log(ada, run, params=[Param(key=key, value="1")])
    log(ada, other, params=[Param(key="z", value="1")])
    client = signed_in(ada)
    address = f"{page(models.Param)}?run__id__exact={run.pk}"
    assert address in client.get(page(Run, "change", run.pk)).content.decode()
    assert [param.key for param in client.get(address).context["cl"].result_list] == ["a", "b", "c"]


def test_all_points_of_a_metric_are_shown_page_by_page(
    ada: User, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apps.tracking.admin import runs as run_pages  # noqa: PLC0415  the admin is loaded by Django

    monkeypatch.setattr(run_pages, "POINTS_PER_PAGE", 4)
    run = make_run(experiment, ada)
    values = [1.5, float("nan"), float("inf"), -2.0, 1e-9]
    log(ada, run, metrics=[point("a/b c", value, step=step) for step in range(2) for value in values])
    log(ada, run, metrics=[point("other", 7.0)])
    client = signed_in(ada)
    address, query, shown, pages = page(Run, "points", run.pk), {"key": "a/b c"}, [], 0
    while True:
        answer = client.get(address, query)
        assert answer.status_code == 200
        pages += 1
        shown += [(point.step, point.value, point.is_nan) for point, _ in answer.context["rows"]]
        if not answer.context["after"]:
            break
        query["after"] = answer.context["after"]
    assert pages == 3
    assert len(shown) == len(set(shown)) == 10
    assert shown == sorted(shown)
    assert "NaN" in client.get(address, {"key": "a/b c"}).content.decode()


def test_points_of_a_hidden_run_and_forged_positions_are_not_there(
    ada: User, bob: User, experiment: Experiment
) -> None:
    run = make_run(experiment, ada)
    log(ada, run, metrics=[point("loss", 1.0)])
    address = page(Run, "points", run.pk)
    assert signed_in(bob).get(address, {"key": "loss"}).status_code == 404
    assert signed_in(ada).get(address, {"key": "loss", "after": "WzFd"}).status_code == 404
    assert signed_in(ada).get(address, {"key": "none"}).status_code == 200
    assert signed_in(ada).get(page(Run, "points", "x"), {"key": "loss"}).status_code == 404
    assert Client().get(address, {"key": "loss"}).status_code == 302


def test_what_is_being_deleted_for_good_is_not_shown(ada: User, experiment: Experiment) -> None:
    run = make_run(experiment, ada)
    delete(ada, run)
    assert signed_in(ada).get(page(Run)).context["cl"].result_count == 1
    Run.objects.update(lifecycle_stage=Lifecycle.PURGING)
    assert signed_in(ada).get(page(Run)).context["cl"].result_count == 0


def test_those_who_are_no_staff_are_sent_to_sign_in(experiment: Experiment) -> None:
    robot = User.objects.create_user("visitor")
    for model in MODELS:
        answer = signed_in(robot).get(page(model))
        assert answer.status_code == 302
        assert "login" in answer["Location"]

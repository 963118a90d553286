"""`manage.py demo`: what is there afterwards, who sees it, and that it is there as a whole or not at all."""

import json
import math
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.accounts.models import User
from apps.audit.models import Entry
from apps.demo import filling, registering
from apps.demo.catalogue import MODELS, PROMPTS
from apps.demo.studies import STUDIES
from apps.demo.team import OUTSIDER, PEOPLE, READER
from apps.governance.models import ChangeRequest, Policy
from apps.jobs.choices import ACTIVE
from apps.jobs.models import Job
from apps.registry.choices import ContentState, Verdict
from apps.registry.models import CardRevision, Content, ModelVersion, RegisteredModel, Sbom, Scan
from apps.registry.permissions import MODEL_GRANTS
from apps.registry.queries.versions import get_version_by_alias
from apps.serving.choices import RolloutState
from apps.serving.models import Rollout
from apps.serving.services.images import BUILD_JOB
from apps.tracking.choices import RunStatus
from apps.tracking.models import ArtifactFile, DatasetInput, Experiment, LatestMetric, LoggedModel, Metric, Run, RunTag
from apps.tracking.permissions import EXPERIMENT_GRANTS
from mlregistry.levels import Level
from tests.demo.conftest import FULL, LIGHT, PASSWORD, POINTS, RUNS, Demo
from tests.live import PROJECT

# In one worker, since making the demo takes longer than looking at it. The browser walks one on PostgreSQL.
pytestmark = [pytest.mark.once, pytest.mark.xdist_group("demo")]

ALONE = os.environ | {"DJANGO_SETTINGS_MODULE": "mlregistry.settings.test"}
NAMES = [study.name for study in STUDIES]


def _user(name: str) -> User:
    return User.objects.get(username=name)


def test_there_are_as_many_runs_as_were_asked_for() -> None:
    per_experiment = Counter(Run.objects.values_list("experiment__name", flat=True))

    assert set(per_experiment) == set(NAMES)
    assert sum(per_experiment.values()) == RUNS


def test_runs_ended_well_or_not_and_one_has_not_ended() -> None:
    statuses = Counter(Run.objects.values_list("status", flat=True))

    assert statuses["RUNNING"] == 1
    assert statuses["FINISHED"] > statuses["FAILED"] > 0
    assert not Run.objects.filter(end_time=None).exclude(status=RunStatus.RUNNING.value).exists()


def test_runs_say_who_and_where_from_and_ended_after_they_began() -> None:
    for run in Run.objects.all():
        tags = dict(run.tags.values_list("key", "value"))
        assert run.user_id == run.created_by == tags["mlflow.user"]
        assert tags["mlflow.source.name"]
        assert run.end_time is None or run.end_time > run.start_time


def test_sweeps_have_children_and_the_best_of_their_figures() -> None:
    parents = set(RunTag.objects.filter(key="mlflow.parentRunId").values_list("value", flat=True))

    assert parents
    for parent in Run.objects.filter(uuid__in=parents):
        best = Run.objects.get(uuid=parent.params.get(key="best_run_id").value)
        reached = {row.key.name: row.value for row in best.latest_metrics.select_related("key")}
        said = {row.key.name: row.value for row in parent.latest_metrics.select_related("key")}
        assert said
        assert all(reached[name.removeprefix("best_")] == value for name, value in said.items())


def test_metrics_are_what_the_trainings_gave(demo: Demo) -> None:
    kept = set(LatestMetric.objects.values_list("value", flat=True))
    finished = [training for training in demo.trained if training.metrics]

    assert len(finished) > 10
    assert all(set(training.metrics.values()) <= kept for training in finished)
    assert all(math.isfinite(value) for training in finished for value in training.metrics.values())


def test_every_finished_training_has_a_curve(demo: Demo) -> None:
    assert all(20 <= len(training.curve) <= 200 for training in demo.trained if training.metrics)


def test_the_machine_was_watched_on_some_runs() -> None:
    watched = Run.objects.filter(latest_metrics__key__name="system/cpu_utilization_percentage").count()

    assert 0 < watched < RUNS / 2


def test_a_training_that_failed_left_the_error_in_its_log(demo: Demo) -> None:
    failed = Run.objects.filter(status=RunStatus.FAILED.value).first()
    assert failed is not None

    log = _file(demo.artifacts, f"{failed.artifact_uri}/logs/train.log").decode()

    assert "InvalidParameterError" in log
    assert str(Path(__file__).parents[2]) not in log


def test_the_long_run_has_its_points() -> None:
    assert Metric.objects.filter(run__name="online learner").count() == POINTS


def test_light_runs_have_figures_and_no_files() -> None:
    light = Run.objects.filter(name__startswith="refit shop")

    assert light.count() == LIGHT
    assert all(run.latest_metrics.count() == 4 for run in light)
    assert not ArtifactFile.objects.filter(uri__contains=light[0].uuid).exists()


def test_files_of_many_kinds_can_be_read(demo: Demo) -> None:
    kinds: dict[str, bytes] = {}
    for uri in ArtifactFile.objects.values_list("uri", flat=True):
        kinds.setdefault(uri.rsplit(".", 1)[-1], _file(demo.artifacts, uri))

    assert {"svg", "png", "csv", "json", "md", "html", "ipynb", "log", "pkl", "yaml", "txt"} <= set(kinds)
    assert kinds["png"].startswith(b"\x89PNG\r\n")
    assert b"<svg" in kinds["svg"]
    assert json.loads(kinds["ipynb"])["cells"][2]["outputs"][0]["text"]


def test_runs_took_data_sets_for_training_and_for_validation() -> None:
    contexts = Counter(DatasetInput.objects.values_list("tags__value", flat=True))

    assert set(contexts) == {"training", "validation"}


def test_models_have_versions_from_logged_models() -> None:
    wanted = {entry.name: entry.versions for entry in MODELS}
    found = Counter(ModelVersion.objects.filter(model__is_prompt=False).values_list("model__name", flat=True))

    assert set(found) == set(wanted)
    assert all(1 <= found[name] <= wanted[name] for name in wanted)
    assert not ModelVersion.objects.filter(model__is_prompt=False, logged_model_id="").exists()
    assert not LoggedModel.objects.exclude(status="LOGGED_MODEL_READY").exists()


def test_the_champion_is_in_production_and_the_challenger_in_staging() -> None:
    owner = _user("mira.okafor")

    assert get_version_by_alias(owner, "churn-classifier", "champion").current_stage == "Production"
    assert get_version_by_alias(owner, "churn-classifier", "challenger").current_stage == "Staging"


def test_versions_are_sealed_scanned_and_listed_without_a_worker() -> None:
    versions = ModelVersion.objects.filter(model__is_prompt=False).count()

    assert Content.objects.filter(state=ContentState.SEALED).count() == versions
    assert Sbom.objects.filter(components_count__gt=2).count() == versions
    assert not Job.objects.filter(state__in=ACTIVE).exclude(kind=BUILD_JOB).exists()


def test_champions_wait_for_a_worker_that_builds_them(demo: Demo) -> None:
    asked = {rollout.deployment.name: rollout for rollout in Rollout.objects.select_related("deployment", "version")}

    assert set(asked) == {"churn-live", "credit-live", "demand-live"}
    assert all(rollout.state == RolloutState.WAITING for rollout in asked.values())
    assert all(rollout.version.aliases.filter(name="champion").exists() for rollout in asked.values())
    assert "A worker builds and starts churn-live, credit-live, demand-live: see Deployments." in demo.said


def test_one_scan_finds_a_secret_and_the_others_nothing() -> None:
    verdicts = Counter(Scan.objects.values_list("verdict", flat=True))
    found = Scan.objects.get(verdict=Verdict.SUSPICIOUS)

    assert verdicts == {
        Verdict.CLEAN: ModelVersion.objects.filter(model__is_prompt=False).count() - 1,
        Verdict.SUSPICIOUS: 1,
    }
    assert found.version.model.name == "ticket-router"
    assert [finding["path"] for finding in found.findings] == ["serving.env"]


def test_cards_were_prefilled_and_then_written_by_people() -> None:
    champion = get_version_by_alias(_user("ines.carvalho"), "credit-risk-scorer", "champion")
    revisions = CardRevision.objects.filter(version=champion).order_by("number")

    assert [revision.prefilled for revision in revisions] == [True, False, False]
    assert "metrics" in revisions[0].sections
    assert revisions[2].written_by == "ines.carvalho"


def test_prompts_have_their_versions() -> None:
    found = RegisteredModel.objects.filter(is_prompt=True)

    assert {model.name: model.versions.count() for model in found} == {
        prompt.name: len(prompt.versions) for prompt in PROMPTS
    }


def test_who_may_do_what() -> None:
    credit, churn = (Experiment.objects.get(name=name) for name in ("Credit risk", "Customer churn"))
    scorer = RegisteredModel.objects.get(name="credit-risk-scorer")
    expected = {
        "ines.carvalho": (Level.MANAGE, Level.READ, Level.MANAGE),
        "yusuf.demir": (Level.EDIT, Level.READ, Level.EDIT),
        "hanna.vogel": (Level.NO_PERMISSIONS, Level.READ, Level.READ),  # as a reviewer
        READER: (Level.READ, Level.READ, Level.READ),
        OUTSIDER: (Level.NO_PERMISSIONS,) * 3,
    }

    for name, levels in expected.items():
        user = _user(name)
        held = [EXPERIMENT_GRANTS.level(one, user) for one in (credit, churn)]
        assert (*held, MODEL_GRANTS.level(scorer, user)) == levels, name


def test_people_sign_in_with_the_password_and_the_service_account_has_an_owner(demo: Demo) -> None:
    assert all(_user(name).check_password(PASSWORD) and name in demo.said for name in PEOPLE)
    assert _user("nightly-training").owner == _user("hanna.vogel")


def test_what_was_done_is_on_record_under_the_names_of_people() -> None:
    done = Counter(Entry.objects.values_list("action", "username"))

    assert done["registry.model.create", "ines.carvalho"] == 1
    assert done["accounts.person.create", "system:demo"] == len(PEOPLE)
    assert done["registry.content.sealed", "system:seal"] == ModelVersion.objects.filter(model__is_prompt=False).count()
    assert sum(count for (action, _), count in done.items() if action == "registry.alias.set") > len(MODELS)


def test_a_second_demo_is_refused_and_changes_nothing() -> None:
    before = Entry.objects.count(), Run.objects.count(), User.objects.count()

    with pytest.raises(CommandError, match=r"^Nothing was written, because .* are taken already: Customer churn,"):
        call_command("demo", runs=RUNS)

    assert (Entry.objects.count(), Run.objects.count(), User.objects.count()) == before


@pytest.mark.parametrize("options", [{"runs": 5}, {"points": 1}, {"password": "short"}])
def test_what_cannot_be_is_refused_in_a_sentence(options: dict[str, Any]) -> None:
    with pytest.raises(CommandError, match=r"^(Ask for at least|Password must be)"):
        call_command("demo", **options)


def test_requests_to_promote_challengers_are_open_begun_and_rejected() -> None:
    states = Counter(ChangeRequest.objects.values_list("state", flat=True))

    assert states["open"] >= 1
    assert states["rejected"] <= 1
    assert not Job.objects.filter(kind="governance.look", state__in=ACTIVE).exists()


def test_a_demo_that_breaks_leaves_neither_rows_nor_files(
    demo: Demo, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path
) -> None:
    """Under other names, since the whole one is there; the last thing that is written fails."""
    settings.MLREGISTRY_ARTIFACTS = str(tmp_path)
    before = Entry.objects.count(), Run.objects.count(), User.objects.count()
    files: list[int] = []

    def fail(*_: Any) -> None:
        files.append(sum(path.is_file() for path in tmp_path.rglob("*")))
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(filling, "check_none_is_there", lambda: None)
    monkeypatch.setattr(filling, "train_all", lambda *_: demo.trained)
    monkeypatch.setattr(registering, "register_prompt", fail)
    _rename_what_is_there()

    with pytest.raises(RuntimeError, match="the disk is full"):
        call_command("demo", runs=FULL, password=PASSWORD)

    assert files[0] > 50
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert (Entry.objects.count(), Run.objects.count(), User.objects.count()) == before


def test_without_scikit_learn_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apps.demo.filling", None)

    with pytest.raises(CommandError, match=r"run make demo, or install requirements/demo\.txt"):
        call_command("demo")


@pytest.mark.parametrize("name", ["sklearn", "pyarrow", "numpy"])
def test_the_server_starts_without_what_few_need(name: str) -> None:
    asked = f"import sys; from mlregistry import web; web.load(); sys.exit('{name}' in sys.modules)"

    subprocess.run([sys.executable, "-c", asked], cwd=PROJECT, env=ALONE, check=True)


def _rename_what_is_there() -> None:
    Policy.objects.update(current=None)  # by which the promotions of another demo would be asked for
    for table, column in ((Experiment, "name"), (RegisteredModel, "name"), (User, "username")):
        for row in table.objects.all():
            setattr(row, column, f"old {getattr(row, column)}")
            row.save(update_fields=[column])
    for team in filling.team.Team.objects.all():
        team.name = f"old {team.name}"
        team.save()


def _file(folder: Path, uri: str) -> bytes:
    return (folder / uri.removeprefix("mlflow-artifacts:/")).read_bytes()

"""Home: the runs that were begun last, live, and what failed; of experiments that the reader may read."""

import time

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import User
from apps.tracking.models import Experiment, Run
from apps.tracking.permissions import EXPERIMENT_GRANTS
from mlregistry.levels import Level
from tests.tracking.making import log, make_experiment, make_run, point

SCRIPT = "<script>window.fired = 1</script>"


def at_pages(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[-1])
    return client


@pytest.fixture
def eve(db: None) -> User:
    return User.objects.create_user("eve", is_staff=True)


def home(user: User) -> str:
    answer = at_pages(user).get("/admin/")
    assert answer.status_code == 200
    return str(answer.content.decode())


def hide(experiment: Experiment, user: User) -> None:
    EXPERIMENT_GRANTS.set(target=experiment, holder=user, level=Level.NO_PERMISSIONS, by=user.actor())


def test_an_empty_server_says_how_to_begin(ada: User) -> None:
    html = home(ada)
    assert "Log your first run" in html
    assert "export MLFLOW_TRACKING_URI=http://testserver" in html
    assert "/admin/account/" in html


def test_the_latest_runs_are_shown_with_state_metric_and_experiment(ada: User, experiment: Experiment) -> None:
    run = make_run(experiment, ada, name=f"rosy {SCRIPT}")
    log(ada, run, metrics=[point("system/cpu", 1.0), point("auc", 0.87654321), point("loss", float("nan"))])
    html = home(ada)
    assert "rosy" in html
    assert SCRIPT not in html
    assert "0.876543" in html
    assert "running" in html
    assert "first" in html
    assert "Log your first run" not in html


def test_what_the_reader_may_not_see_is_not_there(ada: User, eve: User, experiment: Experiment) -> None:
    failed = make_run(experiment, ada, name="hidden-run")
    Run.objects.filter(pk=failed.pk).update(status="FAILED", end_time=int(time.time() * 1000))
    assert home(eve).count("hidden-run") == 2
    hide(experiment, eve)
    html = home(eve)
    assert "hidden-run" not in html
    assert "first" not in html.replace("Log your first run", "").replace("first steps", "")
    part = at_pages(eve).get("/admin/home/runs/", headers={"HX-Request": "true"}).content.decode()
    assert "hidden-run" not in part


def test_the_panel_asks_again_while_a_run_goes_on_and_no_longer(ada: User, experiment: Experiment) -> None:
    run = make_run(experiment, ada)
    assert 'hx-trigger="every 10s"' in home(ada)
    Run.objects.filter(pk=run.pk).update(status="FINISHED", end_time=5)
    page = at_pages(ada)
    part = page.get("/admin/home/runs/", headers={"HX-Request": "true"}).content.decode()
    assert "hx-trigger" not in part
    assert "<html" not in part
    assert "finished" in part


def test_failures_of_long_ago_and_deleted_runs_are_no_news(ada: User, experiment: Experiment) -> None:
    run = make_run(experiment, ada)
    Run.objects.filter(pk=run.pk).update(status="FAILED", end_time=5)
    assert "Failed lately" not in home(ada)
    Run.objects.filter(pk=run.pk).update(lifecycle_stage="deleted", end_time=int(time.time() * 1000))
    assert "Failed lately" not in home(ada)


def test_home_takes_as_many_queries_however_much_there_is(ada: User, root: User, experiment: Experiment) -> None:
    def queries(page: Client) -> int:
        with CaptureQueriesContext(connection) as captured:
            page.get("/admin/")
        return len(captured)

    pages = [at_pages(ada), at_pages(root)]
    log(ada, make_run(experiment, ada), metrics=[point("auc", 0.5)])
    few = [queries(page) for page in pages]
    for number in range(12):
        other = make_experiment(ada, f"experiment {number}")
        run = make_run(other, ada)
        log(ada, run, metrics=[point("auc", 0.5), point("loss", 0.1)])
    assert [queries(page) for page in pages] == few

"""How many SQL statements every page takes, so that none grows by the row: tests/page_query_counts.json.

Pages are opened by an administrator, in the small world of the tests of security.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import transaction
from django.test import Client
from django.urls import resolve

from apps.audit.models import Entry
from apps.governance.models import Policy
from apps.governance.services.opening import ask_for
from apps.jobs import services as jobs
from apps.jobs.choices import State
from apps.jobs.models import Job
from apps.registry.models import Alias, ModelVersion, RegisteredModel
from apps.registry.proposals import delete_alias
from apps.tracking.models import Experiment
from apps.tracking.queries import keys
from apps.tracking.queries.run_records import WantedRuns
from apps.tracking.services import saved_views
from apps.tracking.services.exports import EXPORT_JOB, write_export
from tests.console.test_page import own_pages
from tests.golden import HERE, compared
from tests.security import world as worlds
from tests.security.statements import counted
from tests.security.world import World
from tests.test_query_counts import merged

FILE = "page_query_counts.json"
MORE = 20
TWO_RUNS = "run={run}&run={deleted_run}"
PAGES = (
    "/admin/",
    "/admin/search/?q=watched",
    "/admin/tables/",
    "/admin/home/runs/",
    "/admin/experiments/",
    "/admin/experiments/new/",
    "/admin/experiments/{experiment}/",
    "/admin/experiments/{experiment}/edit/",
    "/admin/experiments/{experiment}/rows/",
    "/admin/experiments/{experiment}/live/?run={run}",
    "/admin/experiments/{experiment}/keys/",
    "/admin/experiments/{experiment}/columns/",
    "/admin/experiments/{experiment}/export/?format=csv",
    "/admin/exports/{export}/",
    "/admin/experiments/{experiment}/selected/targets/?words=a",
    "/admin/experiments/{experiment}/views/{view}/",
    "/admin/runs/{run}/",
    "/admin/runs/{run}/charts/",
    "/admin/runs/{run}/system/",
    "/admin/runs/{run}/points/?key=loss",
    "/admin/runs/{run}/others/?q=kept",
    "/admin/runs/{run}/artifacts/",
    "/admin/runs/{run}/file/?path={file}",
    "/admin/runs/{run}/zip/",
    "/admin/runs/{run}/register/",
    "/admin/logged-models/{model}/",
    "/admin/logged-models/{model}/artifacts/",
    "/admin/logged-models/{model}/file/?path={file}",
    "/admin/logged-models/{model}/zip/",
    f"/admin/compare/?{TWO_RUNS}",
    f"/admin/compare/data/?{TWO_RUNS}",
    f"/admin/compare/curves/?{TWO_RUNS}&metric=loss",
    f"/admin/compare/files/?{TWO_RUNS}",
    f"/admin/compare/comparison.json?{TWO_RUNS}",
    f"/admin/compare/comparison.csv?{TWO_RUNS}",
    "/admin/models/",
    "/admin/prompts/",
    "/admin/models/{registered_pk}/",
    "/admin/as-of/?model={registered}",
    "/admin/models/{registered_pk}/diff/",
    "/admin/models/{registered_pk}/versions/1/",
    "/admin/models/{registered_pk}/versions/1/promotion/?to=Production",
    "/admin/deployments/",
    "/admin/deployments/{deployment}/",
    "/admin/images/{image}/",
    "/admin/people/",
    "/admin/people/teams/",
    "/admin/people/teams/{team}/",
    "/admin/people/{person}/",
    "/admin/account/",
    "/admin/access/experiment/{experiment}/",
    "/admin/access/model/{registered_pk}/",
    "/admin/jobs/",
    "/admin/jobs/{job}/",
    "/admin/reviews/",
    "/admin/reviews/?tab=mine",
    "/admin/reviews/?tab=teams",
    "/admin/reviews/?tab=due",
    "/admin/reviews/?tab=overdue",
    "/admin/reviews/?tab=all",
    "/admin/reviews/{request}/",
    "/admin/reviews/{request}/progress/",
    "/admin/notices/",
    "/admin/notices/?which=unread&event=needs_you",
    "/admin/notices/bell/",
    "/admin/account/notices/",
    "/admin/policies/",
    "/admin/policies/new/",
    "/admin/policies/{policy_pk}/",
    "/admin/policies/{policy_pk}/edit/",
    "/admin/policies/{policy_pk}/revisions/1/dry-run/",
    "/admin/holds/",
    "/admin/reports/",
    "/admin/reports/exceptions/",
    "/admin/reports/break-glass/",
    "/admin/reports/expiring/",
    "/admin/reports/never-reviewed/",
    "/admin/audit/",
    "/admin/audit/{entry}/",
    "/admin/audit/export/?format=csv",
    "/admin/audit/export/?format=signed",
    "/admin/audit/verifier/",
)
BY_OBJECT = ("/zip/", "/file/", "/export/", "/exports/", "/files/", "/curves/", "/dry-run/")
"""What is sent file by file, or read run by run: a request of theirs is limited otherwise."""


@pytest.fixture
def world(db: None, tmp_path: Path, settings: Any) -> Iterator[World]:
    settings.MLREGISTRY_ARTIFACTS = str(tmp_path / "artifacts")
    made = worlds.standing(tmp_path / "artifacts")
    root, experiment = made.people["administrator"], Experiment.objects.get(pk=made.names["experiment"])
    view = saved_views.save_view(experiment=experiment, name="mine", state="sort=name", by=root.actor())
    Job.objects.create(kind="tests", payload={}, username=root.username, actor_kind="person", address="", owner="")
    wanted = WantedRuns(experiment.pk)
    export = jobs.enqueue(kind=EXPORT_JOB, payload={"wanted": asdict(wanted), "format": "csv"}, by=root.actor())
    left = write_export(job_pk=export.pk, payload=export.payload, by=root.actor(), report=lambda _done, _of: None)
    Job.objects.filter(pk=export.pk).update(state=State.SUCCEEDED, result=left)
    made.names |= {
        "export": str(export.pk),
        "registered_pk": str(RegisteredModel.objects.get(name=made.names["registered"]).pk),
        "view": str(view.pk),
        "person": str(made.people["reader"].pk),
        "job": str(Job.objects.values_list("pk", flat=True)[0]),
        "policy_pk": str(Policy.objects.get().pk),
        "entry": str(Entry.objects.order_by("sequence").values_list("sequence", flat=True)[0]),
    }
    yield made
    keys.forget()


def _asked(world: World, count: int) -> None:
    """More requests that the administrator may vote on: to remove an alias each of the governed model."""
    version = ModelVersion.objects.select_related("model").get(model__name=world.names["governed"], version=1)
    for number in range(count):
        alias = Alias.objects.create(model=version.model, version=version, name=f"more-{number}")
        ask_for(delete_alias(version.model, alias.name), by=world.people["manager"].actor(), reason="why")


@pytest.fixture
def client(world: World) -> Client:
    signed_in = Client()
    signed_in.force_login(world.people["administrator"], backend=django_settings.AUTHENTICATION_BACKENDS[-1])
    return signed_in


def statements_of(client: Client, path: str) -> int:
    for _ in range(2):  # the first call fills what Django remembers
        with transaction.atomic(), counted() as statements:
            answer = client.get(path)
            b"".join(answer)  # also what is streamed
    assert answer.status_code in (200, 302, 303), (path, answer.status_code)
    return len(statements)


def test_every_page_that_can_be_opened_is_counted(world: World, client: Client) -> None:
    counted_here = {resolve(page.format(**world.names).partition("?")[0]).func for page in PAGES}
    for page in own_pages():
        if page.callback not in counted_here:
            values = {name: ("0" * 32 if name in ("uuid", "owner_id") else 1) for name in page.pattern.converters}
            assert page.callback(client.get("/admin/").wsgi_request, **values).status_code == 405, page.pattern


def test_every_page_takes_as_many_statements_as_it_did(world: World, client: Client) -> None:
    known = json.loads((HERE / FILE).read_text()) if (HERE / FILE).exists() else {}
    counts = {page: merged(known.get(page), statements_of(client, page.format(**world.names))) for page in PAGES}
    compared(FILE, json.dumps(counts, indent=2) + "\n")


def test_no_page_takes_more_statements_for_more_rows(world: World, client: Client) -> None:
    pages = {page: page.format(**world.names) for page in PAGES if not any(part in page for part in BY_OBJECT)}
    few = {page: statements_of(client, address) for page, address in pages.items()}
    worlds.more_of_everything(world, MORE)
    _asked(world, MORE)
    many = {page: statements_of(client, address) for page, address in pages.items()}
    grown = {page: (few[page], many[page]) for page in pages if many[page] > few[page]}
    assert grown == {}

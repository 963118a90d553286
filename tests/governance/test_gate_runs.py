"""Running gates: what they say is kept, whatever they die of blocks, and a slow one decides after the last vote."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from django.db import connection
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.models import Entry
from apps.governance import gates
from apps.governance.choices import GateVerdict, State
from apps.governance.gates import Gate, Judged, Verdict
from apps.governance.models import ChangeRequest, GateRun
from apps.governance.services.deciding import look
from apps.governance.services.gates import LOOK_JOB, rerun
from apps.governance.services.sweeping import sweep
from apps.jobs.models import Job
from apps.registry.models import ModelVersion
from apps.registry.services import versions
from mlregistry.errors import BadRequest, InvalidParameter, PermissionDenied
from mlregistry.levels import Level
from tests.governance.making import approve, ask, make_policy
from tests.registry.making import give

pytestmark = pytest.mark.django_db


class Says(Gate):
    """Says what the test has it say."""

    name, title = "says", "Says"
    answer: ClassVar[Any] = None

    def look(self, judged: Judged, terms: Any) -> Verdict:
        return type(self).answer(judged)


class SaysSlowly(Says):
    name, is_quick = "says_slowly", False


YES, NO = Verdict(True, "all is well"), Verdict(False, "not yet")


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(gates, "_gates", {**gates.every_gate(), "says": Says(), "says_slowly": SaysSlowly()})
    Says.answer = SaysSlowly.answer = lambda _: YES
    yield
    del SaysSlowly.answer


@pytest.fixture
def quick(risk: Any, root: User) -> Any:
    return make_policy(root, slots={"Risk": 1}, gates=["says"])


@pytest.fixture
def slow(risk: Any, root: User) -> Any:
    return make_policy(root, slots={"Risk": 1}, gates=["says_slowly", "says"])


def newest(request: ChangeRequest) -> GateRun:
    return request.gate_runs.order_by("-pk")[0]


def dies(_: Judged) -> Verdict:
    raise SystemExit("no more")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (lambda _: 1 / 0, "It could not look: ZeroDivisionError: division by zero"),
        (dies, "It could not look: SystemExit: no more"),
        (lambda _: "yes", "It could not look: TypeError: gate says has to answer with a Verdict"),
        (lambda _: Verdict("no", "text is true"), "It could not look: TypeError: gate says has to answer"),  # type: ignore[arg-type]
        (lambda _: ModelVersion.objects.raw("select nothing")[0], "It could not look: OperationalError"),
    ],
)
def test_a_gate_that_crashes_blocks_and_says_why(  # noqa: PLR0917  cases and fixtures
    answer: Any, why: str, version: ModelVersion, quick: Any, ada: User, rita: User
) -> None:
    Says.answer = answer
    request = approve(ask(ada, version), rita)
    assert request.state == State.APPROVED
    run = newest(request)
    if "OperationalError" in why and connection.vendor == "postgresql":
        why = why.replace("OperationalError", "ProgrammingError")
    assert run.verdict == GateVerdict.CRASHED
    assert run.sentence.startswith(why)
    version.refresh_from_db()
    assert version.current_stage == "None"


def test_what_a_gate_says_is_kept_as_every_database_takes_it(
    version: ModelVersion, quick: Any, ada: User, rita: User
) -> None:
    Says.answer = lambda _: Verdict(False, "nul \0" + "x" * 5_000, {"value": float("nan"), "who": object})
    approve(request := ask(ada, version), rita)
    run = newest(request)
    assert (run.verdict, len(run.sentence), run.data["value"]) == (GateVerdict.FAILED, 2_000, "nan")


def test_gates_look_when_a_request_opens_and_again_before_it_is_applied(
    version: ModelVersion, slow: Any, ada: User, rita: User
) -> None:
    request = look(ask(ada, version))
    assert [run.gate for run in request.gate_runs.order_by("pk")] == ["says_slowly", "says"]
    assert approve(request, rita).state == State.APPROVED  # the slow one has not looked since the vote
    assert look(request).state == State.APPLIED
    version.refresh_from_db()
    assert version.current_stage == "Production"


def test_a_failing_slow_gate_leaves_it_approved_until_it_passes(
    version: ModelVersion, slow: Any, ada: User, rita: User
) -> None:
    SaysSlowly.answer = lambda _: NO
    request = approve(ask(ada, version), rita)
    assert look(request).state == State.APPROVED
    assert request.gate_runs.filter(position=0).latest("pk").sentence == "not yet"
    SaysSlowly.answer = lambda _: YES
    assert look(request).state == State.APPLIED


def test_a_slow_gate_that_passed_before_the_last_vote_is_asked_again(
    version: ModelVersion, slow: Any, ada: User, rita: User
) -> None:
    request = look(ask(ada, version))
    SaysSlowly.answer = lambda _: NO
    approve(request, rita)
    assert look(request).state == State.APPROVED


def test_a_last_vote_while_the_gates_look_is_not_left_lying(
    version: ModelVersion, slow: Any, ada: User, rita: User
) -> None:
    request = ask(ada, version)

    def vote(_: Judged) -> Verdict:
        SaysSlowly.answer = lambda _: YES
        approve(request, rita)
        return YES

    SaysSlowly.answer = vote
    assert look(request).state == State.APPLIED


@pytest.mark.django_db(transaction=True)
def test_slow_gates_look_outside_of_transactions(version: ModelVersion, slow: Any, ada: User) -> None:
    seen: list[bool] = []
    SaysSlowly.answer = lambda _: seen.append(connection.in_atomic_block) or YES
    look(ask(ada, version))
    assert seen == [False]


def test_the_sweep_looks_at_what_waits_for_gates_now_and_then(
    version: ModelVersion, slow: Any, ada: User, rita: User
) -> None:
    SaysSlowly.answer = lambda _: NO
    request = approve(ask(ada, version), rita)
    look(request)
    Job.objects.all().delete()
    sweep()
    assert not Job.objects.filter(kind=LOOK_JOB).exists()
    GateRun.objects.update(started_at=timezone.now() - timedelta(hours=2))
    sweep()
    assert Job.objects.filter(kind=LOOK_JOB).count() == 1


def test_those_who_ask_edit_or_decide_have_the_gates_look_again(  # noqa: PLR0917  cases and fixtures
    version: ModelVersion, quick: Any, ada: User, bob: User, rita: User, ivan: User, root: User
) -> None:
    request = ask(ada, version)
    for user in (ada, bob, rita, root):
        Job.objects.all().delete()
        rerun(request=request, by=user.actor())
        assert Job.objects.get().payload == {"request": request.pk}
    with pytest.raises(PermissionDenied, match="takes EDIT on classifier"):
        rerun(request=request, by=ivan.actor())
    assert Entry.objects.filter(action="governance.request.rerun_gates").count() == 4


def test_what_one_may_not_read_one_may_not_have_looked_at(
    version: ModelVersion, quick: Any, ada: User, rita: User
) -> None:
    request = ask(ada, version)
    give(rita, version.model, Level.NO_PERMISSIONS)
    with pytest.raises(PermissionDenied):
        rerun(request=request, by=rita.actor())


def test_gates_of_what_has_ended_look_no_more(version: ModelVersion, quick: Any, ada: User, rita: User) -> None:
    request = approve(ask(ada, version), rita)
    assert request.state == State.APPLIED
    with pytest.raises(BadRequest, match="applied already"):
        rerun(request=request, by=ada.actor())


def test_a_gate_that_is_known_no_more_blocks(
    version: ModelVersion, quick: Any, ada: User, rita: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = ask(ada, version)
    monkeypatch.setattr(gates, "_gates", {})
    assert approve(request, rita).state == State.APPROVED
    assert newest(request).sentence.startswith("It could not look: There is no gate 'says'. Gates are:")


@pytest.mark.parametrize(
    ("gate", "why"),
    [
        ("no_such_gate", "There is no gate 'no_such_gate'"),
        ({"metric_at_least": {"metric": "accuracy"}}, "Gate metric_at_least: .*missing required field `value`"),
        ({"metric_at_least": {"metric": "accuracy", "value": "0.9"}}, "Expected `float`, got `str`"),
        ({"metric_at_least": {"metric": "a", "value": 1, "valeu": 2}}, "unknown field `valeu`"),
        ({"metric_at_most": {"metric": " ", "value": 1}}, "metric is the name of a metric"),
        ({"not_worse_than_production": {"metric": "a"}}, "missing required field `direction`"),
        (
            {"not_worse_than_production": {"metric": "a", "direction": "lower_is_better", "margin": -1}},
            "margin is a number, 0 or more",
        ),
        ({"model_card_complete": {"sections": ["humour"]}}, "sections are some of .*, not humour"),
        ({"description_set": {"of": "team"}}, "Invalid enum value 'team'"),
        ({"external_webhook": {"url": "http://example.org/"}}, "url begins with https://"),
        ({"external_webhook": {"url": "https://me:pw@example.org/"}}, "url names a host, and no user"),
        ({"external_webhook": {"url": "https://example.org/", "timeout": 3600}}, "at most 60"),
        ({"signature_present": {"x": 1}}, "unknown field `x`"),
    ],
)
def test_terms_that_a_gate_cannot_take_are_told_when_the_policy_is_written(gate: Any, why: str, root: User) -> None:
    with pytest.raises(InvalidParameter, match=why):
        make_policy(root, gates=[gate])


def test_what_stops_the_change_is_not_passed_by_asking_again(
    version: ModelVersion, quick: Any, ada: User, rita: User
) -> None:
    Says.answer = lambda _: NO
    request = approve(ask(ada, version), rita)
    with pytest.raises(PermissionDenied, match="waits for its gates"):
        versions.set_stage(version=version, stage="Production", archive_existing=False, by=ada.actor())
    assert look(request).state == State.APPROVED

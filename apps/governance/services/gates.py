"""Running gates, and keeping what they said."""

import logging
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from apps.accounts.models import User
from apps.audit import services as audit
from apps.audit.plain import plain, text
from apps.governance.actions import action_named, level_on, proposal_of
from apps.governance.choices import LIVE, GateVerdict
from apps.governance.gates import Gate, Judged, Verdict, gate_named, read_gate_terms
from apps.governance.models import ChangeRequest, GateRun
from apps.governance.queries.eligibility import Jury
from apps.governance.queries.policies import terms_of
from apps.governance.terms import GateTerms
from apps.jobs.models import Job
from apps.jobs.services import enqueue
from mlregistry.actor import Actor, system
from mlregistry.errors import BadRequest, PermissionDenied, RegistryError
from mlregistry.levels import Level

logger = logging.getLogger(__name__)

LOOK_JOB = "governance.look"
BY = system("gates")
LONGEST_SENTENCE = 2_000


@dataclass(frozen=True, slots=True)
class Said:
    """What came of one look of a gate, whatever became of the gate."""

    verdict: GateVerdict
    sentence: str
    data: dict[str, Any] = field(default_factory=dict)


def request_look(request: ChangeRequest) -> Job:
    """Ask for the job that completes the evidence, runs the gates, and applies what waits for nothing else."""
    return enqueue(kind=LOOK_JOB, payload={"request": request.pk}, by=BY, unique_key=f"{LOOK_JOB}:{request.pk}")


def look_at_requests_about(*, object_type: str, object_id: int, subject_id: int | None = None) -> None:
    """For whoever has found out something that requests wait for, in the transaction that writes it down.

    What is asked for the object as a whole waits for each of its subjects.
    """
    about = ChangeRequest.objects.filter(state__in=LIVE, object_type=object_type, object_id=object_id)
    for request in about.filter(Q(subject_id=subject_id) | Q(subject_id=None)).order_by("pk"):
        request_look(request)


@transaction.atomic
def rerun(*, request: ChangeRequest, by: Actor) -> Job:
    """Have the gates look again, now that something may have been mended; applies what waits for nothing else.

    For whoever asked, may vote or holds EDIT on the object: it makes the server work, and others called.
    """
    request.refresh_from_db(fields=["state", "outcome"])
    if not request.is_live:
        raise BadRequest(f"Change request {request.pk} is {request.state} already: its gates look no more.")
    if not _may_rerun(request, by):
        raise PermissionDenied(
            f"To run the gates of change request {request.pk} again takes EDIT on {request.object_name}, or a place"
            " among those who decide."
        )
    audit.record(
        "governance.request.rerun_gates",
        target=request,
        by=by,
        object=request.object_name,
        subject=request.subject_name,
        summary=request.summary,
    )
    # A job of its own: one that runs already may have done with the gate that this is about.
    return enqueue(kind=LOOK_JOB, payload={"request": request.pk}, by=by, unique_key=f"{LOOK_JOB}:{request.pk}:again")


def required(request: ChangeRequest) -> list[tuple[int, GateTerms]]:
    """The gates that a request has to pass, with their positions."""
    return list(enumerate(terms_of(request).required_gates()))


def newest_runs(request: ChangeRequest) -> dict[int, GateRun]:
    """What each gate said last, by its position."""
    return {run.position: run for run in request.gate_runs.order_by("pk")}


def run_gates(request: ChangeRequest, gates: Iterable[tuple[int, GateTerms]]) -> list[GateRun]:
    """Have these gates look now; what each said is kept as soon as it has."""
    proposal = proposal_of(request)
    judged = Judged(proposal, action_named(request.action).subject(proposal))
    return [_run(request, position, asked, judged) for position, asked in gates]


def is_quick(asked: GateTerms) -> bool:
    """A gate that is no longer known cannot be run in a transaction, nor anywhere."""
    try:
        return gate_named(asked.name).is_quick
    except RegistryError:
        return True


def ask_gate(asked: GateTerms, judged: Judged) -> Said:
    """What the gate says now. Whatever it dies of, it blocks, and says why."""
    try:
        gate = gate_named(asked.name)
        # A statement that fails spoils no more than this gate's verdict. Slow gates run outside of transactions, since
        # on SQLite each would keep everybody from writing for as long as it looks.
        with transaction.atomic() if gate.is_quick else nullcontext():
            said = _checked(gate, gate.look(judged, read_gate_terms(asked)))
    except (Exception, SystemExit) as error:
        logger.exception("gate %s crashed on %s", asked.name, judged.proposal)
        why = error.message if isinstance(error, RegistryError) else f"{type(error).__name__}: {error}"
        return Said(GateVerdict.CRASHED, text(f"It could not look: {why}", LONGEST_SENTENCE))
    verdict = GateVerdict.PASSED if said.passed else GateVerdict.FAILED
    return Said(verdict, text(said.sentence, LONGEST_SENTENCE), plain(said.data))


def glance(asked: GateTerms, judged: Judged) -> Said:
    """What a gate would say before anybody has asked: one that takes its time, or calls others, is not bothered."""
    if not is_quick(asked):
        return Said(GateVerdict.PENDING, "It looks once somebody has asked.")
    return ask_gate(asked, judged)


def _checked(gate: Gate, said: Verdict) -> Verdict:
    """Nothing passes by being taken for true: a text, or a number of some library's own."""
    if not isinstance(said, Verdict) or not isinstance(said.passed, bool):
        raise TypeError(f"gate {gate.name} has to answer with a Verdict whose passed is True or False")
    if not isinstance(said.sentence, str):
        raise TypeError(f"gate {gate.name} has to say in a sentence what it saw")
    return said


def _run(request: ChangeRequest, position: int, asked: GateTerms, judged: Judged) -> GateRun:
    started = timezone.now()
    said = ask_gate(asked, judged)
    return GateRun.objects.create(
        request=request,
        position=position,
        gate=asked.name,
        terms=dict(asked.terms),
        verdict=said.verdict,
        sentence=said.sentence,
        data=said.data,
        evidence_digest=request.evidence_digest,
        started_at=started,
        finished_at=timezone.now(),
    )


def _may_rerun(request: ChangeRequest, by: Actor) -> bool:
    user = User.objects.filter(pk=by.user_id or 0, is_active=True).first()
    if user is None:
        return False
    level = level_on(user, request.object_type, request.object_id)
    if user.is_superuser or level >= Level.EDIT:
        return True
    return level >= Level.READ and (by.username == request.requester or Jury(request).place_of(user).may)

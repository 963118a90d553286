"""Running gates, and keeping what they said."""

import logging
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from apps.governance.actions import action_named, proposal_of
from apps.governance.choices import GateVerdict
from apps.governance.gates import Judged, gate_named, read_gate_terms
from apps.governance.models import ChangeRequest, GateRun
from apps.governance.queries.policies import terms_of
from apps.governance.terms import GateTerms
from apps.jobs.models import Job
from apps.jobs.services import enqueue
from mlregistry.actor import system
from mlregistry.errors import RegistryError

logger = logging.getLogger(__name__)

LOOK_JOB = "governance.look"
BY = system("gates")


def request_look(request: ChangeRequest) -> Job:
    """Ask for the job that completes the evidence, runs the gates, and applies what waits for nothing else."""
    return enqueue(kind=LOOK_JOB, payload={"request": request.pk}, by=BY, unique_key=f"{LOOK_JOB}:{request.pk}")


def required(request: ChangeRequest) -> list[tuple[int, GateTerms]]:
    """The gates that a request has to pass, with their positions."""
    return list(enumerate(terms_of(request).required_gates()))


def newest_runs(request: ChangeRequest) -> dict[int, GateRun]:
    """What each gate said last, by its position."""
    return {run.position: run for run in request.gate_runs.order_by("pk")}


def run_gates(request: ChangeRequest, gates: Iterable[tuple[int, GateTerms]]) -> list[GateRun]:
    """Have these gates look now; what each said is kept."""
    proposal = proposal_of(request)
    judged = Judged(proposal, action_named(request.action).subject(proposal))
    runs = [_run(request, position, asked, judged) for position, asked in gates]
    return GateRun.objects.bulk_create(runs)


def is_quick(asked: GateTerms) -> bool:
    """A gate that is no longer known cannot be run in a transaction, nor anywhere."""
    try:
        return gate_named(asked.name).is_quick
    except RegistryError:
        return True


def _run(request: ChangeRequest, position: int, asked: GateTerms, judged: Judged) -> GateRun:
    started, data = timezone.now(), {}
    try:
        with transaction.atomic():  # a statement that fails spoils no more than this gate's verdict
            said = gate_named(asked.name).look(judged, read_gate_terms(asked))
        verdict = GateVerdict.PASSED if said.passed else GateVerdict.FAILED
        sentence, data = said.sentence, dict(said.data)
    except Exception as error:  # whatever a gate dies of, it blocks, and says why
        logger.exception("gate %s of change request %s crashed", asked.name, request.pk)
        verdict, sentence = GateVerdict.CRASHED, f"It could not look: {type(error).__name__}: {error}"
    return GateRun(
        request=request,
        position=position,
        gate=asked.name,
        terms=dict(asked.terms),
        verdict=verdict,
        sentence=sentence[:2_000],
        data=data,
        evidence_digest=request.evidence_digest,
        started_at=started,
        finished_at=timezone.now(),
    )

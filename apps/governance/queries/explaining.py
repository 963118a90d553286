"""What it would take: the policies that a proposal meets, gate by gate and person by person, as things are now."""

from dataclasses import dataclass, field

from apps.governance.actions import Proposal, action_named
from apps.governance.choices import GateVerdict
from apps.governance.gates import Judged
from apps.governance.models import ChangeRequest
from apps.governance.queries.eligibility import Jury, Place, exclusions_of
from apps.governance.queries.policies import InForce, restrictions_on, revisions_of, terms_of
from apps.governance.queries.requests import live_request
from apps.governance.queries.told import title_of
from apps.governance.services.gates import glance, newest_runs
from apps.governance.terms import Terms, combined
from mlregistry.actor import Actor

NOT_YET = "It has not looked yet."


@dataclass(frozen=True, slots=True)
class GateNow:
    """A gate that has to pass, and what it says."""

    name: str
    title: str
    terms: dict[str, object]
    verdict: GateVerdict
    sentence: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """What stands between now and the change."""

    summary: str
    is_done: bool
    policies: list[InForce] = field(default_factory=list)
    approvals_needed: int = 0
    approvals_missing: int = 0
    slots: dict[str, int] = field(default_factory=dict)
    slots_missing: dict[str, int] = field(default_factory=dict)
    gates: list[GateNow] = field(default_factory=list)
    people: list[Place] = field(default_factory=list)
    request: ChangeRequest | None = None
    waits_for: str = ""

    @property
    def is_free(self) -> bool:
        """Whether it can be done without asking anybody."""
        return not self.policies


def explain(proposal: Proposal, *, by: Actor) -> Explanation:
    """For whoever `by` is, who would be the requester; of a request that is open already, how far it has come."""
    action = action_named(proposal.action)
    summary, is_done = action.describe(proposal), action.is_done(proposal)
    request = live_request(proposal.identity)
    policies = restrictions_on(proposal).policies
    if is_done or not policies:
        return Explanation(summary, is_done, policies)
    terms = terms_of(request) if request else combined([met.terms for met in policies])
    jury = Jury(request, terms) if request else _imagined(proposal, policies, terms, by)
    return Explanation(
        summary=summary,
        is_done=False,
        policies=policies,
        approvals_needed=terms.needed,
        approvals_missing=jury.missing(),
        slots=dict(terms.slots),
        slots_missing=jury.missing_slots(),
        gates=gates_now(proposal, terms, request),
        people=jury.places(),
        request=request,
        waits_for=action.waits_for(proposal),
    )


def gates_now(proposal: Proposal, terms: Terms, request: ChangeRequest | None = None) -> list[GateNow]:
    """What each gate said last of the request; without one, what those that are quick say now."""
    said = _said_of(request, terms) if request else _said_now(proposal, terms)
    return [
        GateNow(asked.name, title_of(asked), dict(asked.terms), GateVerdict(verdict), sentence)
        for asked, (verdict, sentence) in zip(terms.required_gates(), said, strict=True)
    ]


def _said_of(request: ChangeRequest, terms: Terms) -> list[tuple[str, str]]:
    runs = newest_runs(request)
    found = [runs.get(position) for position, _ in enumerate(terms.required_gates())]
    return [(run.verdict, run.sentence) if run else (GateVerdict.PENDING, NOT_YET) for run in found]


def _said_now(proposal: Proposal, terms: Terms) -> list[tuple[str, str]]:
    judged = Judged(proposal, action_named(proposal.action).subject(proposal))
    said = [glance(asked, judged) for asked in terms.required_gates()]
    return [(each.verdict, each.sentence) for each in said]


def _imagined(proposal: Proposal, policies: list[InForce], terms: Terms, by: Actor) -> Jury:
    """The jury of the request that there would be."""
    request = ChangeRequest(
        object_type=proposal.object_type,
        object_id=proposal.object_id,
        object_name=proposal.object_name,
        requester=by.username,
        requester_id=by.user_id,
        requester_kind=by.kind.value,
        requester_owner=by.owner,
    )
    revisions = list(revisions_of(policies))
    jury = Jury(request, terms)
    exclusions = exclusions_of(request, action_named(proposal.action).contributors(proposal), revisions)
    jury.exclusions = {row.username: row for row in exclusions}
    jury.votes = []
    jury.team_ids = {name: key for revision in revisions for name, key in revision.teams.items()}
    return jury

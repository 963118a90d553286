"""What the demo's team asks of each other: reviewers, a policy, and requests in the states that there are."""

import apps.governance.tasks  # noqa: F401  registers what the jobs run, as a worker does
from apps.accounts.services import teams
from apps.demo.registering import CHAMPION, Registered
from apps.demo.team import REVIEWERS, Staff
from apps.governance.choices import Decision
from apps.governance.models import ChangeRequest
from apps.governance.services import policies, voting
from apps.governance.services.gates import LOOK_JOB
from apps.governance.services.opening import ask_for
from apps.jobs import running
from apps.jobs.choices import State
from apps.jobs.models import Job
from apps.registry import proposals
from apps.registry.choices import PRODUCTION
from apps.registry.models import ModelVersion
from apps.registry.permissions import MODEL_GRANTS
from mlregistry.actor import Actor
from mlregistry.levels import Level

POLICY = "production"
DOCUMENT = {
    "description": "Nothing reaches customers that Model Risk and IT Operations have not both seen.",
    "models": ["churn-*", "credit-*", "demand-*", "house-*"],
    "protects": {"stage": [PRODUCTION], "alias": [CHAMPION]},
    "slots": dict.fromkeys(REVIEWERS, 1),
    "open_for_days": 14,
    "holds_for_days": 180,
    "break_glass": ["IT Operations"],
}


def govern(made: list[Registered], staff: Staff, by: Actor) -> None:
    """The policy comes after the promotions that there were: from now on, they are asked for."""
    for name, members in REVIEWERS.items():
        staff.teams[name] = teams.create(name=name, description="Reviews what goes to Production.", by=by)
        for member in members:
            teams.add_member(team=staff.teams[name], user=staff.users[member], by=by)
    if policies.publish(revision=policies.write_draft(name=POLICY, document=DOCUMENT, by=by), by=by) is not None:
        return  # the server has policies of its own: whether the demo's is one more, its administrators decide
    challengers = {
        version.model.name: version for each in made if (version := each.challenger) and each.champion is not None
    }
    for model in {version.model for version in challengers.values()}:
        for team in REVIEWERS:
            MODEL_GRANTS.set(target=model, holder=staff.teams[team], level=Level.READ, by=by)
    for name, (asker, reason) in ASKED.items():
        if name in challengers:
            _discuss(name, _ask(challengers[name], asker, reason, staff), staff)
    for job in Job.objects.filter(kind=LOOK_JOB, state=State.QUEUED).order_by("pk"):
        running.run(job.pk)


ASKED = {
    "churn-classifier": (
        "mira.okafor",
        "Trained on **the last quarter** too, and as fast. The retention desk wants it on Monday.",
    ),
    "credit-risk-scorer": ("ines.carvalho", "Refitted after the change of tariffs; the quarterly review asked for it."),
    "demand-forecaster": ("hanna.vogel", "Knows the new shops."),
    "house-price-estimator": ("yusuf.demir", ""),
}
"""Who asks for the challenger of each model to go to Production, and why."""


def _ask(version: ModelVersion, asker: str, reason: str, staff: Staff) -> ChangeRequest:
    proposal = proposals.set_stage(version, PRODUCTION, archive_existing=True)
    return ask_for(proposal, by=staff.actor(asker), reason=reason)


def _discuss(name: str, request: ChangeRequest, staff: Staff) -> None:
    """One is talked about, one has its first approval, one is refused, and one waits as it is."""
    if name == "churn-classifier":
        by = staff.actor("petra.novak")
        voting.add_comment(
            request=request, text="How does it do on contracts younger than a month, @mira.okafor?", by=by
        )
        text = "Not scored at all, as before: see *Limits* in the card."
        voting.add_comment(request=request, text=text, by=staff.actor("mira.okafor"))
    elif name == "credit-risk-scorer":
        _vote(request, "petra.novak", Decision.APPROVE, "Reviewed against the last validation report.", staff)
    elif name == "demand-forecaster":
        _vote(request, "tomas.lindqvist", Decision.REJECT, "It needs twice the memory that the job has.", staff)


def _vote(request: ChangeRequest, voter: str, decision: Decision, comment: str, staff: Staff) -> None:
    voting.vote(request=request, voter=staff.users[voter], decision=decision, by=staff.actor(voter), comment=comment)

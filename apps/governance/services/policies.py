"""Writing policies. Once one is in force, every change of any takes a second pair of eyes.

A draft is a revision without a date of publication. To publish it is an action like others: while nothing is in force
it is done at once, later it is a change request, judged by the policies that protect `policy`, or else by the built-in
rule: one other administrator.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.accounts import permissions
from apps.accounts.models import Team, User
from apps.audit import services as audit
from apps.governance.actions import Action, Approval, ObjectType, Proposal, add_action, add_object_type, words
from apps.governance.gates import check_gates
from apps.governance.models import ChangeRequest, Policy, PolicyRevision
from apps.governance.queries.policies import is_any_in_force, restrictions_on
from apps.governance.services.opening import open_request
from apps.governance.terms import Terms, is_weaker, read_terms, written_terms
from mlregistry.actor import Actor
from mlregistry.errors import BadRequest, InvalidParameter, NotFound
from mlregistry.levels import Level

POLICY_TYPE = Policy._meta.label_lower
LONGEST_NAME = 100


@transaction.atomic
def write_draft(*, name: str, document: Mapping[str, Any], by: Actor) -> PolicyRevision:
    """A revision that is not in force yet. Writing again replaces the draft; nothing is lost but what nobody used."""
    permissions.require_admin(by)
    terms = read_terms(document)
    policy = _policy_to_write(name)
    newest = policy.revisions.order_by("-number").first()
    before = read_terms(policy.current.document) if policy.current else None
    if (
        newest is not None
        and newest.published_at is None
        and not newest.requests.exists()
        and not _is_asked_for(newest)
    ):
        draft = newest
    else:
        draft = PolicyRevision(policy=policy, number=newest.number + 1 if newest else 1)
    draft.document, draft.teams = written_terms(terms), _checked(terms)
    draft.written_by, draft.written_at = by.username, timezone.now()
    kept = list(policy.current.enabled_by) if policy.current else []
    draft.enabled_by = sorted({by.username, by.owner} - {""}) if is_weaker(terms, before) else kept
    draft.save()
    audit.record("governance.policy.draft", target=policy, by=by, revision=draft.number, document=draft.document)
    return draft


def draft_saying(*, name: str, document: Mapping[str, Any], by: Actor) -> PolicyRevision:
    """The newest draft if it says just this, so that asking for it again finds the same request; else a new one."""
    newest = (
        PolicyRevision.objects.filter(policy__name=name).select_related("policy__current").order_by("-number").first()
    )
    if newest is not None and newest.published_at is None and newest.document == dict(document):
        return newest
    return write_draft(name=name, document=document, by=by)


def publish(*, revision: PolicyRevision, by: Actor, reason: str = "") -> ChangeRequest | None:
    """Put a draft in force; None when that is done, or the request that has to be approved first."""
    permissions.require_admin(by)
    if revision.published_at is not None:
        raise BadRequest(f"{revision} is published already.")
    return _change(_proposal(revision.policy, revision), by=by, reason=reason)


def retire(*, policy: Policy, by: Actor, reason: str = "") -> ChangeRequest | None:
    """Have a policy protect nothing any more; the same way as publishing."""
    permissions.require_admin(by)
    if policy.current is None:
        raise BadRequest(f"Policy {policy.name} is not in force.")
    return _change(_proposal(policy, None), by=by, reason=reason)


def _change(proposal: Proposal, *, by: Actor, reason: str) -> ChangeRequest | None:
    with transaction.atomic():
        # Whoever publishes the very first policy waits here for whoever else does.
        policy = Policy.objects.select_for_update(no_key=True).get(pk=proposal.object_id)
        if not is_any_in_force():
            _put_in_force(policy, _revision(policy, proposal), by=by, approval=None)
            return None
    policies = restrictions_on(proposal).policies
    return open_request(proposal, policies=policies, by=by, reason=reason)


def _put_in_force(policy: Policy, revision: PolicyRevision | None, *, by: Actor, approval: Approval | None) -> None:
    if revision is not None and revision.published_at is None:
        _checked(read_terms(revision.document))
        revision.published_at = timezone.now()
        revision.save(update_fields=["published_at"])
    before = policy.current.number if policy.current else None
    policy.current = revision
    policy.save(update_fields=["current"])
    verb = "publish" if revision else "retire"
    audit.record(
        f"governance.policy.{verb}",
        target=policy,
        by=by,
        revision=revision.number if revision else None,
        before=before,
        request=approval.request_id if approval else None,
        document=revision.document if revision else None,
    )


class ChangePolicy(Action):
    """A policy's next revision, or its end."""

    name, word = "governance.change_policy", "policy"

    def distinct(self, payload: Mapping[str, Any]) -> str:
        return str(payload["revision"]) if payload["revision"] is not None else "retire"

    def describe(self, proposal: Proposal) -> str:
        number = proposal.payload["revision"]
        if number is None:
            return f"retire policy {proposal.object_name}"
        return f"put revision {number} of policy {proposal.object_name} in force"

    def check(self, proposal: Proposal) -> None:
        policy = Policy.objects.get(pk=proposal.object_id)
        _revision(policy, proposal)

    def is_done(self, proposal: Proposal) -> bool:
        policy = Policy.objects.get(pk=proposal.object_id)
        return bool(policy.current_id == proposal.payload["revision_id"])

    def apply(self, proposal: Proposal, *, by: Actor, approval: Approval) -> None:
        policy = Policy.objects.select_for_update(no_key=True).get(pk=proposal.object_id)
        if policy.current_id != proposal.payload["before_id"]:
            raise BadRequest(f"Policy {policy.name} has been changed since this was asked for.")
        _put_in_force(policy, _revision(policy, proposal), by=by, approval=approval)

    def evidence(self, proposal: Proposal) -> dict[str, Any]:
        policy = Policy.objects.get(pk=proposal.object_id)
        revision = _revision(policy, proposal)
        return {"current": policy.current_id, "document": revision.document if revision else None}

    def standing(self, proposal: Proposal) -> dict[str, Any]:
        current = Policy.objects.values_list("current__number", flat=True).get(pk=proposal.object_id)
        return {"revision": current}

    def replaced(self, proposal: Proposal, before: Mapping[str, Any]) -> str:
        if "revision" not in before:  # applied before this was kept
            return ""
        number = before["revision"]
        return f"Revision {number} was in force before." if number else "The policy was not in force before."

    def consequence(self, proposal: Proposal) -> str:
        number = proposal.payload["revision"]
        if number is None:
            return f"policy {proposal.object_name} protects nothing any more"
        return f"revision {number} of policy {proposal.object_name} is in force, for requests that open from then on"

    def difference(self, key: str, before: Any, after: Any) -> list[str] | None:
        words = {"current": "another revision is in force now", "document": "what the revision says has been changed"}
        return [words[key]] if key in words else None

    def address(self, proposal: Proposal) -> str:
        return f"/admin/policies/{proposal.object_id}/"


def add() -> None:
    """Tell the engine of policies as things that requests are about."""
    add_action(ChangePolicy())
    add_object_type(ObjectType(POLICY_TYPE, _held, _level, _levels, _reads_any))


def _held(_user: User, _at_least: Level) -> Any:
    return Policy.objects.none().values("pk")  # administrators see all; nobody else any


def _level(user: User, _object_id: int) -> Level:
    return Level.MANAGE if user.is_superuser else Level.NO_PERMISSIONS


def _levels(users: Sequence[User], object_id: int) -> dict[int, Level]:
    return {user.pk: _level(user, object_id) for user in users}


def _reads_any(_user: User, _patterns: Sequence[str]) -> bool:
    return False


def _proposal(policy: Policy, revision: PolicyRevision | None) -> Proposal:
    return Proposal(
        action=ChangePolicy.name,
        object_type=POLICY_TYPE,
        object_id=policy.pk,
        object_name=policy.name,
        target=policy.name,
        payload={
            "revision": revision.number if revision else None,
            "revision_id": revision.pk if revision else None,
            "before_id": policy.current_id,
        },
        distinct=str(revision.number) if revision else "retire",
    )


def _revision(policy: Policy, proposal: Proposal) -> PolicyRevision | None:
    pk = proposal.payload["revision_id"]
    if pk is None:
        return None
    found = policy.revisions.filter(pk=pk).first()
    if found is None:
        raise NotFound(f"Policy {policy.name} has no such revision.")
    return found


def _is_asked_for(revision: PolicyRevision) -> bool:
    """Whether a request is about this draft: what it asks for does not change under it."""
    about = ChangeRequest.objects.filter(action=ChangePolicy.name, object_id=revision.policy_id)
    return about.filter(payload__revision_id=revision.pk).exists()


def _policy_to_write(name: str) -> Policy:
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise InvalidParameter(f"A policy's name has 1 to {LONGEST_NAME} printable characters.")
    policy, _ = Policy.objects.select_related("current").get_or_create(name=name)
    return policy


def checked(document: Mapping[str, Any]) -> Terms:
    """The terms of a document, once everything that they name is there; writes nothing."""
    terms = read_terms(document)
    _checked(terms)
    return terms


def _checked(terms: Terms) -> dict[str, int]:
    """The keys of the teams that the terms name, once everything that they name is there."""
    unknown = sorted(set(terms.protects) - set(words()))
    if unknown:
        raise InvalidParameter(f"Nothing is called '{unknown[0]}'; a policy protects: {', '.join(words())}.")
    check_gates(terms)
    keys = dict(Team.objects.filter(name__in=terms.named_teams).values_list("name", "pk"))
    for name in terms.named_teams:
        if name not in keys:
            raise InvalidParameter(f"There is no team named {name}.")
    return keys

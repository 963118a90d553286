"""The page of one change request: everything that a reviewer decides on."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.accounts.granted_admin import reader
from apps.accounts.models import User
from apps.audit.sentences import spoken
from apps.governance.actions import Proposal, action_named, proposal_of
from apps.governance.choices import Decision, Kind, State
from apps.governance.models import ChangeRequest, Comment
from apps.governance.pages.comparing import comparison_of
from apps.governance.pages.queue import of_tab, vote_of
from apps.governance.pages.showing import asked, crumbs, field_of, review_address
from apps.governance.queries import told
from apps.governance.queries.eligibility import Jury, Place
from apps.governance.queries.inbox import RUNS_OUT, TABS
from apps.governance.queries.requests import get_request
from apps.governance.services import voting
from apps.governance.services.break_glass import break_glass
from apps.governance.services.evidence import drift
from apps.governance.services.gates import rerun
from apps.governance.services.revalidating import revalidate as ask_again
from mlregistry.console.page import gone_to, page, show
from mlregistry.errors import BadRequest, InvalidParameter, NotFound
from mlregistry.levels import Level
from mlregistry.service_admin import page_actor

POST = ("POST",)
NEIGHBOURS = 500


@page(requires=Level.READ)
def review(request: HttpRequest, pk: int) -> HttpResponse:
    return shown(request, get_request(reader(request), pk))


@page(requires=Level.READ)
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The gates alone, while they run; says so when the rest of the page is no longer true."""
    found = get_request(reader(request), pk)
    was_state, was_seen = field_of(request, "state"), field_of(request, "seen")
    is_outdated = (was_state, was_seen) != (found.state, found.evidence_digest)
    return show(request, "governance/gates.html", is_outdated=is_outdated, **_gates(found, Jury(found)))


def shown(
    request: HttpRequest, found: ChangeRequest, *, refusal: str = "", status: int = 200, comment: str = ""
) -> HttpResponse:
    user, jury = reader(request), Jury(found)
    proposal, action = proposal_of(found), action_named(found.action)
    place = jury.place_of(user)
    gates = _gates(found, jury)
    may_break_glass = told.may_break_glass(user, found, jury)
    places, comments = _places(jury), told.comments_of(found)
    return show(
        request,
        "governance/review.html",
        status=status,
        title=f"{found.summary[:1].upper()}{found.summary[1:]}",
        crumbs=crumbs(),
        about_address=action.address(proposal),
        jury=jury,
        approvals=jury.approvals,
        missing=jury.missing(),
        missing_slots=jury.missing_slots(),
        places=places,
        names=_names(found, jury, [*places["can"], *places["cannot"]], comments),
        place=place,
        may_vote=place.may and found.state == State.OPEN,
        effect=_effect(found, jury, place, gates["gates"]) if place.may and found.state == State.OPEN else None,
        waits_for=_if_there(action.waits_for, proposal) if found.is_live and not found.evidence_digest else "",
        differences=drift(found) if found.is_live or found.state == State.STALE else [],
        comparison=comparison_of(user, found),
        applied=_applied(found, jury) if found.state == State.APPLIED else None,
        revisions=list(found.revisions.select_related("policy").order_by("policy__name")),
        comments=comments,
        history=[(entry, spoken(entry)) for entry in told.history_of(found)],
        may_break_glass=may_break_glass,
        glass_consequence=_if_there(action.consequence, proposal) if may_break_glass else "",
        ratify_within=jury.terms.ratify_within_hours,
        may_withdraw=told.may_withdraw(user, found),
        may_ask_again=_may_ask_again(found, user),
        followers=list(found.followers.order_by("pk")),
        refusal=refusal,
        comment=comment,
        **gates,
        **_neighbours(request, found),
    )


@page(requires=Level.READ, methods=POST)
def vote(request: HttpRequest, pk: int) -> HttpResponse:
    found, comment = get_request(reader(request), pk), asked(request, "comment")
    decision = request.POST.get("decision", "")
    if decision not in Decision.values:
        raise InvalidParameter("A vote approves or rejects.")
    try:
        decided = vote_of(request, found, Decision(decision), comment=comment, seen=request.POST.get("seen", ""))
    except (BadRequest, InvalidParameter) as refusal:  # the page says what has changed while it was read
        found.refresh_from_db()
        return shown(request, found, refusal=refusal.message, status=409, comment=comment)
    return gone_to(request, _back(request, decided), said=_said(decided, Decision(decision)))


@page(requires=Level.READ, methods=POST)
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_request(reader(request), pk)
    return _changed(
        request,
        found,
        lambda: voting.cancel(
            request=found, user=reader(request), by=page_actor(request), comment=asked(request, "comment")
        ),
        said=f"Change request {pk} is withdrawn.",
    )


@page(requires=Level.READ, methods=POST)
def break_the_glass(request: HttpRequest, pk: int) -> HttpResponse:
    """Carry out what is asked for without approval; who may, the policy says."""
    found = get_request(reader(request), pk)
    if not told.may_break_glass(reader(request), found, Jury(found)):
        raise BadRequest(f"Glass cannot be broken for change request {pk}, or not by you.")

    def change() -> None:
        break_glass(
            proposal=proposal_of(found), user=reader(request), reason=asked(request, "reason"), by=page_actor(request)
        )

    return _changed(request, found, change, said="It is done. Others have to ratify it, or it is taken back.")


@page(requires=Level.READ, methods=POST)
def revalidate(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_request(reader(request), pk)
    if not _may_ask_again(found, reader(request)):
        raise BadRequest(f"There is nothing to revalidate about change request {pk}, or it is not yours to ask.")
    again = ask_again(request=found, by=page_actor(request), reason=asked(request, "reason"))
    return gone_to(request, review_address(again), said="It is asked for again, to be approved for another while.")


@page(requires=Level.READ, methods=POST)
def look_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Have a worker run the gates anew, and apply what waits for nothing else."""
    found = get_request(reader(request), pk)
    rerun(request=found, by=page_actor(request))
    return gone_to(request, review_address(found), said="The gates run again as soon as a worker is free.")


@page(requires=Level.READ, methods=POST)
def comment(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_request(reader(request), pk)
    return _changed(
        request,
        found,
        lambda: voting.add_comment(request=found, text=asked(request, "text"), by=page_actor(request)),
        said="Your comment is there.",
    )


@page(requires=Level.READ, methods=POST)
def edit_comment(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Its author's alone; with `delete`, it is blanked."""
    found = get_request(reader(request), pk)
    own = told.get_comment(found, number)
    if own is None:
        raise NotFound(f"Change request {pk} has no such comment.")
    by = page_actor(request)
    if "delete" in request.POST:
        delete = partial(voting.delete_comment, comment=own, by=by)
        return _changed(request, found, delete, said="The comment is deleted.")
    edit = partial(voting.edit_comment, comment=own, text=asked(request, "text"), by=by)
    return _changed(request, found, edit, said="The comment is changed.")


def _changed(request: HttpRequest, found: ChangeRequest, change: Any, *, said: str) -> HttpResponse:
    try:
        change()
    except (BadRequest, InvalidParameter) as refusal:
        messages.error(request, refusal.message)
        return gone_to(request, review_address(found))
    return gone_to(request, review_address(found), said=said)


def _gates(found: ChangeRequest, jury: Jury) -> dict[str, Any]:
    gates = told.gates_of(found, jury)
    return {
        "found": found,
        "gates": gates,
        "passed": sum(gate.passed for gate in gates),
        "is_running": told.is_being_looked_at(found),
    }


def _places(jury: Jury) -> dict[str, list[Place]]:
    """Members of the reviewing teams who can still vote, and who cannot; who has voted is told by the votes."""
    voted = {vote.voter for vote in jury.votes}
    places = [place for place in jury.places() if place.user.username not in voted]
    return {"can": [place for place in places if place.may], "cannot": [place for place in places if not place.may]}


def _names(found: ChangeRequest, jury: Jury, places: list[Place], comments: list[Comment]) -> list[str]:
    """Who takes part, and can be named in a comment."""
    names = {found.requester, found.requester_owner, *(place.user.username for place in places)}
    names |= {vote.voter for vote in jury.votes} | {comment.author for comment in comments}
    return sorted(names - {""})


def _effect(found: ChangeRequest, jury: Jury, place: Place, gates: list[told.GateLine]) -> dict[str, Any]:
    """What an approval would lead to."""
    missing, slots, waits = told.approval_leads_to(found, jury, place, gates)
    action = action_named(found.action)
    consequence = "" if found.kind == Kind.RATIFICATION else _if_there(action.consequence, proposal_of(found))
    return {"missing": missing, "slots": slots, "waits": waits, "consequence": consequence}


def _applied(found: ChangeRequest, jury: Jury) -> dict[str, Any]:
    """What was carried out, on whose word, what it replaced, and whether it is so still."""
    action, proposal = action_named(found.action), proposal_of(found)
    try:
        stands = not found.taken_back_at and action.is_done(proposal)
    except (NotFound, ObjectDoesNotExist):
        stands = False
    return {
        "replaced": action.replaced(proposal, found.before),
        "stands": stands,
        "approved_by": [vote.voter for vote in jury.approvals],
        "runs_out_soon": bool(found.valid_until and found.valid_until - timezone.now() < RUNS_OUT),
    }


def _if_there(tell: Callable[[Proposal], str], proposal: Proposal) -> str:
    """What an action tells, or nothing where what it is about is gone."""
    try:
        return tell(proposal)
    except NotFound:
        return ""


def _may_ask_again(found: ChangeRequest, user: User) -> bool:
    """Whoever asked, or an administrator, while its approval holds for a time only."""
    is_theirs = user.is_superuser or user.username in (found.requester, found.requester_owner)
    return found.state == State.APPLIED and bool(found.valid_until) and not found.taken_back_at and is_theirs


def _neighbours(request: HttpRequest, found: ChangeRequest) -> dict[str, Any]:
    """The requests after and before this one in the tab that it was opened from; without one, of what waits."""
    tab = field_of(request, "tab")
    tab = tab if tab in TABS else "waiting"
    keys = list(of_tab(request, tab).order_by("expires_at", "pk").values_list("pk", flat=True)[:NEIGHBOURS])
    after, before = told.next_and_before(keys, found.pk)
    return {"tab": tab, "after": after, "before": before}


def _back(request: HttpRequest, decided: ChangeRequest) -> str:
    tab = request.POST.get("tab", "")
    return review_address(decided) + (f"?tab={tab}" if tab in TABS else "")


def _said(decided: ChangeRequest, decision: Decision) -> str:
    if decision == Decision.REJECT:
        taken_back = decided.kind == Kind.RATIFICATION
        return "Rejected: what was done is taken back." if taken_back else "Rejected. Nothing was changed."
    return {
        State.APPLIED: f"Approved and carried out: {decided.summary}.",
        State.APPROVED: "Approved. It has all its votes, and waits for its gates.",
        State.FAILED: f"Approved, but it could not be carried out: {decided.outcome}",
    }.get(State(decided.state), "Approved. Others have to agree yet.")

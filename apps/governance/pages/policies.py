"""The pages of policies: what protects what, how it became so, and writing the next revision."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from apps.accounts.granted_admin import reader
from apps.governance.gates import every_gate
from apps.governance.models import ChangeRequest, Policy
from apps.governance.pages.showing import asked, crumbs, review_address, sections
from apps.governance.queries import policy_pages as queries
from apps.governance.queries.told import title_of
from apps.governance.services import policies as services
from apps.governance.services.dry_run import dry_run
from apps.governance.services.policy_documents import read_document, written_document
from apps.governance.terms import GateTerms, Terms, read_terms
from mlregistry.console.page import gone_to, is_part, page, show
from mlregistry.errors import InvalidParameter, RegistryError
from mlregistry.levels import Access
from mlregistry.service_admin import page_actor

POST = ("POST",)
GET_AND_POST = ("GET", "HEAD", "POST")
STOPPED_SHOWN = 50
"""Changes that a dry run lists."""
EXAMPLE = """\
# What this is for
description: Nothing reaches Production without Risk and IT.
models: ["*"]
protects:
  stage: [Production]
  alias: [champion]
slots: {}
approvals: 1
gates:
  - signature_present
open_for_days: 14
"""


@page(requires=Access.SIGNED_IN)
def policies(request: HttpRequest) -> HttpResponse:
    user = reader(request)
    return show(
        request,
        "governance/policies.html",
        title="Policies",
        crumbs=crumbs(),
        sections_of_it=sections("policies", is_administrator=user.is_superuser),
        lines=queries.lines_of(queries.visible_policies(user)),
        is_administrator=user.is_superuser,
    )


@page(requires=Access.SIGNED_IN)
def policy(request: HttpRequest, pk: int) -> HttpResponse:
    user = reader(request)
    found = queries.get_visible_policy(user, pk)
    revisions = queries.revisions_of(found, with_drafts=user.is_superuser)
    return show(
        request,
        "governance/policy.html",
        title=found.name,
        crumbs=crumbs((reverse("policies"), "Policies")),
        policy=found,
        line=queries.lines_of([found])[0],
        revisions=revisions,
        draft=next((line.revision for line in revisions if not line.revision.published_at), None),
        is_administrator=user.is_superuser,
        changing=queries.live_changes_of(found) if user.is_superuser else [],
        takes_approval=queries.takes_approval(found),
    )


@page(requires=Access.ADMIN, methods=GET_AND_POST)
def new_policy(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return _written(request, None)
    return _editor(request, None, text=EXAMPLE)


@page(requires=Access.ADMIN, methods=GET_AND_POST)
def edit_policy(request: HttpRequest, pk: int) -> HttpResponse:
    found = queries.get_visible_policy(reader(request), pk)
    if request.method == "POST":
        return _written(request, found)
    newest = found.revisions.order_by("-number").first()
    return _editor(request, found, text=written_document(newest.document) if newest else EXAMPLE)


@page(requires=Access.ADMIN)
def try_revision(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """What a revision would have stopped; a page of its own, and for htmx a part of the policy's."""
    found = queries.get_visible_policy(reader(request), pk)
    terms = read_terms(queries.get_revision(found, number).document)
    context = _tried(request, terms)
    if is_part(request):
        return show(request, "governance/dry_run.html", **context)
    return show(
        request,
        "governance/dry_run_page.html",
        title=f"Dry run of revision {number}",
        crumbs=crumbs((reverse("policies"), "Policies"), (_address(found), found.name)),
        **context,
    )


@page(requires=Access.ADMIN, methods=POST)
def publish(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    found = queries.get_visible_policy(reader(request), pk)
    revision = queries.get_revision(found, number)
    return _changed(
        request,
        found,
        lambda: services.publish(revision=revision, by=page_actor(request), reason=asked(request, "reason")),
        said=f"Revision {number} is in force.",
    )


@page(requires=Access.ADMIN, methods=POST)
def retire(request: HttpRequest, pk: int) -> HttpResponse:
    found = queries.get_visible_policy(reader(request), pk)
    return _changed(
        request,
        found,
        lambda: services.retire(policy=found, by=page_actor(request), reason=asked(request, "reason")),
        said="The policy protects nothing any more.",
    )


def _changed(request: HttpRequest, found: Policy, change: Any, *, said: str) -> HttpResponse:
    """What a change of policies came to: it is so, or it is asked for."""
    try:
        made: ChangeRequest | None = change()
    except RegistryError as refusal:
        messages.error(request, refusal.message)
        return gone_to(request, _address(found))
    if made is None:
        return gone_to(request, _address(found), said=said)
    return gone_to(request, review_address(made), said="Another administrator has to agree: this is asked for now.")


def _written(request: HttpRequest, found: Policy | None) -> HttpResponse:
    """Save a draft, or only look whether it could be; what is wrong is said above what was written."""
    text, name = asked(request, "document"), found.name if found else asked(request, "name")
    try:
        document = read_document(text)
        terms = services.checked(document)
        if "try" in request.POST and is_part(request):
            return show(request, "governance/dry_run.html", **_tried(request, terms))
        if "check" in request.POST or "try" in request.POST:
            return _editor(request, found, text=text, name=name, terms=terms)
        draft = services.write_draft(name=_name_of(name, found), document=document, by=page_actor(request))
    except RegistryError as wrong:
        if is_part(request):
            raise
        return _editor(request, found, text=text, name=name, error=wrong.message)
    said = f"Revision {draft.number} is written. It is in force once it is published."
    return gone_to(request, f"{_address(draft.policy)}#revision-{draft.number}", said=said)


def _tried(request: HttpRequest, terms: Terms) -> dict[str, Any]:
    run = dry_run(terms=terms, by=page_actor(request))
    because = [(title_of(tally.gate), dict(tally.gate.terms), tally.stopped) for tally in run.gates if tally.stopped]
    changes = [
        (each, [(title_of(GateTerms(name)), said) for name, said in each.why]) for each in run.changes[:STOPPED_SHOWN]
    ]
    return {"run": run, "because": because, "changes": changes, "more": max(run.stopped - STOPPED_SHOWN, 0)}


def _name_of(name: str, found: Policy | None) -> str:
    if found is None and queries.is_taken(name.strip()):
        raise InvalidParameter(f"There is a policy named {name.strip()} already: edit that one.")
    return name


def _editor(
    request: HttpRequest,
    found: Policy | None,
    *,
    text: str,
    name: str = "",
    error: str = "",
    terms: Terms | None = None,
) -> HttpResponse:
    above = [(reverse("policies"), "Policies")] + ([(_address(found), found.name)] if found else [])
    return show(
        request,
        "governance/policy_editor.html",
        status=400 if error else 200,
        title=f"Next revision of {found.name}" if found else "New policy",
        crumbs=crumbs(*above),
        policy=found,
        text=text,
        name=name,
        error=error,
        checked=queries.told_terms(terms) if terms else None,
        **(_tried(request, terms) if terms and "try" in request.POST else {}),
        gates=sorted((gate.name, gate.title) for gate in every_gate().values()),
        words=queries.known_words(),
    )


def _address(found: Policy) -> str:
    return reverse("policy", args=[found.pk])

"""What it would take to promote a version, gate by gate and person by person, and asking for it in the face."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from apps.accounts.granted_admin import reader
from apps.governance.actions import Proposal
from apps.governance.pages.showing import asked, field_of, review_address
from apps.governance.queries.explaining import Explanation, explain
from apps.governance.queries.policy_pages import told_terms
from apps.governance.services.opening import ask_for
from apps.governance.terms import combined
from apps.registry import proposals
from apps.registry.choices import active_stages, stage_named
from apps.registry.models import ModelVersion
from apps.registry.pages.changing import changed, version_address
from apps.registry.pages.showing import crumb, level_on
from apps.registry.queries.versions import get_version_of
from apps.registry.rules import check_alias, check_alias_is_free
from mlregistry.console.page import gone_to, is_part, page, show
from mlregistry.errors import InvalidParameter
from mlregistry.levels import Level
from mlregistry.service_admin import page_actor

LONGEST_ALIAS = 300
"""What is longer is no alias, which is said of it."""


@page(requires=Level.READ)
def promotion(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """A page of its own, and for htmx the part that the page of the version opens."""
    found = get_version_of(reader(request), pk, number, at_least=Level.READ)
    stage, alias = field_of(request, "to"), field_of(request, "alias", LONGEST_ALIAS)
    proposal = _proposal(found, stage, alias, archive_existing=False)
    explanation = explain(proposal, by=page_actor(request))
    context: dict[str, Any] = {
        "version": found,
        "model": found.model,
        "explanation": explanation,
        "needs": _needs(explanation),
        "can": [place for place in explanation.people if place.may],
        "cannot": [place for place in explanation.people if not place.may],
        "field": "alias" if alias else "to",
        "target": proposal.target,
        "may_archive": not alias and proposal.target in active_stages(),
        "may_edit": level_on(found) >= Level.EDIT,
    }
    if is_part(request):
        return show(request, "registry/what_it_takes.html", **context)
    return show(
        request,
        "registry/promotion.html",
        title=f"{explanation.summary[:1].upper()}{explanation.summary[1:]}",
        crumbs=[
            crumb(found.model),
            (reverse("model", args=[pk]), found.model.name),
            (version_address(found), f"Version {number}"),
        ],
        **context,
    )


@page(requires=Level.EDIT, methods=("POST",))
def ask(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Opens the change request, or finds the one that is open, and leads to it."""
    found, by = get_version_of(reader(request), pk, number, at_least=Level.EDIT), page_actor(request)
    made = []

    def change() -> None:
        archive = "archive_existing" in request.POST
        stage, alias = request.POST.get("to", ""), request.POST.get("alias", "")
        proposal = _proposal(found, stage, alias, archive_existing=archive)
        made.append(ask_for(proposal, by=by, reason=asked(request, "reason").strip()))

    answer = changed(request, version_address(found), change, said="")
    if not made:
        return answer
    return gone_to(request, review_address(made[0]), said="It is asked for. Who can approve it has been told.")


def _proposal(version: ModelVersion, stage: str, alias: str, *, archive_existing: bool) -> Proposal:
    if bool(stage) == bool(alias):
        raise InvalidParameter("Name either a stage as `to`, or an `alias`.")
    if alias:
        check_alias(alias)
        check_alias_is_free(alias)
        return proposals.set_alias(version, alias)
    return proposals.set_stage(version, stage_named(stage), archive_existing=archive_existing)


def _needs(explanation: Explanation) -> str:
    if not explanation.policies:
        return ""
    return told_terms(combined([met.terms for met in explanation.policies])).needs

"""For whom a request waits: of the open ones, those that somebody may vote on. As few queries for many as for one."""

from collections.abc import Collection, Iterable

from django.db.models import Exists, OuterRef, Q, QuerySet, prefetch_related_objects

from apps.accounts.models import User
from apps.governance.actions import visible_condition
from apps.governance.choices import LIVE, State
from apps.governance.models import ChangeRequest, Exclusion, PolicyRevision, Vote
from apps.governance.queries.eligibility import Jury, authors_of_places
from apps.governance.queries.policies import BUILT_IN
from apps.governance.queries.requests import visible_requests
from apps.governance.terms import Terms, combined, read_terms
from mlregistry.levels import Level

MOST = 500
"""Requests that are judged for one person; of more, those that end first."""


class ReadJury(Jury):
    """The jury of a request whose revisions, exclusions and votes have been read already."""

    def __init__(self, request: ChangeRequest) -> None:
        revisions = sorted(request.revisions.all(), key=lambda revision: revision.pk)
        super().__init__(request, terms_together(revisions))
        self.team_ids = {name: key for revision in revisions for name, key in revision.teams.items()}
        self.votes = sorted(request.votes.all(), key=lambda vote: vote.pk)

    def knows(self, user: User, level: Level) -> None:
        self._levels[user.pk] = level


def read_along(requests: Iterable[ChangeRequest]) -> None:
    """Read what `ReadJury` needs, for all of them at once."""
    prefetch_related_objects(list(requests), "revisions", "exclusions", "votes")


def terms_together(revisions: Collection[PolicyRevision]) -> Terms:
    terms = [read_terms(revision.document) for revision in revisions]
    return combined(terms) if terms else BUILT_IN


def waiting_for(user: User) -> list[ChangeRequest]:
    """Open requests that this person may vote on, those that end first at the front."""
    if user.is_service_account or not user.is_active:
        return []
    found = list(_undecided(user).filter(_asked_of(user)).order_by("expires_at", "pk")[:MOST])
    if not found:
        return []
    read_along(found)
    juries = [ReadJury(request) for request in found]
    managed = _managed(user, [jury for jury in juries if not jury.terms.reviewing_teams])
    groups = {group.pk for group in user.groups.all()}
    authors = authors_of_places([user.username], {key for jury in juries for key in jury.reviewing} & groups)
    for jury in juries:
        jury.knows(user, Level.MANAGE if jury.request.pk in managed else Level.READ)
    return [jury.request for jury in juries if jury.judged(user, groups, authors).may]


def team_requests(user: User) -> QuerySet[ChangeRequest]:
    """Live requests that a team of this person reviews, whether or not they may vote themselves."""
    groups = {group.pk for group in user.groups.all()}
    revisions = [pk for pk, keys in _reviewing_live().items() if keys & groups]
    return visible_requests(user).filter(under(revisions), state__in=LIVE)


def under(revisions: Collection[int]) -> Q:
    """Requests that are judged by one of these revisions, each once."""
    of_them = ChangeRequest.revisions.through.objects.filter(policyrevision__in=revisions)
    return Q(pk__in=of_them.values("changerequest"))


def revisions_reviewed_by(team: int) -> list[int]:
    """Keys of the revisions, of any time, under which this team votes."""
    return [revision.pk for revision in PolicyRevision.objects.all() if team in _reviewing(revision)]


def _asked_of(user: User) -> Q:
    """Requests whose revisions name a team of this person, or none at all."""
    reviewing = _reviewing_live()
    groups = {group.pk for group in user.groups.all()} if reviewing else set()
    asked = [pk for pk, keys in reviewing.items() if not keys or keys & groups]
    return under(asked) | Q(revisions=None)


def _undecided(user: User) -> QuerySet[ChangeRequest]:
    """Open requests that somebody may see, has not asked for, is not excluded from and has not voted on."""
    of_this = {"request": OuterRef("pk")}
    return visible_requests(user).filter(
        ~Q(requester=user.username),
        ~Exists(Vote.objects.filter(**of_this, voter_id=user.pk)),
        ~Exists(Exclusion.objects.filter(**of_this, username=user.username)),
        state=State.OPEN,
    )


def _reviewing_live() -> dict[int, set[int]]:
    """The teams that vote under each revision by which live requests are judged."""
    revisions = PolicyRevision.objects.filter(Exists(_live_under()))
    return {revision.pk: _reviewing(revision) for revision in revisions}


def _live_under() -> QuerySet[ChangeRequest]:
    return ChangeRequest.objects.filter(state__in=LIVE, revisions=OuterRef("pk"))


def _reviewing(revision: PolicyRevision) -> set[int]:
    names = read_terms(revision.document).reviewing_teams
    return {revision.teams[name] for name in names if name in revision.teams}


def _managed(user: User, juries: Collection[Jury]) -> set[int]:
    """Those of these requests on whose object the person holds MANAGE."""
    requests = [jury.request.pk for jury in juries]
    if not requests or user.is_superuser:
        return set(requests)
    held = ChangeRequest.objects.filter(visible_condition(user, Level.MANAGE), pk__in=requests)
    return set(held.values_list("pk", flat=True))

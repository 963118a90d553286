"""Who may vote on a request, for which teams, and who may not and why. Separation of duties lives here.

Excluded are the requester and everybody who had a hand in what is judged (rows of `Exclusion`, from the opening on),
whoever the policy excludes, and a member whose place in a reviewing team comes from one of these or from themselves.
Who put whom into a team is what the audit record says; a place that nobody is on record for does not count.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from apps.accounts.choices import UserKind
from apps.accounts.models import Team, User
from apps.audit.models import Entry
from apps.governance.actions import Contributor, level_on, levels_on
from apps.governance.choices import Decision
from apps.governance.models import ChangeRequest, Exclusion, PolicyRevision, Vote
from apps.governance.queries.policies import team_ids_of, terms_of
from apps.governance.terms import TEAM, USER, Terms
from mlregistry.actor import ActorKind
from mlregistry.levels import Level

MOST_LISTED = 200
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Place:
    """Whether somebody may vote: for these teams, or not, and why not."""

    user: User
    teams: tuple[str, ...] = ()
    why_not: str = ""

    @property
    def may(self) -> bool:
        return not self.why_not


class Jury:
    """Everything about who votes on one request; reads what it needs once."""

    def __init__(self, request: ChangeRequest, terms: Terms | None = None) -> None:
        self.request = request
        self.terms = terms or terms_of(request)
        self._levels: dict[int, Level] = {}

    @cached_property
    def team_ids(self) -> dict[str, int]:
        return team_ids_of(self.request)

    @cached_property
    def exclusions(self) -> dict[str, Exclusion]:
        return {row.username: row for row in self.request.exclusions.all()}

    @cached_property
    def votes(self) -> list[Vote]:
        return list(self.request.votes.order_by("pk"))

    @cached_property
    def reviewing(self) -> dict[int, str]:
        """Names of the reviewing teams, as policies call them, by key."""
        return {self.team_ids[name]: name for name in self.terms.reviewing_teams if name in self.team_ids}

    @property
    def approvals(self) -> list[Vote]:
        return [vote for vote in self.votes if vote.decision == Decision.APPROVE]

    def missing_slots(self) -> dict[str, int]:
        """How many approvals each team still has to give."""
        filled = _fill(self.terms.slots, self.team_ids, [vote.team_ids for vote in self.approvals])
        return {team: count - filled[team] for team, count in self.terms.slots.items() if count > filled[team]}

    def missing(self) -> int:
        """How many approvals are missing in all."""
        return max(self.terms.needed - len(self.approvals), sum(self.missing_slots().values()), 0)

    def level_of(self, user: User) -> Level:
        """What they hold on the object."""
        if user.pk not in self._levels:
            self._levels[user.pk] = level_on(user, self.request.object_type, self.request.object_id)
        return self._levels[user.pk]

    def place_of(self, user: User) -> Place:
        """Two to four queries."""
        return self.judged(user, set(user.groups.values_list("pk", flat=True)), self._authors([user.username]))

    def places(self) -> list[Place]:
        """Members of the reviewing teams, and how each stands; without teams nobody is listed."""
        members = User.objects.filter(groups__in=self.reviewing).distinct().order_by("username")[:MOST_LISTED]
        found = list(members.prefetch_related("groups"))
        authors = self._authors([user.username for user in found])
        self._levels |= levels_on(found, self.request.object_type, self.request.object_id)
        return [self.judged(user, {group.pk for group in user.groups.all()}, authors) for user in found]

    def managers(self) -> list[Place]:
        """Where no team is named: people who hold MANAGE on the object, and how each stands.

        Reads all people there are, some at a time, so it is for telling them and not for pages.
        """
        people = User.objects.filter(is_active=True, kind=UserKind.PERSON).order_by("pk").prefetch_related("groups")
        found: list[Place] = []
        last = 0
        while len(found) < MOST_LISTED and (some := list(people.filter(pk__gt=last)[:AT_ONCE])):
            last = some[-1].pk
            self._levels |= levels_on(some, self.request.object_type, self.request.object_id)
            manage = [user for user in some if self._levels[user.pk] >= Level.MANAGE]
            found += [self.judged(user, {group.pk for group in user.groups.all()}, {}) for user in manage]
        return found[:MOST_LISTED]

    def is_needed(self, place: Place) -> bool:
        """Whether this person may vote, and an approval of theirs is one of those that are missing."""
        if not place.may:
            return False
        after = Jury(self.request, self.terms)
        after.team_ids = self.team_ids
        theirs = Vote(decision=Decision.APPROVE, team_ids=[self.team_ids[name] for name in place.teams])
        after.votes = [*self.votes, theirs]
        return after.missing() < self.missing()

    def needed(self) -> list[User]:
        """Whom a request waits for."""
        places = self.places() if self.terms.reviewing_teams else self.managers()
        return [place.user for place in places if self.is_needed(place)]

    def judged(self, user: User, groups: Collection[int], authors: dict[tuple[int, str], Entry]) -> Place:
        """`place_of` for somebody of whom the groups are known, and who put them into those."""
        why_not = self._why_not(user, groups)
        if why_not:
            return Place(user, why_not=why_not)
        if not self.terms.reviewing_teams:
            return self._judge_manager(user)
        places = {key: name for key, name in self.reviewing.items() if key in groups}
        if not places:
            return Place(user, why_not=f"is in none of the reviewing teams ({', '.join(self.terms.reviewing_teams)})")
        told = {key: self._why_no_place(user, authors.get((key, user.username))) for key in places}
        good = tuple(name for key, name in places.items() if not told[key])
        if not good:
            return Place(user, why_not=next(iter(told.values())))
        return Place(user, teams=good)

    def _judge_manager(self, user: User) -> Place:
        """Where a policy names no team, whoever manages the object reviews."""
        if self.level_of(user) < Level.MANAGE:
            return Place(user, why_not=f"does not hold MANAGE on {self.request.object_name}")
        return Place(user)

    def _why_not(self, user: User, groups: Collection[int]) -> str:  # noqa: PLR0911  one line for each reason
        if user.is_service_account:
            return "is a service account: people approve"
        if not user.is_active:
            return "is switched off"
        if user.username == self.request.requester:
            return "asked for this"
        if exclusion := self.exclusions.get(user.username):
            return exclusion.reason
        if f"{USER}{user.username}" in self.terms.excluded:
            return "is excluded by the policy"
        for name in self.terms.excluded:
            if name.startswith(TEAM) and self.team_ids.get(name.removeprefix(TEAM)) in groups:
                return f"is in {name.removeprefix(TEAM)}, which the policy excludes"
        if any(vote.voter == user.username for vote in self.votes):
            return "has voted"
        if self.level_of(user) < Level.READ:
            return f"may not read {self.request.object_name}"
        return ""

    def _why_no_place(self, user: User, entry: Entry | None) -> str:
        """Why a member's place in a team does not count here."""
        if entry is None:
            return "is in the reviewing team, but nobody is on record for having put them there"
        authors = {entry.username, entry.owner} - {""}
        if user.username in authors:
            return "put themselves into the reviewing team"
        if self.request.requester in authors or self.request.requester_owner in authors:
            return f"was put into the reviewing team by {entry.username}, who asked for this"
        if any(name in self.exclusions and self.exclusions[name].had_a_hand for name in authors):
            return f"was put into the reviewing team by {entry.username}, who had a hand in this"
        return ""

    def _authors(self, usernames: Iterable[str]) -> dict[tuple[int, str], Entry]:
        return authors_of_places(usernames, self.reviewing)


def has_break_glass_place(user: User, terms: Terms, team_ids: Mapping[str, int]) -> bool:
    """Whether somebody else put this person into a team that may break glass; teams count by key, not by name."""
    keys = [team_ids[name] for name in terms.break_glass if name in team_ids]
    mine = list(user.groups.filter(pk__in=keys).values_list("pk", flat=True))
    return any(
        user.username not in (entry.username, entry.owner)
        for entry in authors_of_places([user.username], mine).values()
    )


def authors_of_places(usernames: Iterable[str], teams: Iterable[int]) -> dict[tuple[int, str], Entry]:
    """Who last put each of these into each of the teams, by team and username."""
    entries = Entry.objects.filter(
        action="accounts.team.add_member",
        target_type=Team._meta.label_lower,
        target_id__in=[str(key) for key in teams],
    )
    found = entries.filter(details__member__in=list(usernames)).order_by("sequence")
    return {(int(entry.target_id), entry.details["member"]): entry for entry in found}


def exclusions_of(
    request: ChangeRequest, contributors: Sequence[Contributor], revisions: Sequence[PolicyRevision]
) -> list[Exclusion]:
    """Who must not vote, and why; the requester is known from the request itself."""
    parts = [(each.username, each.part) for each in contributors]
    if request.requester_kind == ActorKind.SERVICE_ACCOUNT:
        parts.insert(0, (request.requester_owner, f"answers for {request.requester}, which asked for this"))
    rules = [
        (username, f"wrote the policy {revision.policy} as it is now")
        for revision in revisions
        for username in revision.enabled_by
    ]
    found: dict[str, Exclusion] = {}
    for had_a_hand, whom in ((True, parts), (False, rules)):
        for username, why in whom:
            if username and username != request.requester:
                row = Exclusion(request=request, username=username, reason=why[:200], had_a_hand=had_a_hand)
                found.setdefault(username, row)
    return list(found.values())


def _fill(slots: Mapping[str, int], team_ids: Mapping[str, int], votes: list[list[int]]) -> dict[str, int]:
    """How many of each team's slots the votes fill, each vote one: the best that is possible (augmenting paths)."""
    seats = [team for team, count in slots.items() for _ in range(count)]
    taken: dict[int, int] = {}

    def seat(vote: int, tried: set[int]) -> bool:
        for index, team in enumerate(seats):
            if index in tried or team_ids.get(team) not in votes[vote]:
                continue
            tried.add(index)
            if index not in taken or seat(taken[index], tried):
                taken[index] = vote
                return True
        return False

    for vote in range(len(votes)):
        seat(vote, set())
    filled = dict.fromkeys(slots, 0)
    for index in taken:
        filled[seats[index]] += 1
    return filled

"""The rules of promotion, said a second time and as simply as possible: what `test_rules` holds the engine against.

Nothing here reads a database. One version, one policy; people, teams, and who put whom into them.
"""

from dataclasses import dataclass, field
from itertools import permutations

PRODUCTION = "Production"
DOCUMENTS: list[dict[str, object]] = [
    {"slots": {"Risk": 1}},
    {"slots": {"Risk": 1, "IT": 1}},
    {"slots": {"Risk": 2}},
    {"slots": {"Risk": 1}, "reviewers": ["IT"], "approvals": 2},
]
"""What the policy says in turn, besides that it protects Production."""


@dataclass(frozen=True)
class Policy:
    """A revision."""

    number: int
    slots: dict[str, int]
    reviewers: list[str]
    approvals: int
    eased_by: str
    """Who last made it easier to pass."""

    @property
    def needed(self) -> int:
        return max(self.approvals, sum(self.slots.values()))

    @property
    def reviewing(self) -> set[str]:
        return {*self.slots, *self.reviewers}

    def is_easier_than(self, other: "Policy") -> bool:
        return (
            self.needed < other.needed
            or any(self.slots.get(team, 0) < count for team, count in other.slots.items())
            or not self.reviewing <= other.reviewing
        )


@dataclass
class Request:
    kind: str
    requester: str
    policy: Policy
    evidence: tuple[int, int, bool]
    state: str = "open"
    votes: dict[str, tuple[str, frozenset[str]]] = field(default_factory=dict)
    parent: "Request | None" = None
    before: str = ""
    is_late: bool = False
    is_taken_back: bool = False


@dataclass
class Rules:
    """How things stand."""

    registrant: str
    policy: Policy
    stage: str = "None"
    card: int = 1
    is_deleted: bool = False
    requests: list[Request] = field(default_factory=list)
    put_by: dict[tuple[str, str], str] = field(default_factory=dict)
    """By team and member."""

    @property
    def evidence(self) -> tuple[int, int, bool]:
        return self.card, self.policy.number, self.is_deleted

    def revise(self, document: dict[str, object], author: str) -> None:
        new = policy_of(document, number=self.policy.number + 1, author=author)
        if not new.is_easier_than(self.policy):
            new = policy_of(document, number=new.number, author=self.policy.eased_by)
        self.policy = new

    def ask(self, person: str) -> None:
        waiting = any(each.kind == "change" and each.state == "open" for each in self.requests)
        if self.stage != PRODUCTION and not waiting:
            self.requests.append(Request("change", person, self.policy, self.evidence))

    def teams_of(self, request: Request, person: str) -> frozenset[str]:
        """For which of the reviewing teams somebody may vote: none, if they may not."""
        if person in {request.requester, self.registrant, request.policy.eased_by} or person in request.votes:
            return frozenset()
        authors = {team: self.put_by.get((team, person)) for team in request.policy.reviewing}
        return frozenset(team for team, by in authors.items() if by not in {None, person, request.requester})

    def vote(self, request: Request, person: str, decision: str) -> bool:
        """Whether the vote counted."""
        self.catch_up(request)
        teams = self.teams_of(request, person)
        if request.state != "open" or not teams:
            return False
        request.votes[person] = (decision, teams)
        if decision == "reject":
            self.end(request, "rejected")
        elif is_complete(request):
            request.state, request.before = "applied", self.stage
            if request.kind == "change":
                self.stage = PRODUCTION
        return True

    def catch_up(self, request: Request) -> None:
        """What time and drift have done to a request, found out when somebody touches it."""
        if request.state == "open" and request.is_late:
            self.end(request, "expired")
        elif request.state == "open" and request.evidence != self.evidence:
            self.end(request, "stale")

    def end(self, request: Request, state: str) -> None:
        request.state = state
        if request.parent is None:
            return
        if state == "stale" and not self.is_deleted:
            again = Request("ratification", request.requester, self.policy, self.evidence, parent=request.parent)
            self.requests.append(again)
        elif not self.is_deleted:
            request.parent.is_taken_back = True
            if self.stage == PRODUCTION:
                self.stage = request.parent.before

    def break_glass(self, person: str) -> None:
        glass = Request("break_glass", person, self.policy, self.evidence, state="applied", before=self.stage)
        self.stage = PRODUCTION
        self.requests += [glass, Request("ratification", person, self.policy, self.evidence, parent=glass)]


def policy_of(document: dict[str, object], *, number: int, author: str) -> Policy:
    slots: dict[str, int] = document["slots"]  # type: ignore[assignment]  # written above
    return Policy(number, slots, document.get("reviewers", []), document.get("approvals", 1), author)  # type: ignore[arg-type]  # likewise


def is_complete(request: Request) -> bool:
    """Whether some way of seating those who agreed leaves no slot empty."""
    agreed = [teams for decision, teams in request.votes.values() if decision == "approve"]
    seats = [team for team, count in request.policy.slots.items() for _ in range(count)]
    seated = any(
        all(team in teams for team, teams in zip(seats, order, strict=True))
        for order in permutations(agreed, len(seats))
    )
    return len(agreed) >= request.policy.needed and seated

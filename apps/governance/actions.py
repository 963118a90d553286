"""What can be protected: actions, each registered by the app that owns it.

Governance knows neither models nor versions. An app says of each of its actions how it is described, carried out and
taken back, who had a hand in what it is about, and which evidence it is judged on:

    class SetStage(VersionAction):
        name, word = "registry.set_stage", "stage"
        def apply(self, proposal, *, by, approval):
            set_stage(version=…, stage=proposal.target, by=by, approval=approval)

    add_action(SetStage())
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from django.db.models import Q, QuerySet

from apps.audit.plain import canonical, plain
from mlregistry.actor import Actor
from mlregistry.errors import InvalidParameter
from mlregistry.levels import Level

if TYPE_CHECKING:
    from apps.accounts.models import User
    from apps.governance.models import ChangeRequest


@dataclass(frozen=True, slots=True)
class Proposal:
    """Something that somebody is about to do to an object."""

    action: str
    object_type: str
    object_id: int
    object_name: str
    target: str
    """What a policy can name: the stage, the alias, the key of the tag."""
    subject_id: int | None = None
    subject_name: str = ""
    payload: Mapping[str, Any] = field(default_factory=dict)
    distinct: str = ""
    """What besides the above makes it another proposal: the value of a tag."""

    @property
    def identity(self) -> str:
        same = [self.action, self.object_type, self.object_id, self.target, self.subject_id, self.distinct]
        return hashlib.sha256(canonical(plain(same))).hexdigest()


@dataclass(frozen=True, slots=True)
class Contributor:
    """Somebody who had a hand in what is judged, by username, and which."""

    username: str
    part: str


class Action(ABC):
    """One kind of change. Methods take the proposal as it was kept; objects are read anew each time."""

    name: ClassVar[str]
    word: ClassVar[str]
    """What policies call it: {stage: [Production]}."""

    def distinct(self, payload: Mapping[str, Any]) -> str:
        """`Proposal.distinct` of a proposal with this payload."""
        return ""

    def names(self, proposal: Proposal) -> tuple[str, ...]:
        """Names that policies know the object by: that of now, and the one it is to get."""
        return (proposal.object_name,)

    def doors(self, proposal: Proposal) -> list[tuple[str, str]]:
        """What it touches, as policies say it: ("stage", "Production")."""
        return [(self.word, proposal.target)]

    def lock(self, proposal: Proposal) -> None:  # noqa: B027  nothing to lock, for some
        """Hold still what the evidence is about, until the transaction ends."""

    @abstractmethod
    def describe(self, proposal: Proposal) -> str:
        """What is asked for, as a sentence continues it: "move fraud version 3 to Production"."""

    @abstractmethod
    def apply(self, proposal: Proposal, *, by: Actor, approval: "Approval") -> None:
        """Do it, in the transaction that it is called in."""

    def check(self, proposal: Proposal) -> None:  # noqa: B027  nothing to check, for some
        """Raise what doing it would, as far as that is known now: nobody votes on what cannot be."""

    def is_done(self, proposal: Proposal) -> bool:
        """Whether what it asks for is so already."""
        return False

    def standing(self, proposal: Proposal) -> dict[str, Any]:
        """What applying it would replace; kept so that it can be taken back."""
        return {}

    def take_back(self, proposal: Proposal, before: Mapping[str, Any], *, by: Actor) -> None:
        """Restore what `standing` said, where what was applied still stands; where it said nothing, remove that."""
        raise InvalidParameter(f"{self.describe(proposal)} cannot be taken back.")

    def can_take_back(self) -> bool:
        return type(self).take_back is not Action.take_back

    def evidence(self, proposal: Proposal) -> dict[str, Any]:
        """What it is judged on; votes hold as long as this stays the same."""
        return {}

    def waits_for(self, proposal: Proposal) -> str:
        """What has to be found out before the evidence is complete, as a sentence; empty when it is."""
        return ""

    def verify(self, proposal: Proposal) -> None:  # noqa: B027  nothing to look at, for some
        """Look now whether the bytes still are what the evidence says; may take a while, outside of transactions."""

    def contributors(self, proposal: Proposal) -> list[Contributor]:
        """Who had a hand in it, besides the requester."""
        return []

    def subject(self, proposal: Proposal) -> Any:
        """What gates look at: a version, for actions on versions."""
        return None

    def address(self, proposal: Proposal) -> str:
        """The page of what it is about."""
        return ""

    def consequence(self, proposal: Proposal) -> str:
        """What applying it does, as a sentence: "version 3 moves to Production, version 2 is archived"."""
        return ""

    def replaced(self, proposal: Proposal, before: Mapping[str, Any]) -> str:
        """What `standing` kept, as a sentence of its own: "It was in Staging before, and version 2 was archived."."""
        return ""

    def difference(self, key: str, before: Any, after: Any) -> list[str] | None:
        """What became of one part of its evidence, as people say it; None where there are no words for that part."""
        return None

    def history(self, names: Iterable[str], targets: Iterable[str]) -> "Iterable[Past]":
        """Earlier such changes to objects whose names match, newest first; for dry runs."""
        return ()


@dataclass(frozen=True, slots=True)
class Past:
    """A change that was made, approved or not: what, by whom, when."""

    proposal: Proposal
    username: str
    time: Any


@dataclass(frozen=True, slots=True)
class Approval:
    """Leave to do exactly one thing. Services take it in the place of asking; only applying a request makes one."""

    request_id: int
    identity: str

    def covers(self, proposal: Proposal) -> bool:
        return self.identity == proposal.identity


@dataclass(frozen=True, slots=True)
class ObjectType:
    """Objects that proposals are about, in the words of whoever owns them."""

    label: str
    held: "Callable[[User, Level], QuerySet[Any]]"
    """Keys of those on which a user holds at least this level."""
    level: "Callable[[User, int], Level]"
    """What a user holds on one of them; NO_PERMISSIONS where there is none."""
    levels: "Callable[[Sequence[User], int], dict[int, Level]]"
    """The same of many users at once, by their keys; their groups are prefetched."""
    reads_any: "Callable[[User, Sequence[str]], bool]"
    """Whether a user may read one whose name fits one of these patterns."""


_actions: dict[str, Action] = {}
_object_types: dict[str, ObjectType] = {}


def add_action(action: Action) -> None:
    if _actions.setdefault(action.name, action) is not action:
        raise ValueError(f"there is an action {action.name} already")


def action_named(name: str) -> Action:
    return _actions[name]


def every_action() -> list[Action]:
    return list(_actions.values())


def words() -> list[str]:
    """What policies can protect."""
    return sorted({action.word for action in _actions.values()})


def add_object_type(object_type: ObjectType) -> None:
    _object_types[object_type.label] = object_type


def level_on(user: "User", object_type: str, object_id: int) -> "Level":
    return _object_types[object_type].level(user, object_id)


def levels_on(users: "Sequence[User]", object_type: str, object_id: int) -> "dict[int, Level]":
    return _object_types[object_type].levels(users, object_id)


def reads_any(user: "User", patterns: Sequence[str]) -> bool:
    """Whether this user may read an object whose name fits one of these patterns."""
    return user.is_superuser or any(known.reads_any(user, patterns) for known in _object_types.values())


def visible_condition(user: "User", at_least: Level = Level.READ) -> Q:
    """Which rows about objects (with `object_type` and `object_id`) this user may see, or holds more on."""
    if user.is_superuser:
        return Q()
    condition = Q(pk__in=[])
    for known in _object_types.values():
        condition |= Q(object_type=known.label, object_id__in=known.held(user, at_least))
    return condition


def proposal_of(request: "ChangeRequest") -> Proposal:
    """What a request asks for."""
    return Proposal(
        action=request.action,
        object_type=request.object_type,
        object_id=request.object_id,
        object_name=request.object_name,
        target=request.target,
        subject_id=request.subject_id,
        subject_name=request.subject_name,
        payload=request.payload,
        distinct=action_named(request.action).distinct(request.payload),
    )

"""Who did it: the identity that every write carries."""

from dataclasses import dataclass
from enum import StrEnum


class ActorKind(StrEnum):
    PERSON = "person"
    SERVICE_ACCOUNT = "service_account"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, a service account with its human owner, or the server itself; by which token and from where."""

    username: str
    kind: ActorKind
    user_id: int | None = None
    owner: str = ""
    """Username of the human who answers for a service account; empty for people and the server."""
    token_id: int | None = None
    address: str = ""
    """Address of the client, as the server saw it."""


def system(task: str) -> Actor:
    """The server acting by itself, in the named task (`gc`, `migrate`, …)."""
    return Actor(username=f"system:{task}", kind=ActorKind.SYSTEM)

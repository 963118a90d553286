"""What gates on versions have in common. What is not known never passes."""

from abc import abstractmethod
from typing import Any

from apps.governance.actions import Proposal
from apps.governance.gates import Gate, Judged, Verdict
from apps.registry.choices import ContentState
from apps.registry.models import Content, ModelVersion


class Unknown(Exception):
    """What a gate looks at is not there. The message says so, and the gate does not pass."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class VersionGate(Gate):
    """A gate that knows versions; it passes nothing else."""

    def look(self, judged: Judged, terms: Any) -> Verdict:
        if not isinstance(judged.subject, ModelVersion):
            return Verdict(False, "This is not about a version, so there is nothing to look at.")
        try:
            return self.look_at(judged.subject, terms, judged.proposal)
        except Unknown as unknown:
            return Verdict(False, unknown.message)

    @abstractmethod
    def look_at(self, version: ModelVersion, terms: Any, proposal: Proposal) -> Verdict:
        """Look at the version now; `Unknown` where there is nothing to look at."""


def sealed_content(version: ModelVersion) -> Content:
    """What is known of the version's files, which are those that were registered as far as that was looked for."""
    content = Content.objects.filter(version=version).first()
    if content is None:
        raise Unknown("This version has no files.")
    match content.state:
        case ContentState.SEALED:
            return content
        case ContentState.PENDING:
            raise Unknown("The files of this version are still being read.")
        case ContentState.DRIFTED:
            raise Unknown(f"The files of this version are not those that were registered: {content.message}")
    raise Unknown(f"The files of this version cannot be read by this server: {content.message or 'nobody knows why.'}")


def counted(count: int, one: str, more: str = "") -> str:
    """ "1 package", "12 packages"."""
    return f"{count:,} {one if count == 1 else more or f'{one}s'}"


def listed(names: list[str], most: int = 5) -> str:
    """Some of the names, and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")

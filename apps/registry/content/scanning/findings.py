"""What a scan found, and the verdict that follows from it."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from apps.registry.choices import Verdict
from mlregistry.printable import printable

KEPT = 500
"""How many findings of one severity are kept; the rest would say the same."""
UNREADABLE = "unreadable"
LONGEST_PATH = 500
LONGEST_DETAIL = 500

Finding = dict[str, str]


class Severity(StrEnum):
    """From what is worth knowing to what does harm. Whatever is above `INFO` keeps a version from being clean."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to be said of a file."""

    kind: str
    severity: Severity
    detail: str


class Unreadable(Exception):
    """The scan cannot go on with this file or member; the message says why."""


class LimitReached(Unreadable):
    """A whole file has used up what one may: none of its members is looked into any further."""


class Findings:
    """Collects the findings of one scan. The verdict counts those too that are not kept."""

    def __init__(self) -> None:
        self.kept: list[Finding] = []
        self._of_severity: Counter[Severity] = Counter()
        self._harm = False
        self._unreadable = False

    def add(self, path: str, remark: Remark) -> None:
        if remark.kind == UNREADABLE:
            self._unreadable = True
        elif remark.severity != Severity.INFO:
            self._harm = True
        self._of_severity[remark.severity] += 1
        if self._of_severity[remark.severity] <= KEPT:
            self.kept.append(
                {
                    "path": printable(path, LONGEST_PATH),
                    "kind": remark.kind,
                    "severity": remark.severity.value,
                    "detail": printable(remark.detail, LONGEST_DETAIL),
                }
            )

    def add_unreadable(self, path: str, why: str) -> None:
        self.add(path, Remark(UNREADABLE, Severity.WARNING, why))

    def verdict(self) -> Verdict:
        """Harm that was found says more than what could not be read."""
        if self._harm:
            return Verdict.SUSPICIOUS
        return Verdict.FAILED if self._unreadable else Verdict.CLEAN

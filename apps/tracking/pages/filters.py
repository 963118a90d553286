"""What is wrong with a filter, shown under the word that is wrong."""

import re
from dataclasses import dataclass

from apps.tracking.grammars import RUNS
from mlregistry.errors import InvalidParameter
from mlregistry.wire.search import Misread, parse_filter

WORD = re.compile(r"\S{1,40}")
SHOWN = 60
"""Characters before and after the word that are repeated."""


@dataclass(frozen=True, slots=True)
class Complaint:
    what: str
    before: str = ""
    word: str = ""
    after: str = ""
    at: int = -1
    more: str = ""
    """What would be right, where it does not fit under the word."""

    @property
    def indent(self) -> str:
        return " " * len(self.before)


def complaint_about(filter_text: str) -> Complaint | None:
    """None if the filter is understood."""
    try:
        parse_filter(filter_text, RUNS)
    except Misread as misread:
        text = " ".join(filter_text.splitlines())
        at = min(misread.at, len(text))
        found = WORD.match(text, at)
        end = found.end() if found else at
        what, _, valid = misread.what.partition(" Valid are ")
        return Complaint(
            what=what,
            before=text[max(0, at - SHOWN) : at],
            word=text[at:end],
            after=text[end : end + SHOWN],
            at=at,
            more=f"Valid are {valid}." if valid else "",
        )
    except InvalidParameter as refused:
        return Complaint(refused.message)
    return None

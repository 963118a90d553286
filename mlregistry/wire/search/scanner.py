"""Reading a search text from left to right, and saying where it went wrong."""

import re
from difflib import get_close_matches

from mlregistry.errors import InvalidParameter

MAX_LENGTH = 200_000
"""Characters; a list of 5,000 run ids fits."""

WORD = re.compile(r"\w+")
SPACE = re.compile(r"\s+")
# A quote inside is doubled or follows a backslash. Where that leaves the text open to its end, the last such quote
# closes it after all: 'C:\' is a text.
QUOTED = re.compile(
    r"'[^'\\]*(?:(?:''|\\'|\\)[^'\\]*)*'"
    r'|"[^"\\]*(?:(?:""|\\"|\\)[^"\\]*)*"'
    r"|`[^`]*(?:``[^`]*)*`"
)
EXCERPT = 30
LONGEST_QUOTATION = 60


class Misread(InvalidParameter):
    """A text that is not understood: `what` is wrong with it, and it is so from the character `at` on."""

    def __init__(self, message: str, *, what: str, at: int) -> None:
        super().__init__(message)
        self.what = what
        self.at = at


class Scanner:
    """A position in a text. `subject` names the text in complaints: "filter", "order_by"."""

    __slots__ = ("position", "subject", "text")

    def __init__(self, text: str, *, subject: str) -> None:
        self.text = text
        self.subject = subject
        self.position = 0
        if len(text) > MAX_LENGTH:
            raise InvalidParameter(f"Invalid {subject}: it has {len(text)} characters; at most {MAX_LENGTH} are read.")
        self._refuse_unstorable(text)

    def skip_space(self) -> bool:
        """Move to the next character that is no white space; whether there is one."""
        if found := SPACE.match(self.text, self.position):
            self.position = found.end()
        return self.position < len(self.text)

    @property
    def next(self) -> str:
        """The character at the position, empty at the end."""
        return self.text[self.position : self.position + 1]

    def peek(self, pattern: re.Pattern[str]) -> str:
        """What `pattern` matches here, empty if nothing."""
        found = pattern.match(self.text, self.position)
        return found.group() if found else ""

    def take(self, pattern: re.Pattern[str]) -> str:
        """What `pattern` matches here, moving behind it."""
        found = pattern.match(self.text, self.position)
        if found is None:
            return ""
        self.position = found.end()
        return found.group()

    def take_quoted(self) -> str:
        """The quoted text that begins here, with its quotes; a quote that nothing closes is refused."""
        taken = self.take(QUOTED)
        if not taken:
            raise self.refuse(f"nothing closes the quote {self.next}")
        return taken

    def refuse(self, what: str, *, at: int | None = None) -> Misread:
        """The complaint that `what` is wrong at `at` (or here): the sentence, the place and the text there."""
        place = self.position if at is None else at
        if place >= len(self.text):
            where = "at its end"
        else:
            rest = self.text[place : place + EXCERPT]
            where = f"at character {place + 1}, {rest + ('…' if place + EXCERPT < len(self.text) else '')!r}"
        return Misread(f"Invalid {self.subject}: {what} ({where}).", what=what, at=place)

    def accept(self, value: str, *, at: int) -> str:
        """`value`, unless it holds what no database stores as text: escapes in a list can make such characters."""
        try:
            self._refuse_unstorable(value)
        except InvalidParameter:
            raise self.refuse("this text holds a null character or half a surrogate pair", at=at) from None
        return value

    def _refuse_unstorable(self, text: str) -> None:
        try:
            whole = "\0" not in text and bool(text.encode() or True)
        except UnicodeEncodeError:
            whole = False
        if not whole:
            raise InvalidParameter(f"Invalid {self.subject}: it holds a null character or half a surrogate pair.")


def quotation(text: str) -> str:
    """`text` in quotes, cut where it is too long to repeat."""
    return repr(shortened(text))


def shortened(text: str) -> str:
    return text if len(text) <= LONGEST_QUOTATION else text[:LONGEST_QUOTATION] + "…"


def suggestion(word: str, valid: list[str]) -> str:
    """`; did you mean 'x'?` if one of `valid` is close to `word`, and what all of them are."""
    close = get_close_matches(word[:LONGEST_QUOTATION], valid, n=1)
    return (
        (f"; did you mean {close[0]!r}?" if close else "; use") + (" Valid are " if close else " ") + ", ".join(valid)
    )

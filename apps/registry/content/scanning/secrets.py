"""Credentials that somebody left in a text file. A finding names the kind, the line and the start, never the secret."""

import re
from dataclasses import dataclass

from apps.accounts.secret import MARK
from apps.registry.content.scanning.findings import Remark, Severity
from apps.registry.content.scanning.pieces import Examination, Piece

LONGEST_TEXT = 5 * 1024 * 1024
MOST_IN_ONE_FILE = 20
_LOOKED_AT = 8 * 1024
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_EXAMPLES = (b"EXAMPLE", b"example", b"XXXX", b"xxxx")


@dataclass(frozen=True, slots=True)
class _Secret:
    """`marker` is in every text that `pattern` finds something in: looking for it first is much faster.

    What the pattern's group `shown` matches is no secret, and is shown.
    """

    kind: str
    marker: bytes
    pattern: re.Pattern[bytes]


def _secret(kind: str, marker: str, pattern: str) -> _Secret:
    return _Secret(kind, marker.encode(), re.compile(pattern.encode()))


# No secret begins in the middle of a word; for long runs of letters that also keeps the search linear.
_START = r"(?<![A-Za-z0-9_-])"
SECRETS = (
    _secret("private key", "PRIVATE KEY", r"(?P<shown>-----BEGIN (?:[A-Z]{2,10} ){0,2}PRIVATE KEY)(?: BLOCK)?-----"),
    _secret("AWS access key", "AKIA", rf"{_START}(?P<shown>AKIA)[0-9A-Z]{{16}}(?![0-9A-Za-z])"),
    _secret("temporary AWS access key", "ASIA", rf"{_START}(?P<shown>ASIA)[0-9A-Z]{{16}}(?![0-9A-Za-z])"),
    _secret(
        "AWS secret access key",
        "ecret",
        r"(?i:(?P<shown>aws_?secret_?access_?key)[\"']?\s{0,4}[:=]\s{0,4}[\"']?)[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])",
    ),
    _secret("GitHub token", "gh", rf"{_START}(?P<shown>gh[pousr]_)[A-Za-z0-9]{{36,255}}"),
    _secret("GitHub token", "github_pat_", rf"{_START}(?P<shown>github_pat_)[A-Za-z0-9_]{{22,255}}"),
    _secret("GitLab token", "glpat-", rf"{_START}(?P<shown>glpat-)[A-Za-z0-9_-]{{20,64}}"),
    _secret("Slack token", "xox", rf"{_START}(?P<shown>xox[abeoprs]-)[A-Za-z0-9-]{{10,250}}"),
    _secret(
        "Slack webhook", "hooks.slack.com", r"(?P<shown>hooks\.slack\.com/services/)T[A-Z0-9]+/B[A-Z0-9]+/\w{16,64}"
    ),
    _secret("Google API key", "AIza", rf"{_START}(?P<shown>AIza)[A-Za-z0-9_-]{{35}}"),
    _secret("Google OAuth secret", "GOCSPX-", rf"{_START}(?P<shown>GOCSPX-)[A-Za-z0-9_-]{{28}}"),
    _secret("OpenAI key", "T3BlbkFJ", rf"{_START}(?P<shown>sk-)[A-Za-z0-9_-]{{10,100}}T3BlbkFJ[A-Za-z0-9_-]{{10,100}}"),
    _secret("OpenAI key", "sk-proj-", rf"{_START}(?P<shown>sk-proj-)[A-Za-z0-9_-]{{40,250}}"),
    _secret("Anthropic key", "sk-ant-", rf"{_START}(?P<shown>sk-ant-)[A-Za-z0-9_-]{{40,250}}"),
    _secret("Hugging Face token", "hf_", rf"{_START}(?P<shown>hf_)[A-Za-z0-9]{{34,64}}"),
    _secret("Stripe key", "k_", rf"{_START}(?P<shown>[sr]k_(?:live|test)_)[A-Za-z0-9]{{20,250}}"),
    _secret("JSON web token", "eyJ", rf"{_START}(?P<shown>eyJ)[\w-]{{10,4000}}\.eyJ[\w-]{{10,8000}}\.[\w-]{{20,2000}}"),
    _secret("password in a URL", "://", r"(?P<shown>://[^\s:/@\"'<>{}]{0,100}:)[^\s/@\"'<>{}$*]{1,200}@[A-Za-z0-9\[]"),
    _secret("token of this server", MARK, rf"{_START}(?P<shown>{MARK})[0-9a-f]{{16}}_[A-Za-z0-9_-]{{43}}"),
)


def text_of(piece: Piece) -> bytes | None:
    """The text that a file is, as far as it is searched; None if it is none."""
    start = piece.start(_LOOKED_AT)
    if start.startswith(_UTF16):
        return piece.start(LONGEST_TEXT).decode("utf-16", "replace").encode()
    return None if b"\0" in start else piece.start(LONGEST_TEXT)


def examine_text(piece: Piece, examination: Examination) -> None:
    text = text_of(piece)
    if text is None:
        return
    found = 0
    for secret in SECRETS:
        if secret.marker not in text:
            continue
        for match in secret.pattern.finditer(text):
            if any(word in match[0] for word in _EXAMPLES):
                continue
            found += 1
            if found > MOST_IN_ONE_FILE:
                return
            examination.findings.add(piece.path, _remark(secret, text, match))


def _remark(secret: _Secret, text: bytes, match: re.Match[bytes]) -> Remark:
    line = text.count(b"\n", 0, match.start()) + 1
    shown = match["shown"].decode(errors="replace")
    return Remark("secret", Severity.WARNING, f"Line {line} has what looks like a {secret.kind}: {shown}…")

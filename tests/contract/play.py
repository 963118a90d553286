"""Play a scenario against a server, and compare what two servers answered."""

import difflib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.contract.normal import Normaliser
from tests.contract.steps import PASSWORD, Step
from tests.live import LiveServer

TIME_LIMIT_S = 60
INTERNAL = 500
PLAIN = {"Permission denied": "PERMISSION_DENIED"}
"""What the genuine server's basic-auth app says without a code."""
VARIABLE = re.compile(r"\$(\w+)")


@dataclass(frozen=True)
class Answer:
    """What a server said to one step, made comparable."""

    status: int
    code: str
    message: str
    body: Any
    headers: dict[str, str]
    raw: str

    @property
    def failed_inside(self) -> bool:
        """The server fell over the request, or let its SQL speak."""
        return (self.status == INTERNAL and self.code in ("", "INTERNAL_ERROR")) or "[SQL:" in self.message


def play(server: LiveServer, steps: Sequence[Step], *, here: str) -> list[Answer]:
    """Send the steps in order; each answer's saved values are known to the steps after it."""
    known, words = {"here": here}, Normaliser()
    with server.session() as session:
        return [_send(server, session, step, known, words) for step in steps]


def _send(server: LiveServer, session: Any, step: Step, known: dict[str, str], words: Normaliser) -> Answer:
    filled = _fill(step.body, known)
    body = filled if isinstance(filled, bytes) else json.dumps(filled).encode()  # bare NaN, as old clients send it
    response = session.request(
        step.method,
        server.url(_fill(step.url, known)),
        params=_fill(step.query, known),
        data=None if filled is None else body,
        headers=({} if filled is None else {"Content-Type": "application/json"}) | _fill(step.headers, known),
        timeout=TIME_LIMIT_S,
        auth=(_fill(step.by, known), PASSWORD) if step.by else None,
        allow_redirects=False,
    )
    try:
        said = response.json()
    except ValueError:
        said = response.text
    if response.ok:
        for name, path in step.save.items():
            value = _at(said, path)
            known[name] = str(value)
            if isinstance(value, str):  # a number is an id that scenarios leave out
                words.name(value, name)
    failed = isinstance(said, dict) and "error_code" in said
    return Answer(
        status=response.status_code,
        code=said["error_code"] if failed else PLAIN.get(response.text, ""),
        message=words.tidy(said)["message"] if failed else "",
        body=words.tidy(said, without=step.without) if response.ok else None,
        headers={name: response.headers.get(name, "").replace('"', "") for name in step.shows},
        raw=response.text[:300],
    )


def _fill(value: Any, known: dict[str, str]) -> Any:
    if isinstance(value, str):
        return VARIABLE.sub(lambda found: known[found[1]], value)  # a KeyError: no step before saved it
    if isinstance(value, list):
        return [_fill(item, known) for item in value]
    if isinstance(value, dict):
        return {name: _fill(item, known) for name, item in value.items()}
    return value


def _at(answer: Any, path: str) -> Any:
    for part in path.split("."):
        answer = answer[int(part)] if part.isdigit() else answer[part]
    return answer


def differences(steps: Sequence[Step], genuine: Sequence[Answer], ours: Sequence[Answer]) -> list[str]:
    """Where `ours` is not as `genuine`, or not as the step says that it differs: one paragraph each."""
    found = []
    for number, (step, theirs, mine) in enumerate(zip(steps, genuine, ours, strict=True), start=1):
        wrong = _compare(step, theirs, mine)
        if wrong:
            found.append(f"step {number}: {step.method} {step.url}\n  sent {_shown(step)}\n{wrong}")
    return found


def _compare(step: Step, theirs: Answer, mine: Answer) -> str:
    if step.differs:
        return _compare_to_the_reason(step, theirs, mine)
    if theirs.failed_inside:
        refused = mine.code and mine.status < INTERNAL and not mine.failed_inside
        return "" if refused else f"  genuine failed, we should refuse\n  ours:    {mine.status} {mine.raw}"
    if (theirs.status, theirs.code) != (mine.status, mine.code):
        return f"  genuine: {theirs.status} {theirs.raw}\n  ours:    {mine.status} {mine.raw}"
    if step.says and theirs.message != mine.message:
        return f"  genuine says: {theirs.message}\n  we say:       {mine.message}"
    if theirs.headers != mine.headers:
        return f"  genuine: {theirs.headers}\n  ours:    {mine.headers}"
    return "" if theirs.body == mine.body else _diff(theirs.body, mine.body)


def _compare_to_the_reason(step: Step, theirs: Answer, mine: Answer) -> str:
    reason = step.differs
    if (mine.status, mine.code) != (reason.status, reason.code):
        return f"  meant: {reason.status} {reason.code} ({reason.why})\n  ours:  {mine.status} {mine.raw}"
    if (theirs.status, theirs.code, theirs.body) == (mine.status, mine.code, mine.body):
        return f"  the genuine server answers the same; the reason no longer holds: {reason.why}"
    return ""


def _diff(theirs: Any, mine: Any) -> str:
    texts = [json.dumps(body, indent=1, sort_keys=True, default=str).splitlines() for body in (theirs, mine)]
    return "\n".join(f"  {line}" for line in difflib.unified_diff(*texts, "genuine", "ours", lineterm="", n=2))


def _shown(step: Step) -> str:
    sent = step.query if step.body is None else step.body
    text = sent.decode(errors="replace") if isinstance(sent, bytes) else json.dumps(sent, default=str)
    return text if len(text) <= 200 else f"{text[:200]}… ({len(text)} characters)"

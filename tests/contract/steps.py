"""A scenario as data: the requests to send, in order, and what of their answers is kept for later ones.

    post("runs/create", experiment_id="$experiment", save={"run": "run.info.run_id"})
    get("runs/get", run_id="$run")
    post("runs/get", differs=differs(405, "METHOD_NOT_ALLOWED", "the genuine server answers a page of HTML"))

Paths are below /api/2.0/mlflow/ unless they begin with a slash. `$name` stands for a kept value, `$here` for a word
that no other scenario uses.
"""

from dataclasses import dataclass, field, replace
from typing import Any

PREFIX = "/api/2.0/mlflow/"
RUN = {"run": "run.info.run_id"}
EXPERIMENT = {"experiment": "experiment_id"}
MODEL = {"model": "model.info.model_id"}
PASSWORD = "correct horse battery"
"""Of every user that a scenario makes."""


@dataclass(frozen=True)
class Differs:
    """What we answer where we mean to answer otherwise than the genuine server, and why."""

    status: int
    code: str
    why: str


@dataclass(frozen=True)
class Step:
    method: str
    path: str
    body: Any = None
    """The JSON to send; `bytes` are sent as they are."""
    query: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    save: dict[str, str] = field(default_factory=dict)
    """Names for values of the answer, each by its dotted path there."""
    says: bool = False
    """The error's message must be the genuine server's, too."""
    differs: Differs | None = None
    without: tuple[str, ...] = ()
    """Fields of the answer that are not compared; the scenario says why."""
    shows: tuple[str, ...] = ()
    """Response headers that are compared."""
    by: str = ""
    """The user who asks, by `PASSWORD`; the administrator where nobody is named."""

    @property
    def url(self) -> str:
        return self.path if self.path.startswith("/") else PREFIX + self.path

    def at(self, prefix: str) -> "Step":
        """The same step under another prefix."""
        return replace(self, path=self.url.replace("/api/", f"/{prefix}/", 1))


OPTIONS = ("save", "says", "differs", "without", "shows", "headers", "by")


def _split(fields: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    options = {name: fields.pop(name) for name in OPTIONS if name in fields}
    return options, fields


def post(path: str, /, **fields: Any) -> Step:
    """A POST with `fields` as its JSON body."""
    options, body = _split(fields)
    return Step("POST", path, body=body, **options)


def patch(path: str, /, **fields: Any) -> Step:
    options, body = _split(fields)
    return Step("PATCH", path, body=body, **options)


def get(path: str, /, **fields: Any) -> Step:
    """A GET with `fields` as its query; a list repeats the name."""
    options, query = _split(fields)
    return Step("GET", path, query=query, **options)


def delete(path: str, /, **fields: Any) -> Step:
    """A DELETE, with `fields` as its JSON body where there are any."""
    options, body = _split(fields)
    return Step("DELETE", path, body=body or None, **options)


def send(
    method: str, path: str, body: bytes | Any = None, /, *, kind: str = "application/json", **options: Any
) -> Step:
    """Any request: the body as it is given, the content type named."""
    headers = {"Content-Type": kind} if body is not None and kind else {}
    return Step(method, path, body=body, headers=headers, **options)


def differs(status: int, code: str, why: str) -> Differs:
    return Differs(status, code, why)


UNREAD = differs(400, "INVALID_PARAMETER_VALUE", "the genuine server goes on without what it cannot read")
LIMIT = differs(400, "INVALID_PARAMETER_VALUE", "the genuine server has no limit here but its database's")
EMPTY_KEY = differs(400, "INVALID_PARAMETER_VALUE", "the genuine server keeps a pair without a key")
CAMEL = differs(200, "", "the genuine server takes camelCase but for required fields; we take it for all")
METHOD = differs(405, "METHOD_NOT_ALLOWED", "the genuine server answers a page of HTML without an error code")
NO_CALL = differs(404, "ENDPOINT_NOT_FOUND", "the genuine server answers a page of HTML without an error code")
BOTH_PREFIXES = differs(200, "", "the genuine server has this call under /ajax-api alone")
NO_RUN_ID = differs(400, "INVALID_PARAMETER_VALUE", "there is no run_uuid here; the genuine server looks for run ''")
IN_DEFAULT = differs(200, "", "the genuine server fails where no experiment is named; we take experiment 0")
FOLLOWS = differs(200, "", "what was refused or taken otherwise above shows")


def experiment(name: str = "$here", save: str = "experiment", **fields: Any) -> Step:
    return post("experiments/create", name=name, save={save: "experiment_id"}, **fields)


def run(save: str = "run", **fields: Any) -> Step:
    """Create a run in `$experiment`, named after what it is saved as, begun at a time that can be compared."""
    given = {"experiment_id": "$experiment", "run_name": save, "start_time": 1000} | fields
    return post("runs/create", save={save: "run.info.run_id"}, **given)


def model(save: str = "model", **fields: Any) -> Step:
    given = {"experiment_id": "$experiment", "name": save} | fields
    return post("logged-models", save={save: "model.info.model_id"}, **given)

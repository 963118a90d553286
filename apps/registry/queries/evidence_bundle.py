"""What a version's evidence bundle holds: all that is known of it, and of how it came to where it is."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from apps.accounts.models import User
from apps.audit import chain
from apps.audit.models import Entry
from apps.audit.plain import plain
from apps.governance.models import ChangeRequest, Comment, Exclusion, GateRun, PolicyRevision, Vote
from apps.registry.content.manifest import statement_says
from apps.registry.models import CardRevision, Content, ModelVersion, Sbom
from apps.registry.queries.lineage import lineage_of
from apps.tracking.models import LatestMetric, LoggedModelMetric, Param

VERSION, MODEL = "registry.modelversion", "registry.registeredmodel"
REQUEST, POLICY = "governance.changerequest", "governance.policy"


@dataclass(frozen=True, slots=True)
class Rows:
    """A table: rows by what each is called."""

    named: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    @classmethod
    def of(cls, rows: Iterable[tuple[str, dict[str, Any]]]) -> "Rows":
        return cls([(name, plain(row)) for name, row in rows])


def contents_of(user: User, version: ModelVersion, *, up_to: int) -> dict[str, Rows | Any]:
    """By name of file: a table, or one document. The lineage goes as far as `user` may read, the record to `up_to`.

    Raises `BrokenChain` where an entry of the record is not what was recorded: nobody is to sign for that.
    """
    content = Content.objects.filter(version=version).first()
    requests = list(_requests(version))
    revisions = PolicyRevision.objects.filter(requests__in=requests).distinct().select_related("policy").order_by("pk")
    return {
        "version.json": _version(version),
        "content.json": _content(version, content),
        "files.jsonl": Rows.of(_files(content)),
        "card.jsonl": Rows.of(_card(version)),
        "metrics.jsonl": Rows.of(_metrics(version)),
        "params.jsonl": Rows.of(_params(version)),
        "scans.jsonl": Rows.of(_fields(version.scans.order_by("pk"), _named_scan)),
        "sbom.json": next(iter(Sbom.objects.filter(version=version).values_list("document", flat=True)), None),
        "lineage.json": _lineage(user, version),
        "requests.jsonl": Rows.of(_fields(requests, lambda row: f"change request {row.pk}")),
        "votes.jsonl": Rows.of(_of_requests(Vote, requests, lambda row: f"the vote of {row.voter}")),
        "exclusions.jsonl": Rows.of(_of_requests(Exclusion, requests, lambda row: f"the exclusion of {row.username}")),
        "gates.jsonl": Rows.of(_of_requests(GateRun, requests, lambda row: f"what gate {row.gate} said")),
        "comments.jsonl": Rows.of(_fields(_comments(version), lambda row: f"the comment of {row.author}")),
        "policies.jsonl": Rows.of(_fields(revisions, lambda row: f"policy {row.policy.name} revision {row.number}")),
        "audit.jsonl": Rows.of(_record(version, requests, revisions, up_to)),
    }


def _requests(version: ModelVersion) -> Iterable[ChangeRequest]:
    return ChangeRequest.objects.filter(object_type=MODEL, object_id=version.model_id, subject_id=version.pk).order_by(
        "pk"
    )


def _comments(version: ModelVersion) -> Iterable[Comment]:
    """On the version, and on its requests."""
    return Comment.objects.filter(object_type=MODEL, object_id=version.model_id, subject_id=version.pk).order_by("pk")


def _version(version: ModelVersion) -> dict[str, Any]:
    (_, fields), *_ = _fields([version], str)
    tags = {tag.key: tag.value for tag in version.tags.order_by("key")}
    aliases = [alias.name for alias in version.aliases.order_by("name")]
    return dict(plain(fields | {"name": version.model.name, "tags": tags, "aliases": aliases}))


def _content(version: ModelVersion, content: Content | None) -> dict[str, Any]:
    if content is None:
        return {"state": "none", "digest": "", "signature": "", "key": "", "statement": None, "mlmodel": None}
    is_signed = bool(content.signature)
    return {
        "state": content.state,
        "message": content.message,
        "digest": content.digest,
        "statement": statement_says(version, content.digest) if is_signed else None,
        "signature": content.signature,
        "key": content.key_id,
        "size": content.size,
        "verified_at": content.verified_at and content.verified_at.isoformat(),
        "differences": plain(content.differences),
        "mlmodel": plain(content.mlmodel),
        "requirements": content.requirements,
    }


def _files(content: Content | None) -> Iterator[tuple[str, dict[str, Any]]]:
    if content is None:
        return
    files = sorted(content.files.values_list("path", "size", "sha256"))
    for path, size, sha256 in files:  # by code point, as they were when the manifest was signed
        yield f"file {path}", {"path": path, "size": size, "sha256": sha256}


def _card(version: ModelVersion) -> Iterator[tuple[str, dict[str, Any]]]:
    return _fields(
        CardRevision.objects.filter(version=version).order_by("number"), lambda row: f"model card revision {row.number}"
    )


def _metrics(version: ModelVersion) -> Iterator[tuple[str, dict[str, Any]]]:
    if version.run_id:
        points = LatestMetric.objects.filter(run__uuid=version.run_id).order_by("key__name")
        for key, value, is_nan, step in points.values_list("key__name", "value", "is_nan", "step"):
            yield f"metric {key}", {"of": "run", "key": key, "value": "NaN" if is_nan else value, "step": step}
    if version.logged_model_id:
        measured = LoggedModelMetric.objects.filter(model__model_id=version.logged_model_id).order_by("pk")
        for row in measured.values("key", "value", "step", "dataset_name", "dataset_digest"):
            yield f"metric {row['key']}", {"of": "logged model", **row}


def _params(version: ModelVersion) -> Iterator[tuple[str, dict[str, Any]]]:
    rows = Param.objects.filter(run__uuid=version.run_id).order_by("key") if version.run_id else Param.objects.none()
    for key, value in rows.values_list("key", "value"):
        yield f"param {key}", {"key": key, "value": value}


def _lineage(user: User, version: ModelVersion) -> dict[str, Any]:
    found = lineage_of(user, f"version:{version.model.name}/{version.version}")
    nodes = [
        {"id": node.id, "kind": node.kind, "name": node.name, "details": plain(node.details)}
        for node in found.nodes.values()
    ]
    edges = [{"from": edge.source, "to": edge.target, "relation": edge.relation} for edge in found.edges]
    return {"nodes": nodes, "edges": edges, "truncated": found.truncated}


def _record(
    version: ModelVersion, requests: list[ChangeRequest], revisions: Iterable[PolicyRevision], up_to: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    """What the record says of the version, its model, its requests and the policies that they were judged by."""
    about = Q(target_type=VERSION, target_id=str(version.pk)) | Q(target_type=MODEL, target_id=str(version.model_id))
    about |= Q(target_type=REQUEST, target_id__in=[str(request.pk) for request in requests])
    about |= Q(target_type=POLICY, target_id__in=[str(revision.policy_id) for revision in revisions])
    for entry in Entry.objects.filter(about, sequence__lte=up_to).order_by("sequence"):
        chain.check_seal(entry)
        yield f"entry {entry.sequence}", entry.content() | {"hash": entry.hash}


def _of_requests(kind: type[Any], requests: list[ChangeRequest], called: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    rows = kind.objects.filter(request__in=requests).order_by("pk")
    return _fields(rows, lambda row: f"{called(row)} on change request {row.request_id}")


def _fields(rows: Iterable[Any], called: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every field of each row, as it is kept; times as ISO 8601."""
    for row in rows:
        values = {column.name: getattr(row, column.attname) for column in row._meta.concrete_fields}
        yield (
            called(row),
            {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in values.items()},
        )


def _named_scan(row: Any) -> str:
    return f"the scan of {row.scanned_at.isoformat(timespec='seconds')}"

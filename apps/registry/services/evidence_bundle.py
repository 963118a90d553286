"""A version's evidence as one signed file, which `apps.audit.verifier` verifies without this server."""

import hashlib
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.audit import chain
from apps.audit import services as audit
from apps.audit.models import Head
from apps.audit.plain import canonical
from apps.audit.verifier import EVIDENCE, INDEX, zipped
from apps.registry.models import ModelVersion
from apps.registry.queries.evidence_bundle import Rows, contents_of
from mlregistry import signing
from mlregistry.actor import Actor
from mlregistry.errors import InternalError


@transaction.atomic
def make_evidence_bundle(*, version: ModelVersion, user: User, by: Actor) -> bytes:
    """A zip of JSON with a signed index: every file and every row of it by its SHA-256, and where the record ended.

    `InternalError` where an entry of the record is not what was recorded: the server does not sign for that.
    """
    head = Head.objects.get()
    try:
        contents = contents_of(user, version, up_to=head.count)
    except chain.BrokenChain as broken:
        raise InternalError(f"No evidence is signed while the record is not whole. {broken}") from None
    files = {name: _written(content) for name, content in contents.items()}
    said = {
        "purpose": EVIDENCE,
        "model": version.model.name,
        "version": version.version,
        "time": timezone.now().isoformat(timespec="microseconds"),
        "by": by.username,
        "record": {"count": head.count, "hash": head.hash},
        "files": {name: _told(files[name], content) for name, content in contents.items()},
    }
    signature, key = signing.sign(canonical(said))
    index = canonical({"index": said, "key": key, "signature": signature})
    made = zipped([(INDEX, index), *sorted(files.items())])
    audit.record("registry.evidence.export", target=version, by=by, sha256=_sha256(made), size=len(made))
    return made


def _written(content: Rows | Any) -> bytes:
    if isinstance(content, Rows):
        return b"".join(canonical(row) + b"\n" for _, row in content.named)
    return canonical(content)


def _told(written: bytes, content: Rows | Any) -> dict[str, Any]:
    told: dict[str, Any] = {"size": len(written), "sha256": _sha256(written)}
    if isinstance(content, Rows):
        lines = written.splitlines(keepends=True)
        named = zip(content.named, lines, strict=True)
        told["rows"] = [{"name": name, "sha256": _sha256(line)} for (name, _), line in named]
    return told


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()

"""What a version is judged on, and who had a hand in it. The server asks for itself: nobody's permissions apply."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Q

from apps.accounts.models import User
from apps.governance.actions import Contributor
from apps.governance.services.evidence import digest_of
from apps.registry.choices import ContentState
from apps.registry.models import Content, ModelVersion
from apps.registry.queries.cards import current_card
from apps.registry.queries.content import signed_versions
from apps.registry.services.verification import verify_content
from apps.tracking.models import ArtifactFile, LatestMetric, LoggedModel, LoggedModelMetric, Run
from mlregistry.errors import Busy
from mlregistry.prefixes import begins_with

SPELLED_OUT = 500
"""Metrics that the evidence names; a digest has them all."""
TOLD = 5
"""Metrics of which it is told how they changed."""


def evidence_of(version: ModelVersion) -> dict[str, Any]:
    """The manifest of the files, the metrics and the model card, as they are now."""
    content = Content.objects.filter(version=version).first()
    card = current_card(version)
    metrics = _metrics(version)
    return {
        "version": version.version,
        "manifest": {"state": content.state, "digest": content.digest} if content else None,
        "metrics": dict(list(metrics.items())[:SPELLED_OUT]),
        "metrics_digest": digest_of(metrics),
        "card": {"revision": card.number, "digest": digest_of(dict(card.sections))},
    }


def difference(key: str, before: Any, after: Any) -> list[str] | None:  # noqa: PLR0911  one for each part
    """What became of one part of the evidence, in words; None where there are none for it."""
    if after is None:  # all there is to say of a deleted version is said once
        return []
    match key:
        case "exists":
            return ["the version has been deleted"]
        case "manifest" if before is None or after["state"] != before["state"]:
            return [f"its files are {after['state']} now, and were {before['state'] if before else 'not read'} then"]
        case "manifest":
            was, now = (str(side["digest"])[:12] for side in (before, after))
            return [f"its files are others than those that were shown (digest {was}… then, {now}… now)"]
        case "metrics":
            names = [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]
            more = [f"{len(names) - TOLD} more metrics have changed"] if len(names) > TOLD else []
            return [_measured(name, before.get(name), after.get(name)) for name in names[:TOLD]] + more
        case "metrics_digest":
            return []  # said already, metric by metric
        case "card" if before["revision"] != after["revision"]:
            return [f"its model card is at revision {after['revision']}, and was at {before['revision']}"]
        case "card":
            return ["what its model card says has been changed"]
    return None


def _measured(name: str, before: Any, after: Any) -> str:
    if before is None:
        return f"{name} has been measured since: {after}"
    return f"{name} is no longer there; it was {before}" if after is None else f"{name} is {after}, and was {before}"


def waits_for(version: ModelVersion) -> str:
    content = Content.objects.filter(version=version).first()
    if content is None:
        return ""
    if content.state == ContentState.PENDING:
        return "its files are still being read."
    if content.state == ContentState.SEALED and not version.scans.filter(digest=content.digest).exists():
        return "its files are still being looked into."
    return ""


def verify_bytes(version: ModelVersion) -> None:
    """Look at the files now; what differs is then on the content. `Busy` where the store does not answer."""
    if not signed_versions().filter(pk=version.pk).exists():
        return  # never sealed, as the evidence says
    try:
        verify_content(version=version)
    except OSError as error:
        raise Busy(f"The files of {version} cannot be looked at now, so nothing is decided: {error}") from None


def contributors_to(version: ModelVersion) -> list[Contributor]:
    """Who registered it (or what it was copied from), ran the training, and uploaded files; with owners of services."""
    found = [Contributor(version.user_id, "registered this version")]
    if version.location:
        same = ModelVersion.objects.filter(location=version.location).exclude(pk=version.pk)
        found += [Contributor(name, "registered what this was copied from") for name in _distinct(same, "user_id")]
        place = version.location.rstrip("/")
        files = ArtifactFile.objects.filter(Q(uri=place) | begins_with("uri", f"{place}/"))
        found += [Contributor(name, "uploaded files of this version") for name in _distinct(files, "uploaded_by")]
    if version.run_id:
        runs = Run.objects.filter(uuid=version.run_id)
        found += [Contributor(name, "ran the training") for name in _distinct(runs, "created_by")]
    if version.logged_model_id:
        logged = LoggedModel.objects.filter(model_id=version.logged_model_id)
        found += [Contributor(name, "logged the model") for name in _distinct(logged, "created_by")]
    return [*found, *_owners(found)]


def _owners(contributors: Iterable[Contributor]) -> list[Contributor]:
    names = {each.username for each in contributors}
    owned = User.objects.filter(username__in=names, owner__isnull=False).values_list("owner__username", "username")
    return [Contributor(owner, f"answers for {service}, which had a hand in this") for owner, service in owned]


def _distinct(rows: Any, column: str) -> list[str]:
    return list(rows.order_by(column).values_list(column, flat=True).distinct()[:100])


def _metrics(version: ModelVersion) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if version.run_id:
        rows = LatestMetric.objects.filter(run__uuid=version.run_id).order_by("key__name")
        for key, value, is_nan in rows.values_list("key__name", "value", "is_nan"):
            found[key] = "NaN" if is_nan else value
    if version.logged_model_id:
        points = LoggedModelMetric.objects.filter(model__model_id=version.logged_model_id).order_by("pk")
        for key, dataset, digest, value in points.values_list("key", "dataset_name", "dataset_digest", "value"):
            found[f"{key} on {dataset or 'no data set'} {digest}".strip()] = value
    return {
        key: str(value) if isinstance(value, float) and value in _INFINITE else value for key, value in found.items()
    }


_INFINITE = (float("inf"), float("-inf"))

"""Registering, describing, tagging, moving and deleting versions, and pointing aliases at them."""

import json
from collections.abc import Sequence

from django.db import transaction

from apps.audit import services as audit
from apps.governance.actions import Approval, Proposal
from apps.governance.queries.policies import restrictions_on
from apps.governance.services.guarding import governed, refuse_protected, require_approval, told_of
from apps.governance.services.opening import LONGEST_REASON
from apps.registry import limits, proposals
from apps.registry.choices import ARCHIVED, DELETED, active_stages, stage_named
from apps.registry.models import Alias, ModelVersion, ModelVersionTag, RegisteredModel
from apps.registry.rules import check_alias, check_alias_is_free, check_description, check_tag
from apps.registry.services import announcements, cards, content
from apps.registry.services.holding import keep_if_held
from apps.registry.services.registered_models import locked, touch
from apps.registry.sources import Source
from apps.registry.uses import require_unused
from apps.tracking.clock import now_ms
from apps.tracking.entities import Tag
from apps.tracking.models import LoggedModel
from apps.tracking.rules import check_length, check_name
from apps.tracking.services import logged_models
from mlregistry.actor import Actor
from mlregistry.errors import InvalidParameter, NotFound

LOGGED_MODEL_TAG = "mlflow.modelVersions"
TAG_LATER = "Register it without the tag, and then set the tag: that asks for approval."


@governed
@transaction.atomic
def create_version(
    *,
    model: RegisteredModel,
    source: Source,
    tags: Sequence[Tag],
    run_link: str,
    description: str,
    by: Actor,
    approval: Approval | None = None,
) -> ModelVersion:
    """Register `source` under the next number, which the locked row of the model gives: without gaps or repeats.

    Where a policy protects copies, one that was made already is the answer to whoever asks for it again.
    """
    for tag in tags:
        check_tag(tag.key, tag.value)
    check_description(description)
    check_length("run_link", run_link, limits.RUN_LINK)
    model = locked(model)
    if source.copy_of is not None:
        proposal = proposals.copy_version(model, source.copy_of, tags=tags, run_link=run_link, description=description)
        if made := _copy_made_already(proposal, model, source, approval):
            return made
    if tags and (source.copy_of is None or approval is not None):  # of a copy the proposal has asked that already
        refuse_protected(proposals.create_version(model, tags), instead=TAG_LATER)
    version = _next(model, source, run_link=run_link, description=description, by=by)
    values = {tag.key: tag.value for tag in tags}
    ModelVersionTag.objects.bulk_create(
        ModelVersionTag(version=version, key=key, value=value) for key, value in values.items()
    )
    _take_up(version, source, by=by)
    announcements.version_created(version, values)
    audit.record(
        "registry.version.create",
        target=version,
        by=by,
        version=version.version,
        source=source.uri,
        run=source.run_id,
        **told_of(approval),
    )
    return version


@transaction.atomic
def describe_version(*, version: ModelVersion, description: str | None, by: Actor) -> None:
    check_description(description or "")
    version.description = description
    _touch(version, "description")
    audit.record("registry.version.describe", target=version, by=by, description=description)


@governed
@transaction.atomic
def set_stage(
    *,
    version: ModelVersion,
    stage: str,
    archive_existing: bool,
    by: Actor,
    reason: str = "",
    approval: Approval | None = None,
) -> None:
    """Move to `stage`; with `archive_existing`, what was there before is archived in the same transaction."""
    stage = stage_named(stage)
    check_length("comment", reason, LONGEST_REASON)
    check_archiving(stage, archive_existing=archive_existing)
    model = _lock(version)
    if version.current_stage != stage:
        proposal = proposals.set_stage(version, stage, archive_existing=archive_existing)
        require_approval(proposal, approval=approval)
    touch(model)
    archived = _archive_others(version, stage) if archive_existing else []
    before, version.current_stage = version.current_stage, stage
    _touch(version, "current_stage")
    announcements.version_moved(version, before)
    audit.record(
        "registry.version.set_stage",
        target=version,
        by=by,
        before=before,
        after=stage,
        archived=archived,
        **({"reason": reason} if reason else {}),
        **told_of(approval),
    )


def check_archiving(stage: str, *, archive_existing: bool) -> None:
    """Only where a version serves somebody is there something to archive."""
    if archive_existing and stage not in active_stages():
        raise InvalidParameter(
            f"Model version transition cannot archive existing model versions because '{stage}' is not an Active"
            f" stage. Valid stages are {list(active_stages())}"
        )


@governed
@transaction.atomic
def delete_version(*, version: ModelVersion, by: Actor, approval: Approval | None = None) -> None:
    """Delete a version: its number is never given again, and what its row said is on record only."""
    model = _lock(version)
    require_unused(ModelVersion.objects.filter(pk=version.pk), str(version))
    require_approval(proposals.delete_version(version), approval=approval, takes_away=True)
    touch(model)
    aliases = sorted(version.aliases.values_list("name", flat=True))
    version.aliases.all().delete()
    content.release_content(version=version, by=by)
    announcements.version_deleted(version)
    audit.record(
        "registry.version.delete",
        target=version,
        by=by,
        version=version.version,
        stage=version.current_stage,
        source=version.source,
        run=version.run_id,
        aliases=aliases,
        **told_of(approval),
    )
    version.current_stage = DELETED
    version.description = None
    version.source = version.location = version.run_id = version.run_link = version.logged_model_id = ""
    _touch(version, "current_stage", "description", "source", "location", "run_id", "run_link", "logged_model_id")


@governed
@transaction.atomic
def set_tag(*, version: ModelVersion, key: str, value: str, by: Actor, approval: Approval | None = None) -> None:
    check_tag(key, value)
    locked(version.model)  # so that nobody renames it meanwhile to where the tag is protected
    require_approval(proposals.set_tag(version, key, value), approval=approval)
    ModelVersionTag.objects.bulk_create(
        [ModelVersionTag(version=version, key=key, value=value)],
        update_conflicts=True,
        unique_fields=["version", "key"],
        update_fields=["value"],
    )
    announcements.version_tag_set(version, key, value)
    audit.record("registry.version.set_tag", target=version, by=by, key=key, value=value, **told_of(approval))


@governed
@transaction.atomic
def delete_tag(*, version: ModelVersion, key: str, by: Actor, approval: Approval | None = None) -> None:
    """Remove a tag; as on the genuine server, one that is not there is no fault."""
    check_name(key, path="key")
    require_approval(proposals.delete_tag(version, key), approval=approval)
    deleted, _ = ModelVersionTag.objects.filter(version=version, key=key).delete()
    if deleted:
        announcements.version_tag_deleted(version, key)
        audit.record("registry.version.delete_tag", target=version, by=by, key=key, **told_of(approval))


@governed
@transaction.atomic
def set_alias(*, version: ModelVersion, alias: str, by: Actor, approval: Approval | None = None) -> None:
    """Point `alias` at the version, away from whichever it pointed at."""
    check_alias(alias)
    check_alias_is_free(alias)
    model = _lock(version)
    held = Alias.objects.filter(model=model, name=alias).select_related("version").first()
    before = held.version.version if held else None
    if before != version.version:
        require_approval(proposals.set_alias(version, alias), approval=approval)
    Alias.objects.update_or_create(model=model, name=alias, defaults={"version": version})
    announcements.alias_set(version, alias)
    audit.record(
        "registry.alias.set",
        target=version,
        by=by,
        alias=alias,
        before=before,
        after=version.version,
        **told_of(approval),
    )


@governed
@transaction.atomic
def delete_alias(*, model: RegisteredModel, alias: str, by: Actor, approval: Approval | None = None) -> None:
    """Remove an alias; as on the genuine server, one that is not there is no fault."""
    check_alias(alias)
    held = Alias.objects.filter(model=model, name=alias).select_related("version").first()
    if held is None:
        return
    require_approval(proposals.delete_alias(model, alias), approval=approval)
    held.delete()
    announcements.alias_deleted(model, alias)
    audit.record(
        "registry.alias.delete",
        target=held.version,
        by=by,
        alias=alias,
        before=held.version.version,
        **told_of(approval),
    )


def _next(model: RegisteredModel, source: Source, *, run_link: str, description: str, by: Actor) -> ModelVersion:
    """The row of the next version of a locked model."""
    model.last_version += 1
    touch(model, "last_version")
    return ModelVersion.objects.create(
        model=model,
        version=model.last_version,
        creation_time=model.last_updated_time,
        last_updated_time=model.last_updated_time,
        description=description,
        user_id=by.username,
        source=source.uri,
        location=source.location,
        run_id=source.run_id,
        run_link=run_link,
        logged_model_id=source.logged_model_id,
    )


def _take_up(version: ModelVersion, source: Source, *, by: Actor) -> None:
    """See to what a new version is made of: it is held and read, and told of its version."""
    keep_if_held(version)
    if source.location:
        content.register_content(version=version, by=by)
    else:
        cards.prefill_card(version=version)
    if source.logged_model_id:
        _tell_logged_model(source.logged_model_id, version)


def _copy_made_already(
    proposal: Proposal, model: RegisteredModel, source: Source, approval: Approval | None
) -> ModelVersion | None:
    """The copy that is the answer where a policy protects copies; None where one may be made now."""
    if approval is not None:
        require_approval(proposal, approval=approval)
    elif restrictions_on(proposal).policies:
        if made := _copied(model, source):
            return made
        require_approval(proposal, approval=None)
    return None


def _copied(model: RegisteredModel, source: Source) -> ModelVersion | None:
    """The newest copy of the same version that is there."""
    found = ModelVersion.objects.filter(model=model, source=source.uri, location=source.location)
    return found.exclude(current_stage=DELETED).order_by("-version").first()


def _lock(version: ModelVersion) -> RegisteredModel:
    """The version's model, locked: stages and aliases of one model change one after another.

    The version is then in the stage that it is in now; `NotFound` if somebody deleted it meanwhile.
    """
    model = locked(version.model)
    version.refresh_from_db(fields=["current_stage"])
    if version.is_deleted:
        raise _gone(version)
    return model


def _archive_others(version: ModelVersion, stage: str) -> list[int]:
    """Archive the versions of the same model that are in `stage`; returns their numbers."""
    others = list(ModelVersion.objects.filter(model=version.model, current_stage=stage).exclude(pk=version.pk))
    for other in others:
        other.model, other.current_stage = version.model, ARCHIVED
        _touch(other, "current_stage")
        announcements.version_moved(other, stage)
    return sorted(other.version for other in others)


def _touch(version: ModelVersion, *changed: str) -> None:
    """Save what `changed`, and that something did; refuse if somebody deleted the version meanwhile."""
    version.last_updated_time = now_ms()
    values = {name: getattr(version, name) for name in (*changed, "last_updated_time")}
    if not ModelVersion.objects.filter(pk=version.pk).exclude(current_stage=DELETED).update(**values):
        raise _gone(version)


def _gone(version: ModelVersion) -> NotFound:
    return NotFound(f"Model Version (name={version.model.name}, version={version.version}) not found")


def _tell_logged_model(model_id: str, version: ModelVersion) -> None:
    """List the version in the logged model's tag, where MLflow's clients and pages look for it."""
    logged = LoggedModel.objects.select_for_update(no_key=True).get(model_id=model_id)
    held = logged.tags.filter(key=LOGGED_MODEL_TAG).first()
    named = {"name": version.model.name, "version": version.version}
    known = json.loads(held.value) if held else []
    value = json.dumps(known if named in known else [*known, named])
    logged_models.set_tags(model=logged, tags=[Tag(key=LOGGED_MODEL_TAG, value=value)])

"""Creating, describing, renaming, tagging and deleting registered models."""

from collections.abc import Sequence

from django.conf import settings
from django.db import IntegrityError, transaction

from apps.accounts.models import User
from apps.audit import services as audit
from apps.governance.actions import Approval
from apps.governance.services.guarding import governed, refuse_protected, require_approval, told_of
from apps.registry import proposals
from apps.registry.models import ModelVersion, RegisteredModel, RegisteredModelTag
from apps.registry.permissions import CREATION, MODEL_GRANTS
from apps.registry.rules import PROMPT_TAG, check_description, check_model_name, check_tag, says_prompt
from apps.registry.services import announcements, content
from apps.registry.uses import require_unused
from apps.tracking.clock import now_ms
from apps.tracking.entities import Tag
from apps.tracking.rules import check_name
from mlregistry.actor import Actor
from mlregistry.errors import AlreadyExists, NotFound

TAG_LATER = "Create it without the tag, and then set the tag: that asks for approval."


@transaction.atomic
def create_model(*, name: str, tags: Sequence[Tag], description: str, creator: User, by: Actor) -> RegisteredModel:
    """A name to register versions under. Its creator gets MANAGE on it, or what MLREGISTRY_CREATOR_PERMISSION says."""
    check_model_name(name)
    for tag in tags:
        check_tag(tag.key, tag.value)
    check_description(description)
    if tags:
        refuse_protected(proposals.create_model(name, tags), instead=TAG_LATER)
    values = {tag.key: tag.value for tag in tags}
    now = now_ms()
    model = RegisteredModel(
        name=name,
        description=description,
        creation_time=now,
        last_updated_time=now,
        created_by=by.username,
        is_prompt=says_prompt(values.get(PROMPT_TAG, "")),
    )
    _save_named(model)
    RegisteredModelTag.objects.bulk_create(
        RegisteredModelTag(model=model, key=key, value=value) for key, value in values.items()
    )
    level = settings.MLREGISTRY_CREATOR_PERMISSION
    MODEL_GRANTS.set(target=model, holder=creator, level=level, by=by, leave=CREATION)
    announcements.model_created(model, values)
    audit.record("registry.model.create", target=model, by=by, is_prompt=model.is_prompt)
    return model


@transaction.atomic
def describe_model(*, model: RegisteredModel, description: str, by: Actor) -> None:
    check_description(description)
    model.description = description
    touch(model, "description")
    audit.record("registry.model.describe", target=model, by=by, description=description)


@governed
@transaction.atomic
def rename_model(*, model: RegisteredModel, name: str, by: Actor, approval: Approval | None = None) -> None:
    """Give another name; versions, aliases and grants go along."""
    check_model_name(name, field="new_name")
    old, proposal = model.name, proposals.rename_model(model, name)
    model.name = name
    model.last_updated_time = now_ms()
    try:
        _save_named(model, update_fields=["name", "last_updated_time"])
        # Asked after the row is written, and so held: what stands in it cannot change any more.
        require_approval(proposal, approval=approval, takes_away=True, is_written=name != old)
    except Exception:
        model.name = old  # it is not called otherwise
        raise
    model.versions.update(last_updated_time=model.last_updated_time)
    audit.record("registry.model.rename", target=model, by=by, old=old, new=name, **told_of(approval))


@governed
@transaction.atomic
def delete_model(*, model: RegisteredModel, by: Actor, approval: Approval | None = None) -> None:
    """Delete the model with all its versions. Their files stay where they are, and are no longer sealed."""
    held = model.versions.select_related("model").select_for_update(of=("self", "model"))
    versions = list(held.order_by("version"))
    require_unused(ModelVersion.objects.filter(model=model), f"A version of {model.name}")
    require_approval(proposals.delete_model(model), approval=approval, takes_away=True)
    for version in versions:
        content.release_content(version=version, by=by)
    announcements.model_deleted(model)
    told = {"versions": [version.version for version in versions], "version_ids": [version.pk for version in versions]}
    audit.record("registry.model.delete", target=model, by=by, **told, **told_of(approval))
    model.delete()


@governed
@transaction.atomic
def set_tag(*, model: RegisteredModel, key: str, value: str, by: Actor, approval: Approval | None = None) -> None:
    check_tag(key, value)
    locked(model)  # so that nobody renames it meanwhile to where the tag is protected
    require_approval(proposals.set_model_tag(model, key, value), approval=approval)
    RegisteredModelTag.objects.bulk_create(
        [RegisteredModelTag(model=model, key=key, value=value)],
        update_conflicts=True,
        unique_fields=["model", "key"],
        update_fields=["value"],
    )
    _follow_prompt_tag(model, key, value)
    announcements.model_tag_set(model, key, value)
    audit.record("registry.model.set_tag", target=model, by=by, key=key, value=value, **told_of(approval))


@governed
@transaction.atomic
def delete_tag(*, model: RegisteredModel, key: str, by: Actor, approval: Approval | None = None) -> None:
    """Remove a tag; as on the genuine server, one that is not there is no fault."""
    check_name(key, path="key")
    require_approval(proposals.delete_model_tag(model, key), approval=approval)
    deleted, _ = RegisteredModelTag.objects.filter(model=model, key=key).delete()
    if deleted:
        announcements.model_tag_deleted(model, key)
        _follow_prompt_tag(model, key, "")
        audit.record("registry.model.delete_tag", target=model, by=by, key=key, **told_of(approval))


def check_name_is_free(name: str, *, but: int) -> None:
    """`AlreadyExists` where another model than that with the key `but` is called so."""
    holder = RegisteredModel.objects.filter(name=name).exclude(pk=but).first()
    if holder is not None:
        raise AlreadyExists(f"{'Prompt' if holder.is_prompt else 'Registered Model'} (name={name}) already exists.")


def touch(model: RegisteredModel, *changed: str) -> None:
    """Save what `changed`, and that something did."""
    model.last_updated_time = now_ms()
    model.save(update_fields=[*changed, "last_updated_time"])


def locked(model: RegisteredModel) -> RegisteredModel:
    """The row as it is now, held until the transaction ends: what is counted on it is counted by one at a time."""
    row = RegisteredModel.objects.select_for_update(no_key=True).filter(pk=model.pk).first()
    if row is None:
        raise NotFound(f"Registered Model with name={model.name} not found")
    return row


def _follow_prompt_tag(model: RegisteredModel, key: str, value: str) -> None:
    if key == PROMPT_TAG:
        model.is_prompt = says_prompt(value)
        model.save(update_fields=["is_prompt"])


def _save_named(model: RegisteredModel, update_fields: list[str] | None = None) -> None:
    """Save, turning a taken name into the wire's error; the savepoint keeps the transaction usable."""
    try:
        with transaction.atomic():
            model.save(update_fields=update_fields)
    except IntegrityError:
        taken_by_prompt = RegisteredModel.objects.filter(name=model.name, is_prompt=True).exists()
        raise AlreadyExists(_taken(model, taken_by_prompt=taken_by_prompt)) from None


def _taken(model: RegisteredModel, *, taken_by_prompt: bool) -> str:
    ours, theirs = (("Prompt" if prompt else "Registered Model") for prompt in (model.is_prompt, taken_by_prompt))
    if ours == theirs:
        return f"{ours} (name={model.name}) already exists."
    return (
        f"Tried to create a {ours.lower()} with name {model.name!r}, but the name is already taken by a"
        f" {theirs.lower()}. MLflow does not allow creating a model and a prompt with the same name."
    )

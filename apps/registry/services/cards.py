"""Writing model cards. A revision is never changed: each write adds one."""

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone

from apps.audit import services as audit
from apps.registry.cards import SECTIONS, check_sections
from apps.registry.models import CardRevision, ModelVersion
from apps.registry.prefill import first_sections
from apps.registry.queries.cards import current_card
from apps.registry.queries.versions import present
from mlregistry.actor import Actor, system
from mlregistry.errors import InvalidParameter, NotFound


@transaction.atomic
def write_card(
    *, version: ModelVersion, sections: Mapping[str, str], by: Actor, based_on: int | None = None
) -> CardRevision:
    """Change the given `sections`, in a revision on top of the newest; where nothing would change, that one stays.

    With `based_on`, the revision that the writer has read, whatever somebody else wrote meanwhile is not overwritten.
    """
    check_sections(sections)
    version = _locked(version)
    newest = current_card(version)
    if based_on is not None and based_on != newest.number:
        raise InvalidParameter(_other_revision(newest.number, based_on))
    changed = [key for key, text in sections.items() if text != newest.sections.get(key, "")]
    if not changed:
        return newest
    return _add(version, newest.number + 1, {**newest.sections, **sections}, changed, by)


@transaction.atomic
def prefill_card(*, version: ModelVersion) -> CardRevision:
    """Write what the server knows of a version into revision 1 of its card, unless it has a card already.

    Whoever may read the model then reads there the name, parameters, metrics and origin of the run that it was
    registered from. To call it again changes nothing.
    """
    version = _locked(version)
    newest = current_card(version)
    if newest.number:
        return newest
    sections = first_sections(version)
    return _add(version, 1, sections, list(sections), system("model card"), prefilled=True)


def _locked(version: ModelVersion) -> ModelVersion:
    """The version, held until the transaction ends, so that its revisions are numbered by one at a time."""
    row = present().select_related("model").select_for_update(of=("self",), no_key=True).filter(pk=version.pk).first()
    if row is None:
        raise NotFound(f"Model Version (name={version.model.name}, version={version.version}) not found")
    return row


def _other_revision(newest: int, based_on: int) -> str:
    if based_on > newest:
        return f"This card is at revision {newest}: there is no revision {based_on} to write on top of."
    return (
        f"Somebody wrote revision {newest} meanwhile, and this change is based on revision {based_on}. Read it, and"
        f" send what you still want to change with based_on={newest}."
    )


def _add(
    version: ModelVersion,
    number: int,
    sections: Mapping[str, str],
    changed: list[str],
    by: Actor,
    *,
    prefilled: bool = False,
) -> CardRevision:
    revision = CardRevision.objects.create(
        version=version,
        number=number,
        sections={key: sections[key] for key in SECTIONS if sections.get(key)},
        written_by=by.username,
        written_at=timezone.now(),
        prefilled=prefilled,
    )
    audit.record("registry.card.write", target=version, by=by, revision=number, sections=changed, prefilled=prefilled)
    return revision

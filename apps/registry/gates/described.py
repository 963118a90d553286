"""Gates on what people and clients said of a version: card, data sets, description, owner, tags."""

from typing import Literal

import msgspec

from apps.accounts.models import User
from apps.governance.actions import Proposal
from apps.governance.gates import NoTerms, Verdict
from apps.registry.cards import SECTIONS
from apps.registry.gates.base import Unknown, VersionGate, counted, listed
from apps.registry.models import CardRevision, ModelVersion, ModelVersionTag, RegisteredModelTag
from apps.registry.queries.cards import current_card, revisions
from apps.tracking.choices import Lifecycle
from apps.tracking.models import DatasetInput

Whose = Literal["version", "model"]


class CardTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sections that have to say something; all there are, unless some are named."""

    sections: tuple[str, ...] = tuple(SECTIONS)
    prefilled_counts: bool = True
    """Whether a section will do as the server filled it from the run and MLmodel."""

    def __post_init__(self) -> None:
        unknown = [name for name in self.sections if name not in SECTIONS]
        if unknown or not self.sections:
            raise ValueError(f"sections are some of {', '.join(SECTIONS)}{f', not {unknown[0]}' if unknown else ''}")


class OfTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of the version, or of its model."""

    of: Whose = "version"


class TagTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    key: str
    value: str
    of: Whose = "version"

    def __post_init__(self) -> None:
        if not self.key.strip():
            raise ValueError("key is the name of a tag")


class ModelCardComplete(VersionGate):
    name, title = "model_card_complete", "Model card complete"
    Terms = CardTerms

    def look_at(self, version: ModelVersion, terms: CardTerms, proposal: Proposal) -> Verdict:
        card = current_card(version)
        made = {} if terms.prefilled_counts else _prefilled(version)
        lacking = [
            name
            for name in terms.sections
            if not (text := card.sections.get(name, "").strip()) or text == made.get(name, "").strip()
        ]
        data = {"revision": card.number, "lacking": lacking}
        asked, written = len(terms.sections), len(terms.sections) - len(lacking)
        by_people = "" if terms.prefilled_counts else " by people"
        said = f"{written} of {counted(asked, 'section')} of the model card are written{by_people}"
        if lacking:
            return Verdict(False, f"{said}; lacking: {listed([SECTIONS[name] for name in lacking], 7)}.", data)
        return Verdict(True, f"{said} (revision {card.number}).", data)


class OwnerSet(VersionGate):
    """The card's section Owner. As the server filled it, it names who registered: that has to be a person."""

    name, title = "owner_set", "Owner set"

    def look_at(self, version: ModelVersion, terms: NoTerms, proposal: Proposal) -> Verdict:
        owner = current_card(version).sections.get("owner", "").strip()
        if not owner:
            return Verdict(False, "The model card names no owner.")
        if owner == _prefilled(version).get("owner", "").strip() and not _is_a_person(version.user_id):
            return Verdict(
                False, f"The model card names {version.user_id} as the owner, who is no person that is active here."
            )
        first = owner.splitlines()[0]
        return Verdict(True, f"The model card names the owner: {first[:100]}", {"owner": owner[:500]})


class DescriptionSet(VersionGate):
    name, title = "description_set", "Description set"
    Terms = OfTerms

    def look_at(self, version: ModelVersion, terms: OfTerms, proposal: Proposal) -> Verdict:
        text = ((version.description if terms.of == "version" else version.model.description) or "").strip()
        if not text:
            return Verdict(False, f"The {terms.of} has no description.")
        said = f"The {terms.of} has a description of {counted(len(text), 'character')}."
        return Verdict(True, said, {"characters": len(text)})


class DatasetRecorded(VersionGate):
    """By the run that the version came from."""

    name, title = "dataset_recorded", "Data set recorded"

    def look_at(self, version: ModelVersion, terms: NoTerms, proposal: Proposal) -> Verdict:
        if not version.run_id:
            raise Unknown("This version names no run that could have recorded its data sets.")
        inputs = DatasetInput.objects.filter(run__uuid=version.run_id, run__lifecycle_stage=Lifecycle.ACTIVE)
        found = [f"{name} ({digest})" for name, digest in inputs.values_list("dataset__name", "dataset__digest")]
        if not found:
            return Verdict(False, "The run recorded no data set.", {"datasets": 0})
        said = f"The run recorded {counted(len(found), 'data set')}: {listed(sorted(found), 3)}."
        return Verdict(True, said, {"datasets": len(found)})


class TagEquals(VersionGate):
    name, title = "tag_equals", "Tag equals"
    Terms = TagTerms

    def look_at(self, version: ModelVersion, terms: TagTerms, proposal: Proposal) -> Verdict:
        of_model = RegisteredModelTag.objects.filter(model=version.model_id, key=terms.key)
        of_version = ModelVersionTag.objects.filter(version=version, key=terms.key)
        tag = of_model.first() if terms.of == "model" else of_version.first()
        value = tag.value if tag else None
        data = {"key": terms.key, "value": value}
        if value is None:
            return Verdict(False, f"The {terms.of} has no tag {terms.key}; {_quoted(terms.value)} is asked.", data)
        said = f"Tag {terms.key} of the {terms.of} is {_quoted(value)}"
        if value != terms.value:
            return Verdict(False, f"{said}; {_quoted(terms.value)} is asked.", data)
        return Verdict(True, f"{said}, as asked.", data)


def _prefilled(version: ModelVersion) -> dict[str, str]:
    """The sections as the server filled them."""
    first: CardRevision | None = revisions(version).filter(prefilled=True).order_by("-number").first()
    return dict(first.sections) if first else {}


def _is_a_person(username: str) -> bool:
    user = User.objects.filter(username=username, is_active=True).first()
    return user is not None and not user.is_service_account


def _quoted(text: str) -> str:
    return f'"{text[:100]}{"…" if len(text) > 100 else ""}"'  # noqa: PLR2004  as long as a line takes

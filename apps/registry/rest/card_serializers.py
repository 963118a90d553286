"""Model cards as the native API writes and reads them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.registry.cards import SECTIONS
from apps.registry.limits import CARD_SECTION
from apps.registry.models import CardRevision
from mlregistry.markdown import rendered


class SectionSerializer(serializers.Serializer[Any]):
    section = serializers.ChoiceField(choices=list(SECTIONS))
    title = serializers.CharField()
    markdown = serializers.CharField(help_text="As it was written.")
    html = serializers.CharField(help_text="The same, safe to put into a page.")


class RevisionSerializer(serializers.ModelSerializer[CardRevision]):
    revision = serializers.IntegerField(source="number", help_text="0: nobody has written this card yet.")
    written_at = serializers.DateTimeField(allow_null=True)

    class Meta:
        model = CardRevision
        fields: tuple[str, ...] = ("revision", "prefilled", "written_by", "written_at")
        read_only_fields: tuple[str, ...] = fields


class CardSerializer(RevisionSerializer):
    sections = serializers.SerializerMethodField()

    class Meta(RevisionSerializer.Meta):
        fields = (*RevisionSerializer.Meta.fields, "sections")
        read_only_fields = fields

    @extend_schema_field(SectionSerializer(many=True))
    def get_sections(self, card: CardRevision) -> list[dict[str, str]]:
        """All of them, those that nobody has written yet empty."""
        texts = {section: card.sections.get(section, "") for section in SECTIONS}
        return [
            {"section": section, "title": SECTIONS[section], "markdown": text, "html": rendered(text)}
            for section, text in texts.items()
        ]


class CardChangeSerializer(serializers.Serializer[Any]):
    sections = serializers.DictField(
        child=serializers.CharField(allow_blank=True, trim_whitespace=False),
        help_text=f"Markdown of at most {CARD_SECTION:,} characters by section, of {', '.join(SECTIONS)}."
        " Those that are left out stay as they are.",
    )
    based_on = serializers.IntegerField(
        required=False,
        min_value=0,
        help_text="The revision that was read; a newer one is then not overwritten, but refused.",
    )


class RevisionsSerializer(serializers.Serializer[Any]):
    """Two revisions, `from` (a word that Python keeps to itself) one `to` the other."""

    to = serializers.IntegerField(min_value=0)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {"from": serializers.IntegerField(min_value=0), **super().get_fields()}


class SectionChangeSerializer(serializers.Serializer[Any]):
    section = serializers.ChoiceField(choices=list(SECTIONS))
    lines = serializers.ListField(child=serializers.CharField(), help_text="A unified diff.")


class CardChangesSerializer(RevisionsSerializer):
    sections = SectionChangeSerializer(many=True, help_text="Those that differ.")

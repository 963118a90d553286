"""Permissions on objects as the native API writes and reads them."""

from typing import Any

from rest_framework import serializers

from apps.accounts.choices import UserKind
from mlregistry.levels import Level

LEVELS = [level.name for level in Level]


class GrantSerializer(serializers.Serializer[Any]):
    """One holder and its level."""

    holder = serializers.ChoiceField(choices=[*UserKind.values, "team"])
    name = serializers.CharField()
    permission = serializers.ChoiceField(choices=LEVELS)


class HolderSerializer(serializers.Serializer[Any]):
    """A user or a team, by name."""

    user = serializers.CharField(required=False, max_length=150)
    team = serializers.CharField(required=False, max_length=150)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("user" in attrs) == ("team" in attrs):
            raise serializers.ValidationError("Name either a user or a team.")
        return attrs


class SetGrantSerializer(HolderSerializer):
    permission = serializers.ChoiceField(choices=LEVELS)

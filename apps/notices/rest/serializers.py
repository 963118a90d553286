"""Notices, and how one is told, as the native API writes and reads them."""

from typing import Any

from django.conf import settings
from rest_framework import serializers

from apps.notices.choices import EVENTS, Way
from apps.notices.models import Notice


class NoticeSerializer(serializers.ModelSerializer[Notice]):
    change_request = serializers.IntegerField(source="request_id")
    address = serializers.SerializerMethodField(help_text="The page that it leads to.")

    class Meta:
        model = Notice
        fields = ("id", "event", "change_request", "sentence", "detail", "address", "made_at", "read_at")
        read_only_fields = fields

    def get_address(self, notice: Notice) -> str:
        return f"{settings.MLREGISTRY_URL}{notice.address}"


class ReadSerializer(serializers.Serializer[Any]):
    read = serializers.IntegerField(help_text="How many were unread.")


class ChoiceSerializer(serializers.Serializer[Any]):
    """By which ways somebody is told of an event; by none of it, where there are none."""

    event = serializers.ChoiceField(choices=EVENTS)
    ways = serializers.MultipleChoiceField(choices=Way.choices)


class ChoicesSerializer(serializers.Serializer[Any]):
    choices = ChoiceSerializer(many=True)

"""What was sent to webhooks, as the native API shows it."""

from rest_framework import serializers

from apps.registry.models import Delivery


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    class Meta:
        model = Delivery
        fields = (
            "delivery_id",
            "about",
            "entity",
            "action",
            "body",
            "state",
            "attempts",
            "response_status",
            "error",
            "created_at",
            "due_at",
            "finished_at",
        )
        read_only_fields = fields

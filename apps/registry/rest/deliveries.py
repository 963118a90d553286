"""What was or is to be sent to webhooks, in the native API: the MLflow wire has no words for it."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from apps.registry.models import Delivery
from apps.registry.queries import webhooks as queries
from apps.registry.rest.delivery_serializers import DeliverySerializer
from apps.registry.services import webhooks
from mlregistry.native import Administrators, NewestFirst, actor, caller


class DeliveriesView(mixins.ListModelMixin, GenericViewSet[Delivery]):
    """The messages to one webhook, newest first, for as long as they are kept."""

    permission_classes = (Administrators,)
    pagination_class = NewestFirst
    serializer_class = DeliverySerializer
    queryset = Delivery.objects.none()
    filterset_fields = {"state": ["exact"], "entity": ["exact"], "action": ["exact"], "about": ["exact"]}

    def get_queryset(self) -> Any:
        if not self.request:  # the schema is being made
            return self.queryset
        return queries.deliveries_to(caller(self.request), self.kwargs["webhook_id"])

    @extend_schema(request=None, responses=DeliverySerializer)
    def replay(self, request: Request, webhook_id: str, delivery_id: str) -> Response:
        """Send a message again, under its own id and at once."""
        delivery = queries.get_delivery(caller(request), webhook_id, delivery_id)
        webhooks.replay(delivery=delivery, by=actor(request))
        return Response(DeliverySerializer(delivery).data)

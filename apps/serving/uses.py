"""What deployments serve, as the registry asks for it."""

from django.db.models import Q, QuerySet

from apps.registry.models import ModelVersion
from apps.registry.uses import Use, add_use
from apps.serving.choices import STANDING
from apps.serving.models import Rollout


def is_deployed() -> Q:
    return Q(pk__in=Rollout.objects.filter(state__in=STANDING).values("version"))


def deployments_of(versions: QuerySet[ModelVersion]) -> list[tuple[str, str]]:
    standing = Rollout.objects.filter(state__in=STANDING, version__in=versions.order_by().values("pk"))
    return [("deploy", name) for name in standing.values_list("deployment__name", flat=True).distinct()]


def add() -> None:
    add_use(Use("deployed to", is_deployed, deployments_of))

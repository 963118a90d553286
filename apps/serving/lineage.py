"""What became of a version, further on: the deployments that it answers under now."""

from django.db.models import QuerySet

from apps.accounts.models import User
from apps.registry.permissions import MODEL_GRANTS
from apps.registry.queries.lineage_nodes import Kind, Node
from apps.registry.queries.lineage_relations import Relation, Step, add_kind
from apps.serving.choices import RolloutState
from apps.serving.models import Rollout

KIND = "deployment"


def add() -> None:
    add_kind(
        KIND,
        Kind("deployment", "<name>", _live, lambda text: {"deployment__name": text}, _node),
        Relation(
            "deployed",
            "is deployed to",
            down=Step("version", "pk", KIND, "version_id"),
            up=Step(KIND, "version_id", "version", "pk"),
        ),
    )


def _live(user: User) -> QuerySet[Rollout]:
    """Of each deployment the one rollout that it serves now; one that serves nothing has none."""
    live = Rollout.objects.filter(state=RolloutState.LIVE).select_related("deployment__model", "version")
    return MODEL_GRANTS.filter(live, user, via="deployment__model")


def _node(row: Rollout) -> Node:
    name = row.deployment.name
    details = {"model": row.deployment.model.name, "version": row.version.version, "since": row.live_at}
    return Node(f"{KIND}:{name}", KIND, name, details, ("deployment", name))

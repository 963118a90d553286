"""Finding runs by a word, for the search over everything."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.accounts.models import User
from apps.tracking.choices import Lifecycle
from apps.tracking.models import Run, RunTag
from apps.tracking.permissions import EXPERIMENT_GRANTS
from mlregistry.prefixes import begins_with

LOOKED_AT = 10_000
"""The latest runs, whose names and tags are read one by one; ids are found whatever their age."""
SHORTEST_ID = 6


def find_runs(user: User, words: str, limit: int) -> "QuerySet[Run]":
    """Runs that the user may read, by how their id begins, a part of their name, or the whole value of a tag."""
    last = Run.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    tagged = RunTag.objects.filter(run=OuterRef("pk"), value=words)
    wanted = Q(pk__gt=last - LOOKED_AT) & (Q(name__icontains=words) | Q(Exists(tagged)))
    if len(words) >= SHORTEST_ID and words.isalnum():
        wanted |= begins_with("uuid", words.lower())
    readable = EXPERIMENT_GRANTS.filter(Run.objects.filter(lifecycle_stage=Lifecycle.ACTIVE), user, via="experiment")
    return readable.filter(wanted).select_related("experiment").order_by("-pk")[:limit]

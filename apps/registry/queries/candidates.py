"""What of a run can be registered as a version, and under which names."""

from dataclasses import dataclass

from django.db.models import Count, Max, Q

from apps.accounts.models import User
from apps.registry.models import RegisteredModel
from apps.registry.permissions import MODEL_GRANTS
from apps.registry.queries.versions import present
from apps.tracking.choices import Lifecycle
from apps.tracking.models import ArtifactFile, LoggedModel, Run
from mlregistry.levels import Level
from mlregistry.prefixes import begins_with

MOST = 50
MOST_NAMES = 300
MLMODEL = "MLmodel"
MOST_FILES = 5_000
"""Files of a run that are looked through for a model."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that can be registered: the source that names it, and what to call it."""

    source: str
    name: str
    about: str
    model_id: str | None = None
    run_id: str | None = None


def candidates_of(run: Run) -> list[Candidate]:
    """Its logged models, the newest first, then folders of its artifacts that hold an MLmodel.

    Whoever may edit the run may register them; `sources.resolve` asks again.
    """
    made = LoggedModel.objects.filter(lifecycle_stage=Lifecycle.ACTIVE, experiment=run.experiment_id)
    models = made.filter(Q(source_run_id=run.uuid) | Q(made_by__run=run)).distinct().order_by("-creation_timestamp")
    found = [
        Candidate(f"models:/{each.model_id}", each.name, each.model_id, model_id=each.model_id)
        for each in models[:MOST]
    ]
    root = f"{run.artifact_uri}/"
    files = ArtifactFile.objects.filter(begins_with("uri", root)).values_list("uri", flat=True)
    for uri in files[:MOST_FILES]:
        folder, _, name = uri.removeprefix(root).rpartition("/")
        if name == MLMODEL and folder and len(found) < MOST:
            found.append(
                Candidate(f"runs:/{run.uuid}/{folder}", folder, "in the artifacts of the run", run_id=run.uuid)
            )
    return found


def names_to_register(user: User) -> list[str]:
    """Models that the user may add versions to, those changed last first."""
    models = RegisteredModel.objects.filter(is_prompt=False)
    editable = MODEL_GRANTS.filter(models, user, at_least=Level.EDIT)
    return list(editable.order_by("-last_updated_time", "-pk").values_list("name", flat=True)[:MOST_NAMES])


def likely_name(user: User, run: Run) -> str:
    """What most of the newest runs of the experiment were registered as, where the user may add to it."""
    siblings = Run.objects.filter(experiment=run.experiment_id).order_by("-start_time").values("uuid")[:MOST]
    uuids = [row["uuid"] for row in siblings]
    versions = MODEL_GRANTS.filter(present().filter(run_id__in=uuids), user, at_least=Level.EDIT, via="model")
    counted = versions.values("model__name").annotate(count=Count("pk"), newest=Max("pk"))
    return counted.order_by("-count", "-newest").values_list("model__name", flat=True).first() or ""

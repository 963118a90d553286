"""What lineage is made of: data sets, runs, logged models, versions, aliases and registered models.

Each kind says which of its rows a user may know of, how a node's address names one, and what is shown of it. Apps above
add theirs by `lineage_relations.add_kind`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import CharField, QuerySet, Value
from django.db.models.functions import Cast, Concat

from apps.accounts.models import User
from apps.registry.models import Alias, ModelVersion, RegisteredModel
from apps.registry.permissions import MODEL_GRANTS
from apps.registry.queries.versions import present
from apps.tracking.choices import PRESENT
from apps.tracking.models import Dataset, LoggedModel, Run
from apps.tracking.permissions import EXPERIMENT_GRANTS

Row = Any
"""A row of any of these kinds, with the annotation that its kind adds."""


@dataclass(frozen=True, slots=True)
class Node:
    id: str
    """Its address: `version:churn/3`."""
    kind: str
    name: str
    details: dict[str, Any]
    page: tuple[Any, ...] = ()
    """Where it is shown, as `reverse` is asked: the name of the page, and its arguments. Empty: nowhere."""


@dataclass(frozen=True, slots=True)
class Kind:
    word: str
    """What people call it."""
    written: str
    """What follows its kind in a node's address: <name>/<number>."""
    readable: Callable[[User], QuerySet[Any]]
    """The rows that a user may read."""
    named: Callable[[str], dict[str, Any]]
    """What a row's fields are for a node addressed so; ValueError for what is no such address."""
    node: Callable[[Row], Node]


def _datasets(user: User) -> QuerySet[Dataset]:
    rows = Dataset.objects.only("name", "digest", "source_type", "experiment")  # a profile may take megabytes
    return EXPERIMENT_GRANTS.filter(rows, user, via="experiment")


def _runs(user: User) -> QuerySet[Run]:
    return EXPERIMENT_GRANTS.filter(Run.objects.filter(lifecycle_stage__in=PRESENT), user, via="experiment")


def _logged_models(user: User) -> QuerySet[LoggedModel]:
    rows = LoggedModel.objects.filter(lifecycle_stage__in=PRESENT)
    return EXPERIMENT_GRANTS.filter(rows, user, via="experiment")


def _versions(user: User) -> QuerySet[ModelVersion]:
    """With the `uri` that copies name as their source."""
    uri = Concat(Value("models:/"), "model__name", Value("/"), Cast("version", CharField()), output_field=CharField())
    return MODEL_GRANTS.filter(present().select_related("model").annotate(uri=uri), user, via="model")


def _aliases(user: User) -> QuerySet[Alias]:
    return MODEL_GRANTS.filter(Alias.objects.select_related("model", "version"), user, via="model")


def _models(user: User) -> QuerySet[RegisteredModel]:
    return MODEL_GRANTS.filter(RegisteredModel.objects.all(), user)


def _parts(text: str, separator: str) -> tuple[str, str]:
    name, found, last = text.rpartition(separator)
    if not found:
        raise ValueError(text)
    return name, last


def _version_named(text: str) -> dict[str, Any]:
    name, number = _parts(text, "/")
    return {"model__name": name, "version": int(number)}


def _alias_named(text: str) -> dict[str, Any]:
    name, alias = _parts(text, "@")
    return {"model__name": name, "name": alias}


def _dataset_node(row: Dataset) -> Node:
    details = {"digest": row.digest, "source_type": row.source_type, "experiment_id": str(row.experiment_id)}
    return Node(f"dataset:{row.pk}", "dataset", row.name, details, ("admin:tracking_dataset_change", row.pk))


def _run_node(row: Run) -> Node:
    details = {
        "experiment_id": str(row.experiment_id),
        "status": row.status,
        "lifecycle_stage": row.lifecycle_stage,
        "start_time": row.start_time,
        "created_by": row.created_by,
    }
    return Node(f"run:{row.uuid}", "run", row.name, details, ("run", row.uuid))


def _logged_model_node(row: LoggedModel) -> Node:
    details = {
        "experiment_id": str(row.experiment_id),
        "status": row.status,
        "lifecycle_stage": row.lifecycle_stage,
        "creation_timestamp": row.creation_timestamp,
        "created_by": row.created_by,
    }
    return Node(f"logged_model:{row.model_id}", "logged_model", row.name, details)


def _version_node(row: ModelVersion) -> Node:
    """Not its source, nor its run: whoever asks need not be allowed to know of those."""
    details = {
        "model": row.model.name,
        "version": row.version,
        "stage": row.current_stage,
        "status": row.status,
        "creation_timestamp": row.creation_time,
        "registered_by": row.user_id,
    }
    page = ("version", row.model_id, row.version)
    return Node(f"version:{row.model.name}/{row.version}", "version", str(row), details, page)


def _alias_node(row: Alias) -> Node:
    details = {"model": row.model.name, "version": row.version.version}
    page = ("version", row.model_id, row.version.version)
    return Node(f"alias:{row.model.name}@{row.name}", "alias", row.name, details, page)


def _model_node(row: RegisteredModel) -> Node:
    details = {"is_prompt": row.is_prompt, "creation_timestamp": row.creation_time, "created_by": row.created_by}
    return Node(f"model:{row.name}", "model", row.name, details, ("model", row.pk))


KINDS = {
    "dataset": Kind("data set", "<id>", _datasets, lambda text: {"pk": int(text)}, _dataset_node),
    "run": Kind("run", "<run id>", _runs, lambda text: {"uuid": text}, _run_node),
    "logged_model": Kind(
        "logged model", "<model id>", _logged_models, lambda text: {"model_id": text}, _logged_model_node
    ),
    "version": Kind("version", "<name>/<number>", _versions, _version_named, _version_node),
    "alias": Kind("alias", "<name>@<alias>", _aliases, _alias_named, _alias_node),
    "model": Kind("model", "<name>", _models, lambda text: {"name": text}, _model_node),
}
"""By how they are called in addresses."""


def addresses() -> str:
    """How a node is named, for each kind that there is."""
    *others, last = (f"{name}:{kind.written}" for name, kind in KINDS.items())
    return f"{', '.join(others)} or {last}"

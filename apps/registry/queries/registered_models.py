"""Reading registered models."""

from collections import defaultdict
from collections.abc import Collection

from django.db.models import F, Prefetch, QuerySet, Window
from django.db.models.functions import RowNumber

from apps.accounts.models import User
from apps.registry.choices import DELETED
from apps.registry.models import Alias, ModelVersion, RegisteredModel
from apps.registry.permissions import MODEL_GRANTS
from apps.registry.rules import check_model_name
from mlregistry.levels import Level

ABSENT = "There is no such model, or not for you."


def get_model(user: User, name: str, *, at_least: Level) -> RegisteredModel:
    """The model of that name. Absent and hidden look the same."""
    return _demand(RegisteredModel.objects.all(), user, name, at_least)


def get_model_with_details(user: User, name: str) -> RegisteredModel:
    """The same, with tags and aliases."""
    return _demand(with_details(RegisteredModel.objects.all()), user, name, Level.READ)


def with_details(models: QuerySet[RegisteredModel]) -> QuerySet[RegisteredModel]:
    """With tags and aliases, in one query each."""
    aliases = Alias.objects.select_related("version").order_by("name")
    return models.prefetch_related("tags", Prefetch("aliases", queryset=aliases))


def get_model_by_id(user: User, pk: int, *, at_least: Level) -> RegisteredModel:
    """The model of that row, as addresses of pages have it, with the `level` that the user holds on it."""
    rows = RegisteredModel.objects.filter(pk=pk)
    return MODEL_GRANTS.demand(rows, user, at_least=at_least, absent=ABSENT, subject="this model")


def latest_versions(models: Collection[RegisteredModel]) -> dict[int, list[ModelVersion]]:
    """Of each model (by its primary key) the version with the highest number in every stage, with its tags."""
    return _by_model(models, _newest(models, each=1).prefetch_related("tags"))


def newest_in_stages(models: Collection[RegisteredModel], *, each: int) -> dict[int, list[ModelVersion]]:
    """Of each model the `each` highest numbers in every stage, in one query; without tags, which may be long."""
    return _by_model(models, _newest(models, each=each))


def _newest(models: Collection[RegisteredModel], *, each: int) -> QuerySet[ModelVersion]:
    newest_first = Window(RowNumber(), partition_by=["model_id", "current_stage"], order_by=F("version").desc())
    versions = ModelVersion.objects.filter(model__in=[model.pk for model in models]).exclude(current_stage=DELETED)
    return versions.annotate(place=newest_first).filter(place__lte=each).order_by("version")


def _by_model(models: Collection[RegisteredModel], versions: QuerySet[ModelVersion]) -> dict[int, list[ModelVersion]]:
    named = {model.pk: model for model in models}
    found: dict[int, list[ModelVersion]] = defaultdict(list)
    for version in versions:
        version.model = named[version.model_id]  # sparing a query each
        found[version.model_id].append(version)
    return found


def _demand(models: QuerySet[RegisteredModel], user: User, name: str, at_least: Level) -> RegisteredModel:
    check_model_name(name)
    absent, subject = f"Registered Model with name={name} not found", f"model {name}"
    return MODEL_GRANTS.demand(models.filter(name=name), user, at_least=at_least, absent=absent, subject=subject)

"""Reading versions of registered models."""

from django.db.models import QuerySet

from apps.accounts.models import User
from apps.registry.choices import DELETED, stage_named, stages
from apps.registry.models import ModelVersion
from apps.registry.permissions import MODEL_GRANTS
from apps.registry.queries.registered_models import get_model, latest_versions
from apps.registry.rules import LATEST, check_alias, check_model_name, version_number
from apps.tracking.artifacts.places import Place, place_of
from mlregistry.errors import InvalidParameter, NotFound
from mlregistry.levels import Level


def present() -> QuerySet[ModelVersion]:
    """Every version that has not been deleted."""
    return ModelVersion.objects.exclude(current_stage=DELETED)


def get_version(user: User, name: str, version: str, *, at_least: Level) -> ModelVersion:
    """The version of that number, with its model. Absent and hidden look the same."""
    return _demand(present().select_related("model"), user, name, version, at_least)


def get_version_of(user: User, model_pk: int, number: int, *, at_least: Level) -> ModelVersion:
    """The version of that number of the model of that row, with the `level` that the user holds on it."""
    return MODEL_GRANTS.demand(
        present().select_related("model").filter(model=model_pk, version=number),
        user,
        at_least=at_least,
        via="model",
        absent="There is no such version, or not for you.",
        subject="this model",
    )


def get_version_with_details(user: User, name: str, version: str) -> ModelVersion:
    """The same, with tags and aliases."""
    return _demand(with_details(present()), user, name, version, Level.READ)


def with_details(versions: QuerySet[ModelVersion]) -> QuerySet[ModelVersion]:
    """With model, tags and aliases: three queries, whatever the number of versions."""
    return versions.select_related("model").prefetch_related("tags", "aliases")


def get_version_by_alias(user: User, name: str, alias: str) -> ModelVersion:
    """The version that the alias points at; `latest` is the one with the highest number."""
    check_model_name(name)
    check_alias(alias)
    model = get_model(user, name, at_least=Level.READ)
    versions = with_details(present().filter(model=model))
    if alias.lower() == LATEST:
        newest = versions.order_by("-version").first()
        if newest is None:
            raise NotFound(f"Latest version not found for model {name}.")
        return newest
    found = versions.filter(aliases__name=alias).first()
    if found is None:
        raise InvalidParameter(f"Registered model alias {alias} not found.")
    return found


def latest_in_stages(user: User, name: str, wanted: list[str]) -> list[ModelVersion]:
    """The newest version in each of the `wanted` stages, of all stages if none is named; with aliases."""
    model = get_model(user, name, at_least=Level.READ)
    among = {stage_named(stage) for stage in wanted} if wanted else set(stages())
    newest = [row.pk for row in latest_versions([model])[model.pk] if row.current_stage in among]
    return list(with_details(ModelVersion.objects.filter(pk__in=newest)).order_by("version"))


def version_place(version: ModelVersion) -> Place:
    """The folder where the version's files lie; `NotFound` for what has none, `InvalidParameter` for other stores."""
    if not version.location:
        raise NotFound(f"Model Version (name={version.model.name}, version={version.version}) has no files.")
    return place_of(version.location)


def _demand(versions: QuerySet[ModelVersion], user: User, name: str, version: str, at_least: Level) -> ModelVersion:
    check_model_name(name)
    number = version_number(version, name=name)
    return MODEL_GRANTS.demand(
        versions.filter(model__name=name, version=number),
        user,
        at_least=at_least,
        via="model",
        absent=f"Model Version (name={name}, version={number}) not found",
        subject=f"model {name}",
    )

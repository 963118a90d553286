"""Searching registered models and versions."""

from collections.abc import Sequence

from django.db.models import Q

from apps.accounts.models import User
from apps.registry.grammars import MODEL_VERSIONS, REGISTERED_MODELS
from apps.registry.models import ModelVersion, ModelVersionTag, RegisteredModel
from apps.registry.permissions import MODEL_GRANTS
from apps.registry.queries import registered_models, versions
from apps.registry.rules import PROMPT_TAG
from mlregistry.conditions import Compared, Condition, Held
from mlregistry.wire.keyset import Page, Term, fetch_page
from mlregistry.wire.search import Comparison, Operator, Ordering, parse_filter, parse_order_by

_MODEL_FIELDS = {"name": "name", "last_updated_timestamp": "last_updated_time"}
_VERSION_FIELDS = {
    "name": "model__name",
    "version_number": "version",
    "run_id": "run_id",
    "source_path": "source",
    "creation_timestamp": "creation_time",
    "last_updated_timestamp": "last_updated_time",
}
_TEXTS = ("name", "model__name")


def search_models(
    user: User, *, filter_text: str, order_by: Sequence[str], max_results: int, page_token: str
) -> Page[RegisteredModel]:
    """One page of the models, or prompts where the filter asks for them, that the user may read; by name."""
    comparisons = parse_filter(filter_text, REGISTERED_MODELS)
    wants_prompts = _asks_for_prompts(comparisons)
    models = MODEL_GRANTS.filter(RegisteredModel.objects.all(), user)
    if not wants_prompts:
        models = models.filter(is_prompt=False)
    for comparison in _telling(comparisons, wants_prompts=wants_prompts):
        models = models.filter(_model_condition(comparison))
    terms = _terms(parse_order_by(order_by, REGISTERED_MODELS), _MODEL_FIELDS)
    terms.append(Term("name", str))
    question = ["registered-models", filter_text, list(order_by)]
    return fetch_page(
        registered_models.with_details(models), terms=terms, limit=max_results, token=page_token, question=question
    )


def search_versions(
    user: User, *, filter_text: str, order_by: Sequence[str], max_results: int, page_token: str
) -> Page[ModelVersion]:
    """One page of the versions that the user may read; those that were changed last come first."""
    comparisons = parse_filter(filter_text, MODEL_VERSIONS)
    wants_prompts = _asks_for_prompts(comparisons)
    found = MODEL_GRANTS.filter(versions.present(), user, via="model")
    if not wants_prompts:
        found = found.exclude(_of_prompts())
    for comparison in _telling(comparisons, wants_prompts=wants_prompts):
        found = found.filter(_version_condition(comparison))
    terms = _terms(parse_order_by(order_by, MODEL_VERSIONS), _VERSION_FIELDS)
    if not terms:
        terms = [Term("last_updated_time", int, ascending=False)]
    terms += [Term("model__name", str), Term("version", int, ascending=False), Term("id", int)]
    question = ["model-versions", filter_text, list(order_by)]
    return fetch_page(
        found.select_related("model").prefetch_related("tags"),
        terms=terms,
        limit=max_results,
        token=page_token,
        question=question,
    )


def _asks_for_prompts(comparisons: Sequence[Comparison]) -> bool:
    """Whether the first word about prompts asks for them. Without one, prompts are no models."""
    for comparison in comparisons:
        if comparison.kind == "tag" and comparison.key == PROMPT_TAG:
            wanted = {Operator.EQUAL: "true", Operator.NOT_EQUAL: "false"}.get(comparison.operator)
            return str(comparison.value).lower() == wanted
    return False


def _telling(comparisons: Sequence[Comparison], *, wants_prompts: bool) -> list[Comparison]:
    """Without what only said that no prompts are wanted: a model has no such tag to compare."""
    if wants_prompts:
        return list(comparisons)
    return [comparison for comparison in comparisons if (comparison.kind, comparison.key) != ("tag", PROMPT_TAG)]


def _of_prompts() -> Q:
    """Versions of what is a prompt by its own tag or by that of any of its versions."""
    marked = ModelVersionTag.objects.filter(key=PROMPT_TAG, value="true").values("version__model")
    return Q(model__is_prompt=True) | Q(model__in=marked)


def _model_condition(comparison: Comparison) -> Condition:
    if comparison.kind == "tag":
        side = "registry_registeredmodeltag s WHERE s.model_id = {} AND s.key = %s"
        return Held(side, [comparison.key], "s.value", comparison)
    return Compared(_MODEL_FIELDS[comparison.key], comparison)


def _version_condition(comparison: Comparison) -> Condition:
    if comparison.kind == "tag":
        side = "registry_modelversiontag s WHERE s.version_id = {} AND s.key = %s"
        return Held(side, [comparison.key], "s.value", comparison)
    return Compared(_VERSION_FIELDS[comparison.key], comparison)


def _terms(orderings: Sequence[Ordering], fields: dict[str, str]) -> list[Term]:
    return [
        Term(fields[ordering.key], str if fields[ordering.key] in _TEXTS else int, ascending=ordering.ascending)
        for ordering in orderings
    ]

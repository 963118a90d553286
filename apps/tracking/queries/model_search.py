"""Searching logged models."""

from collections.abc import Sequence
from typing import Any

from django.db.models import OuterRef, Prefetch, QuerySet, Subquery

from apps.accounts.models import User
from apps.tracking.choices import Lifecycle
from apps.tracking.entities import DatasetFilter, ModelOrder
from apps.tracking.grammars import LOGGED_MODELS
from apps.tracking.models import LoggedModel, LoggedModelMetric
from apps.tracking.permissions import EXPERIMENT_GRANTS
from apps.tracking.rules import experiment_pk
from mlregistry.conditions import Compared, Condition, Held, Measured
from mlregistry.wire.keyset import Page, Term, fetch_page
from mlregistry.wire.search import Comparison, Operator, Ordering, parse_filter, parse_order_field

_POINTS = "tracking_loggedmodelmetric s WHERE s.model_id = {}"
_MEASURED_AT_ALL = Comparison("metric", "", Operator.IS_NOT_NULL, None)
_NUMBERS = ("experiment_id", "creation_timestamp", "last_updated_timestamp")


def search_logged_models(
    user: User,
    *,
    experiment_ids: Sequence[str],
    filter_text: str,
    datasets: Sequence[DatasetFilter],
    order_by: Sequence[ModelOrder],
    max_results: int,
    page_token: str,
) -> Page[LoggedModel]:
    """One page of the active logged models in these experiments that the user may read."""
    models = EXPERIMENT_GRANTS.filter(LoggedModel.objects.all(), user, via="experiment").filter(
        experiment__in={experiment_pk(experiment_id) for experiment_id in experiment_ids},
        lifecycle_stage=Lifecycle.ACTIVE,
    )
    comparisons = parse_filter(filter_text, LOGGED_MODELS)
    for comparison in comparisons:
        models = models.filter(_condition(comparison, datasets))
    if datasets and all(comparison.kind != "metric" for comparison in comparisons):
        on_datasets, parameters = _on(datasets)
        models = models.filter(Held(_POINTS + on_datasets, parameters, "", _MEASURED_AT_ALL))
    terms = [_term(order) for order in order_by]
    # A term that repeats a field changes nothing, so these need not look whether the order names them.
    terms += [Term("creation_timestamp", int, ascending=False), Term("model_id", str)]
    question = ["logged-models", sorted(experiment_ids), filter_text, datasets, order_by]
    return fetch_page(with_details(models), terms=terms, limit=max_results, token=page_token, question=question)


def with_details(models: QuerySet[LoggedModel]) -> QuerySet[LoggedModel]:
    """With params, tags and metrics, in one query each."""
    points = LoggedModelMetric.objects.select_related("run").order_by("pk")
    return models.prefetch_related("params", "tags", Prefetch("metrics", queryset=points))


def _on(datasets: Sequence[DatasetFilter]) -> tuple[str, list[str]]:
    """The points measured on any of the datasets, as the end of a condition; all points where none is named."""
    if not datasets:
        return "", []
    conditions, parameters = [], []
    for dataset in datasets:
        condition = "s.dataset_name = %s"
        parameters.append(dataset.dataset_name)
        if dataset.dataset_digest:
            condition += " AND s.dataset_digest = %s"
            parameters.append(dataset.dataset_digest)
        conditions.append(f"({condition})")
    return f" AND ({' OR '.join(conditions)})", parameters


def _condition(comparison: Comparison, datasets: Sequence[DatasetFilter]) -> Condition:
    key = comparison.key
    match comparison.kind:
        case "metric":
            on_datasets, parameters = _on(datasets)
            return Measured(f"{_POINTS} AND s.key = %s{on_datasets}", [key, *parameters], "s.value", comparison)
        case "param":
            side = "tracking_loggedmodelparam s WHERE s.model_id = {} AND s.key = %s"
            return Held(side, [key], "s.value", comparison)
        case "tag":
            side = "tracking_loggedmodeltag s WHERE s.model_id = {} AND s.key = %s"
            return Held(side, [key], "s.value", comparison)
    return Compared(key, comparison)


def _term(order: ModelOrder) -> Term:
    ordering = parse_order_field(order.field_name, ascending=order.ascending, grammar=LOGGED_MODELS)
    if ordering.kind == "metric":
        value = Subquery(_latest(ordering, order))
        return Term(value, float, ascending=order.ascending, nullable=True)
    name = ordering.key
    return Term(name, int if name in _NUMBERS else str, ascending=order.ascending)


def _latest(ordering: Ordering, order: ModelOrder) -> QuerySet[LoggedModelMetric, Any]:
    """The latest value of the metric, on the dataset that the order names if it names one."""
    points = LoggedModelMetric.objects.filter(model=OuterRef("pk"), key=ordering.key)
    if order.dataset_name:
        points = points.filter(dataset_name=order.dataset_name)
    if order.dataset_digest:
        points = points.filter(dataset_digest=order.dataset_digest)
    return points.order_by("-timestamp", "-step", "run__uuid").values("value")[:1]

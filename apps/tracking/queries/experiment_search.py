"""Searching experiments, and the datasets that their runs took."""

from collections.abc import Sequence

from django.db.models import OuterRef, Subquery

from apps.accounts.models import User
from apps.tracking import limits
from apps.tracking.choices import STAGES_OF_VIEW
from apps.tracking.grammars import EXPERIMENTS
from apps.tracking.models import DatasetInput, Experiment, InputTag
from apps.tracking.permissions import EXPERIMENT_GRANTS
from apps.tracking.queries.run_search import DATASET_CONTEXT_TAG
from apps.tracking.rules import experiment_pk
from mlregistry.conditions import Compared, Condition, Held
from mlregistry.wire.keyset import Page, Term, fetch_page
from mlregistry.wire.schema import ViewType
from mlregistry.wire.search import Comparison, Ordering, parse_filter, parse_order_by

_ATTRIBUTES = {
    "name": "name",
    "experiment_id": "id",
    "creation_time": "creation_time",
    "last_update_time": "last_update_time",
}


def search_experiments(
    user: User, *, filter_text: str, view: ViewType, order_by: Sequence[str], max_results: int, page_token: str
) -> Page[Experiment]:
    """One page of the experiments that the user may read; newest first unless told otherwise."""
    experiments = EXPERIMENT_GRANTS.filter(Experiment.objects.all(), user).filter(
        lifecycle_stage__in=STAGES_OF_VIEW[view]
    )
    for comparison in parse_filter(filter_text, EXPERIMENTS):
        experiments = experiments.filter(_condition(comparison))
    orderings = parse_order_by(order_by, EXPERIMENTS)
    terms = [_term(ordering) for ordering in orderings] or [Term("creation_time", int, ascending=False)]
    terms.append(Term("id", int, ascending=not orderings))
    question = ["experiments", filter_text, view, list(order_by)]
    return fetch_page(
        experiments.prefetch_related("tags"), terms=terms, limit=max_results, token=page_token, question=question
    )


def _term(ordering: Ordering) -> Term:
    name = _ATTRIBUTES[ordering.key]
    return Term(name, str if name == "name" else int, ascending=ordering.ascending)


def _condition(comparison: Comparison) -> Condition:
    if comparison.kind == "tag":
        side = "tracking_experimenttag s WHERE s.experiment_id = {} AND s.key = %s"
        return Held(side, [comparison.key], "s.value", comparison)
    return Compared(_ATTRIBUTES[comparison.key], comparison)


def dataset_summaries(user: User, experiment_ids: Sequence[str]) -> list[dict[str, str]]:
    """The datasets that runs of these experiments took, once for each context, as far as the user may read them."""
    pks = {experiment_pk(experiment_id) for experiment_id in experiment_ids}
    readable = EXPERIMENT_GRANTS.filter(Experiment.objects.filter(pk__in=pks), user)
    context = InputTag.objects.filter(input=OuterRef("pk"), key=DATASET_CONTEXT_TAG).values("value")
    rows = (
        DatasetInput.objects.filter(dataset__experiment__in=readable)
        .order_by("dataset__experiment", "dataset__name", "dataset__digest")
        .annotate(context=Subquery(context))
        .values_list("dataset__experiment", "dataset__name", "dataset__digest", "context")
        .distinct()[: limits.DATASET_SUMMARIES]
    )
    return [
        {"experiment_id": str(experiment), "name": name, "digest": digest} | ({"context": context} if context else {})
        for experiment, name, digest, context in rows
    ]

"""The wire's searches."""

from apps.tracking import limits
from apps.tracking.api import answers, render, schemas
from apps.tracking.queries.experiment_search import dataset_summaries
from apps.tracking.queries.experiment_search import search_experiments as find_experiments
from apps.tracking.queries.model_search import search_logged_models as find_logged_models
from apps.tracking.queries.run_details import details_of
from apps.tracking.queries.run_search import search_runs as find_runs
from apps.tracking.rules import check_page_size
from mlregistry.errors import InvalidParameter
from mlregistry.levels import Level
from mlregistry.wire.endpoint import Wire, WireRequest, endpoint

LOGGED_MODELS_PAGE = 100


@endpoint("POST", "runs/search", schemas.SearchRuns, requires=Level.READ, returns=answers.RunPage)
def search_runs(request: WireRequest[schemas.SearchRuns]) -> Wire:
    body = request.body
    check_page_size(body.max_results)
    found = find_runs(
        request.user,
        experiment_ids=body.experiment_ids,
        filter_text=body.filter,
        view=body.run_view_type,
        order_by=body.order_by,
        max_results=body.max_results,
        page_token=body.page_token,
    )
    details = details_of([run.id for run in found.rows])
    return render.page("runs", [render.run(run, details[run.id]) for run in found.rows], found.next_page_token)


@endpoint("POST", "experiments/search", schemas.SearchExperiments, requires=Level.READ, returns=answers.ExperimentPage)
@endpoint("GET", "experiments/search", schemas.SearchExperiments, requires=Level.READ, returns=answers.ExperimentPage)
def search_experiments(request: WireRequest[schemas.SearchExperiments]) -> Wire:
    body = request.body
    size = body.max_results or 0
    check_page_size(size)
    found = find_experiments(
        request.user,
        filter_text=body.filter,
        view=body.view_type,
        order_by=body.order_by,
        max_results=size,
        page_token=body.page_token,
    )
    return render.page("experiments", [render.experiment(row) for row in found.rows], found.next_page_token)


@endpoint(
    "POST", "logged-models/search", schemas.SearchLoggedModels, requires=Level.READ, returns=answers.LoggedModelPage
)
def search_logged_models(request: WireRequest[schemas.SearchLoggedModels]) -> Wire:
    body = request.body
    if not all(dataset.dataset_name for dataset in body.datasets):
        raise InvalidParameter("`dataset_name` in the `datasets` clause must be specified.")
    size = body.max_results or LOGGED_MODELS_PAGE
    check_page_size(size)
    found = find_logged_models(
        request.user,
        experiment_ids=body.experiment_ids,
        filter_text=body.filter,
        datasets=body.datasets,
        order_by=body.order_by,
        max_results=size,
        page_token=body.page_token,
    )
    return render.page("models", [render.logged_model(model) for model in found.rows], found.next_page_token)


@endpoint(
    "POST", "experiments/search-datasets", schemas.SearchDatasets, requires=Level.READ, returns=answers.DatasetSummaries
)
def search_datasets(request: WireRequest[schemas.SearchDatasets]) -> Wire:
    experiment_ids = request.body.experiment_ids
    if not experiment_ids:
        raise InvalidParameter("SearchDatasets request must specify at least one experiment_id.")
    if len(experiment_ids) > limits.DATASET_SEARCH_EXPERIMENTS:
        raise InvalidParameter(
            f"SearchDatasets request cannot specify more than {limits.DATASET_SEARCH_EXPERIMENTS}"
            f" experiment_ids. Received {len(experiment_ids)} experiment_ids."
        )
    summaries = dataset_summaries(request.user, experiment_ids)
    return {"dataset_summaries": summaries} if summaries else {}

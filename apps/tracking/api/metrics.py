"""The wire's calls on metric histories."""

from apps.tracking import limits
from apps.tracking.api import answers, render, schemas
from apps.tracking.queries import histories
from apps.tracking.queries.runs import run_row
from mlregistry.errors import InvalidParameter
from mlregistry.levels import Level
from mlregistry.wire.endpoint import Wire, WireRequest, endpoint
from mlregistry.wire.schema import SEE_DOCS, missing


@endpoint("GET", "metrics/get-history", schemas.GetMetricHistory, requires=Level.READ, returns=answers.History)
def get_history(request: WireRequest[schemas.GetMetricHistory]) -> Wire:
    body = request.body
    if body.max_results is not None and body.max_results <= 0:
        raise InvalidParameter(
            f"Invalid value {body.max_results} for parameter 'max_results' supplied. It must be a positive integer."
        )
    run = run_row(request.user, body.run, at_least=Level.READ)
    points, token = histories.history(run.pk, body.metric_key, max_results=body.max_results, page_token=body.page_token)
    return render.history(body.metric_key, points, token)


@endpoint(
    "GET", "metrics/get-history-bulk", schemas.GetMetricHistoryBulk, requires=Level.READ, returns=answers.Histories
)
def get_history_bulk(request: WireRequest[schemas.GetMetricHistoryBulk]) -> Wire:
    body = request.body
    runs = body.run_id
    if not runs:
        raise InvalidParameter("GetMetricHistoryBulk request must specify at least one run_id.")
    if len(runs) > limits.HISTORY_BULK_RUNS:
        raise InvalidParameter(
            f"GetMetricHistoryBulk request cannot specify more than {limits.HISTORY_BULK_RUNS}"
            f" run_ids. Received {len(runs)} run_ids."
        )
    if body.metric_key is None:
        raise InvalidParameter("GetMetricHistoryBulk request must specify a metric_key.")
    if body.max_results is not None and body.max_results < 0:
        raise InvalidParameter(f"max_results must not be negative. Received {body.max_results}.")
    limit = limits.HISTORY_BULK_POINTS
    if body.max_results is not None:
        limit = min(limit, body.max_results)
    points = histories.history_of_many(request.user, runs, body.metric_key, limit=limit)
    return {"metrics": render.points_of_runs(body.metric_key, points)}


@endpoint(
    "GET",
    "metrics/get-history-bulk-interval",
    schemas.GetMetricHistoryBulkInterval,
    requires=Level.READ,
    returns=answers.Histories,
)
def get_history_bulk_interval(request: WireRequest[schemas.GetMetricHistoryBulkInterval]) -> Wire:
    body = request.body
    _check_interval(body)
    steps = None if body.start_step is None or body.end_step is None else (body.start_step, body.end_step)
    points = histories.sampled_history(
        request.user,
        body.run_ids,
        body.metric_key,
        steps=steps,
        per_run=body.max_results or limits.HISTORY_INTERVAL_POINTS,
    )
    return {"metrics": render.points_of_runs(body.metric_key, points)} if points else {}


def _check_interval(body: schemas.GetMetricHistoryBulkInterval) -> None:
    if not body.run_ids:
        raise missing("run_ids")
    if len(body.run_ids) > limits.HISTORY_BULK_RUNS:
        raise InvalidParameter(
            f"GetMetricHistoryBulkInterval request must specify at most {limits.HISTORY_BULK_RUNS} run_ids."
            f" Received {len(body.run_ids)} run_ids.{SEE_DOCS}"
        )
    if body.max_results is not None and not 1 <= body.max_results <= limits.HISTORY_INTERVAL_POINTS:
        raise InvalidParameter(f"max_results must be between 1 and {limits.HISTORY_INTERVAL_POINTS}.{SEE_DOCS}")
    if (body.start_step is None) != (body.end_step is None):
        raise InvalidParameter("If either start step or end step are specified, both must be specified.")
    if body.start_step is not None and body.end_step is not None and body.start_step > body.end_step:
        raise InvalidParameter(
            "end_step must be greater than start_step. "
            f"Found start_step={body.start_step} and end_step={body.end_step}."
        )

"""The wire's calls on runs, and on what is logged for them."""

from apps.tracking.api import answers, render, schemas
from apps.tracking.entities import Metric
from apps.tracking.queries import runs as queries
from apps.tracking.queries.experiments import get_experiment
from apps.tracking.queries.run_details import details_of
from apps.tracking.rules import check_run_id
from apps.tracking.services import inputs, run_data, runs
from mlregistry.levels import Level
from mlregistry.wire.endpoint import Wire, WireRequest, endpoint
from mlregistry.wire.schema import Empty


@endpoint("POST", "runs/create", schemas.CreateRun, requires=Level.EDIT, returns=answers.RunAnswer)
def create_run(request: WireRequest[schemas.CreateRun]) -> Wire:
    body = request.body
    run = runs.create_run(
        experiment=get_experiment(request.user, body.experiment_id, at_least=Level.EDIT),
        name=body.run_name,
        user_id=body.user_id,
        start_time=body.start_time,
        tags=body.tags,
        by=request.actor,
    )
    return {"run": render.new_run(run)}


@endpoint("POST", "runs/update", schemas.UpdateRun, requires=Level.EDIT, returns=answers.RunInfoAnswer)
def update_run(request: WireRequest[schemas.UpdateRun]) -> Wire:
    body = request.body
    run = queries.run_to_write(request.user, body.run)
    updated = runs.update_run(run=run, status=body.status, end_time=body.end_time, name=body.run_name)
    return {"run_info": render.run_info(updated)}


@endpoint("POST", "runs/delete", schemas.DeleteRun, requires=Level.MANAGE, returns=Empty)
def delete_run(request: WireRequest[schemas.DeleteRun]) -> Wire:
    run = queries.run_row(request.user, request.body.run_id, at_least=Level.MANAGE)
    runs.delete_run(run=run, by=request.actor)
    return {}


@endpoint("POST", "runs/restore", schemas.RestoreRun, requires=Level.MANAGE, returns=Empty)
def restore_run(request: WireRequest[schemas.RestoreRun]) -> Wire:
    run = queries.run_row(request.user, request.body.run_id, at_least=Level.MANAGE)
    runs.restore_run(run=run, by=request.actor)
    return {}


@endpoint("GET", "runs/get", schemas.GetRun, requires=Level.READ, returns=answers.RunAnswer)
def get_run(request: WireRequest[schemas.GetRun]) -> Wire:
    run = queries.get_run(request.user, request.body.run)
    return {"run": render.run(run, details_of([run.pk])[run.pk])}


@endpoint("POST", "runs/log-metric", schemas.LogMetric, requires=Level.EDIT, returns=Empty)
def log_metric(request: WireRequest[schemas.LogMetric]) -> Wire:
    body = request.body
    run = queries.run_to_write(request.user, body.run)
    metric = Metric(
        key=body.key,
        value=body.value,
        timestamp=body.timestamp,
        step=body.step,
        model_id=body.model_id,
        dataset_name=body.dataset_name,
        dataset_digest=body.dataset_digest,
    )
    run_data.log_metric(run=run, metric=metric, user=request.user)
    return {}


@endpoint("POST", "runs/log-parameter", schemas.LogParam, requires=Level.EDIT, returns=Empty)
def log_param(request: WireRequest[schemas.LogParam]) -> Wire:
    run = queries.run_to_write(request.user, request.body.run)
    run_data.log_param(run=run, key=request.body.key, value=request.body.value)
    return {}


@endpoint("POST", "runs/log-batch", schemas.LogBatch, requires=Level.EDIT, returns=Empty)
def log_batch(request: WireRequest[schemas.LogBatch]) -> Wire:
    body = request.body
    check_run_id(body.run_id)
    run_data.check_batch_of(metrics=body.metrics, params=body.params, tags=body.tags)
    run = queries.run_to_write(request.user, body.run_id)
    run_data.log_batch(run=run, metrics=body.metrics, params=body.params, tags=body.tags, user=request.user)
    return {}


@endpoint("POST", "runs/set-tag", schemas.SetTag, requires=Level.EDIT, returns=Empty)
def set_tag(request: WireRequest[schemas.SetTag]) -> Wire:
    run = queries.run_to_write(request.user, request.body.run)
    run_data.set_tag(run=run, key=request.body.key, value=request.body.value)
    return {}


@endpoint("POST", "runs/delete-tag", schemas.DeleteTag, requires=Level.EDIT, returns=Empty)
def delete_tag(request: WireRequest[schemas.DeleteTag]) -> Wire:
    run = queries.run_to_write(request.user, request.body.run_id)
    run_data.delete_tag(run=run, key=request.body.key)
    return {}


@endpoint("POST", "runs/log-model", schemas.LogModel, requires=Level.EDIT, returns=Empty)
def log_model(request: WireRequest[schemas.LogModel]) -> Wire:
    run = queries.run_to_write(request.user, request.body.run_id)
    runs.record_model(run=run, model_json=request.body.model_json)
    return {}


@endpoint("POST", "runs/log-inputs", schemas.LogInputs, requires=Level.EDIT, returns=Empty)
def log_inputs(request: WireRequest[schemas.LogInputs]) -> Wire:
    body = request.body
    check_run_id(body.run_id)
    inputs.check_datasets(body.datasets)
    run = queries.run_to_write(request.user, body.run_id)
    inputs.log_inputs(run=run, datasets=body.datasets, models=body.models, user=request.user)
    return {}


@endpoint("POST", "runs/outputs", schemas.LogOutputs, requires=Level.EDIT, returns=Empty)
def log_outputs(request: WireRequest[schemas.LogOutputs]) -> Wire:
    run = queries.run_to_write(request.user, request.body.run_id)
    inputs.log_outputs(run=run, models=request.body.models, user=request.user)
    return {}

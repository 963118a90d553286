"""The wire's calls on experiments."""

from apps.tracking.api import answers, render, schemas
from apps.tracking.queries.experiments import get_experiment, get_experiment_by_name
from apps.tracking.services import experiments
from mlregistry.errors import InvalidState
from mlregistry.levels import Level
from mlregistry.wire.endpoint import Wire, WireRequest, endpoint
from mlregistry.wire.schema import Empty


@endpoint(
    "POST", "experiments/create", schemas.CreateExperiment, requires=Level.EDIT, returns=answers.ExperimentCreated
)
def create_experiment(request: WireRequest[schemas.CreateExperiment]) -> Wire:
    body = request.body
    experiment = experiments.create_experiment(
        name=body.name,
        artifact_location=body.artifact_location,
        tags=body.tags,
        creator=request.user,
        by=request.actor,
    )
    return {"experiment_id": str(experiment.pk)}


@endpoint("GET", "experiments/get", schemas.GetExperiment, requires=Level.READ, returns=answers.ExperimentAnswer)
def experiment_by_id(request: WireRequest[schemas.GetExperiment]) -> Wire:
    experiment = get_experiment(request.user, request.body.experiment_id, at_least=Level.READ)
    return {"experiment": render.experiment(experiment)}


@endpoint(
    "GET", "experiments/get-by-name", schemas.GetExperimentByName, requires=Level.READ, returns=answers.ExperimentAnswer
)
def experiment_by_name(request: WireRequest[schemas.GetExperimentByName]) -> Wire:
    return {"experiment": render.experiment(get_experiment_by_name(request.user, request.body.experiment_name))}


@endpoint("POST", "experiments/delete", schemas.DeleteExperiment, requires=Level.MANAGE, returns=Empty)
def delete_experiment(request: WireRequest[schemas.DeleteExperiment]) -> Wire:
    experiment = get_experiment(request.user, request.body.experiment_id, at_least=Level.MANAGE)
    experiments.delete_experiment(experiment=experiment, by=request.actor)
    return {}


@endpoint("POST", "experiments/restore", schemas.RestoreExperiment, requires=Level.MANAGE, returns=Empty)
def restore_experiment(request: WireRequest[schemas.RestoreExperiment]) -> Wire:
    experiment = get_experiment(request.user, request.body.experiment_id, at_least=Level.MANAGE)
    experiments.restore_experiment(experiment=experiment, by=request.actor)
    return {}


@endpoint(
    "POST", "experiments/update", schemas.UpdateExperiment, requires=Level.EDIT, returns=Empty, raises=(InvalidState,)
)
def update_experiment(request: WireRequest[schemas.UpdateExperiment]) -> Wire:
    experiment = get_experiment(request.user, request.body.experiment_id, at_least=Level.EDIT)
    experiments.rename_experiment(experiment=experiment, name=request.body.new_name, by=request.actor)
    return {}


@endpoint("POST", "experiments/set-experiment-tag", schemas.SetExperimentTag, requires=Level.EDIT, returns=Empty)
def set_experiment_tag(request: WireRequest[schemas.SetExperimentTag]) -> Wire:
    experiment = get_experiment(request.user, request.body.experiment_id, at_least=Level.EDIT)
    experiments.set_experiment_tag(experiment=experiment, key=request.body.key, value=request.body.value)
    return {}


@endpoint("POST", "experiments/delete-experiment-tag", schemas.DeleteExperimentTag, requires=Level.EDIT, returns=Empty)
def delete_experiment_tag(request: WireRequest[schemas.DeleteExperimentTag]) -> Wire:
    experiment = get_experiment(request.user, request.body.experiment_id, at_least=Level.EDIT)
    experiments.delete_experiment_tag(experiment=experiment, key=request.body.key)
    return {}

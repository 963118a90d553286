"""Experiments as MLflow's calls on permissions name them."""

from apps.accounts.resources import Resource
from apps.tracking.permissions import EXPERIMENT_GRANTS
from apps.tracking.queries.experiments import get_experiment

EXPERIMENTS = Resource(("experiment",), EXPERIMENT_GRANTS, get_experiment, lambda _: "experiment", number=0)

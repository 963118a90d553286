"""Levels on experiments. Runs, logged models, traces and artifacts inherit those of their experiment."""

from apps.accounts.grants import ObjectGrants
from apps.tracking.models import ExperimentTeamGrant, ExperimentUserGrant

EXPERIMENT_GRANTS = ObjectGrants(ExperimentUserGrant, ExperimentTeamGrant)

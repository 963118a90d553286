"""Reading experiments."""

from apps.accounts.models import User
from apps.tracking.choices import PRESENT
from apps.tracking.models import Experiment
from apps.tracking.permissions import EXPERIMENT_GRANTS
from apps.tracking.rules import experiment_pk
from mlregistry.errors import InvalidParameter
from mlregistry.levels import Level

DEFAULT_EXPERIMENT = "0"


def get_experiment(user: User, experiment_id: str, *, at_least: Level) -> Experiment:
    """The experiment of that id; an empty id is the Default's. Absent and hidden look the same."""
    pk = experiment_pk(experiment_id or DEFAULT_EXPERIMENT)
    absent = f"No Experiment with id={pk} exists"
    found = Experiment.objects.filter(pk=pk, lifecycle_stage__in=PRESENT)
    return EXPERIMENT_GRANTS.demand(found, user, at_least=at_least, absent=absent, subject=f"experiment {pk}")


def get_experiment_by_name(user: User, name: str) -> Experiment:
    absent = f"Could not find experiment with name '{name}'"
    found = Experiment.objects.filter(name=name, lifecycle_stage__in=PRESENT)
    return EXPERIMENT_GRANTS.demand(found, user, at_least=Level.READ, absent=absent, subject=f"experiment {name}")


def check_experiment_is_active(experiment: Experiment) -> None:
    if not experiment.is_active:
        raise InvalidParameter(
            f"The experiment {experiment.pk} must be in the 'active' state."
            f" Current state is {experiment.lifecycle_stage}."
        )

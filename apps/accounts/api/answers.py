"""What MLflow's user calls answer with."""

from apps.accounts.api.role_answers import Role
from mlregistry.wire.answers import Answer


class Identity(Answer, kw_only=True):
    id: int
    username: str
    is_admin: bool


class HeldExperiment(Answer, kw_only=True):
    """What was granted on an experiment to the user by name."""

    experiment_id: str
    user_id: int
    permission: str


class HeldModel(Answer, kw_only=True):
    """What was granted on a registered model to the user by name."""

    name: str
    user_id: int
    permission: str


class Account(Identity, kw_only=True):
    experiment_permissions: list[HeldExperiment] = []
    registered_model_permissions: list[HeldModel] = []


class AccountAnswer(Answer, kw_only=True):
    user: Account


class CurrentUser(Answer, kw_only=True):
    user: Identity
    is_basic_auth: bool


class ListedUser(Identity, kw_only=True):
    roles: list[Role] = []


class ListedUsers(Answer, kw_only=True):
    users: list[ListedUser] = []

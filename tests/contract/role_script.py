"""What MLflow's own client is told about roles, one line each, so that two servers can be compared.

    python role_script.py

Every name that is made ends in a word of its own, and ids are checked here, where they can be: each server gives its
own. This file may import MLflow only.
"""

from collections.abc import Callable
from typing import Any

import mlflow
from mlflow.exceptions import MlflowException
from mlflow.server import get_app_client

ADA, RISK, IT = "ada-of-roles", "risk of roles", "it of roles"
client = get_app_client("basic-auth", mlflow.get_tracking_uri())


def told(what: str, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    try:
        answer = call(*args, **kwargs)
    except MlflowException as refused:
        print(f"{what}: refused, {refused.error_code}")
        return None
    print(f"{what}: {shown(answer)}")
    return answer


def shown(answer: Any) -> str:
    if isinstance(answer, list):
        return "[" + "; ".join(sorted(shown(item) for item in answer)) + "]"
    kind = type(answer).__name__
    if kind == "Role":
        return f"Role({answer.name}, {answer.workspace}, {answer.description}, {shown(answer.permissions)})"
    if kind == "RolePermission":
        return f"RolePermission({answer.resource_type}, {named(answer.resource_pattern)}, {answer.permission})"
    if kind == "GetUserPermissionResult":
        return f"{answer.allowed}, {answer.permission}"
    return kind


def named(pattern: str) -> str:
    return "the experiment" if pattern == experiment_id else pattern


experiment_id = mlflow.create_experiment("experiment of roles")
mlflow.MlflowClient().create_registered_model("model of roles")
ada = client.create_user(ADA, "correct horse battery")

risk = told("create", client.create_role, "default", RISK, "who looks at risk")
told("create again", client.create_role, "default", RISK)
told("create as if it were a user's", client.create_role, "default", "__user_1__")
it = told("create without description", client.create_role, "default", IT)
assert risk.id != it.id
assert client.get_role(risk.id).id == risk.id
told("get", client.get_role, risk.id)
told("get what is not there", client.get_role, 987654321)
told("update", client.update_role, risk.id, description="who looks at risks")
told("rename", client.update_role, it.id, name=f"{IT}, renamed")
told("rename to what is taken", client.update_role, it.id, name=RISK)
told("update nothing", client.update_role, it.id)
listed = {role.id: role for role in client.list_roles("default")}
assert listed.keys() >= {risk.id, it.id}
assert {risk.id, it.id} <= {role.id for role in client.list_all_roles()}
print("listed:", shown([listed[risk.id], listed[it.id]]))
told("list elsewhere", client.list_roles, "elsewhere")

on_experiment = told("add", client.add_role_permission, risk.id, "experiment", experiment_id, "READ")
on_model = told("add", client.add_role_permission, risk.id, "registered_model", "model of roles", "EDIT")
assert on_experiment.role_id == on_model.role_id == risk.id
assert on_experiment.id != on_model.id
told("add again", client.add_role_permission, risk.id, "experiment", experiment_id, "EDIT")
told("add of no type", client.add_role_permission, risk.id, "nothing", "1", "EDIT")
told("add of no level", client.add_role_permission, risk.id, "experiment", experiment_id, "OWNER")
told("add to no role", client.add_role_permission, 987654321, "experiment", experiment_id, "READ")
told("list permissions", client.list_role_permissions, risk.id)
assert {held.id for held in client.list_role_permissions(risk.id)} == {on_experiment.id, on_model.id}
changed = told("change", client.update_role_permission, on_experiment.id, "USE")
assert (changed.id, changed.role_id) == (on_experiment.id, risk.id)
told("change what is not there", client.update_role_permission, 987654321, "USE")

told("what counts without a role", client.get_user_permission, ADA, "experiment", experiment_id)
assigned = told("assign", client.assign_role, ADA, risk.id)
assert (assigned.user_id, assigned.role_id) == (ada.id, risk.id)
told("assign again", client.assign_role, ADA, risk.id)
told("assign to nobody", client.assign_role, "nobody-of-roles", risk.id)
told("assign no role", client.assign_role, ADA, 987654321)
assert [(one.id, one.user_id) for one in client.list_role_users(risk.id)] == [(assigned.id, ada.id)]
told("users of a role", client.list_role_users, risk.id)
told("roles of a user", client.list_user_roles, ADA)
assert [role.id for role in client.list_user_roles(ADA)] == [risk.id]
told("what counts with a role", client.get_user_permission, ADA, "experiment", experiment_id)
told("what counts on a model", client.get_user_permission, ADA, "registered_model", "model of roles")

told("grant", client.grant_user_permission, ADA, "experiment", experiment_id, "MANAGE")
told("grant again", client.grant_user_permission, ADA, "experiment", experiment_id, "READ")
told("grant to nobody", client.grant_user_permission, "nobody-of-roles", "experiment", experiment_id, "READ")
told("what counts by name", client.get_user_permission, ADA, "experiment", experiment_id)
assert {role.name for role in client.list_user_roles(ADA)} == {RISK, f"__user_{ada.id}__"}
told("revoke", client.revoke_user_permission, ADA, "experiment", experiment_id)
told("revoke again", client.revoke_user_permission, ADA, "experiment", experiment_id)
told("what counts again", client.get_user_permission, ADA, "experiment", experiment_id)
told("deny", client.grant_user_permission, ADA, "experiment", experiment_id, "DENY")
told("what counts denied", client.get_user_permission, ADA, "experiment", experiment_id)
told("revoke", client.revoke_user_permission, ADA, "experiment", experiment_id)

told("unassign", client.unassign_role, ADA, risk.id)
told("unassign again", client.unassign_role, ADA, risk.id)
told("users of a role", client.list_role_users, risk.id)
told("remove", client.remove_role_permission, on_experiment.id)
told("remove again", client.remove_role_permission, on_experiment.id)
told("list permissions", client.list_role_permissions, risk.id)
told("delete", client.delete_role, risk.id)
told("delete again", client.delete_role, risk.id)
told("permissions of what is not there", client.list_role_permissions, risk.id)
told("remove what went with its role", client.remove_role_permission, on_model.id)
told("delete", client.delete_role, it.id)
client.delete_user(ADA)

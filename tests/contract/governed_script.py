"""What MLflow's own client is told at every door that a policy can protect, as a line of JSON each; twice.

    python governed_script.py PREFIX OTHER

Prepares models of its own, says so, and knocks at every door as soon as it is sent a line; then again at the next.
Names begin with PREFIX; OTHER is somebody to grant levels to. This file may import MLflow only.
"""

import json
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.server import get_app_client

PREFIX, OTHER = sys.argv[1:]
SOURCE = "s3://bucket/model"
MODELS = (
    *("stage", "alias", "unalias", "tag", "untag", "model-tag", "model-untag", "delete-version", "delete"),
    *("rename", "copy", "copied", "grant", "regrant", "take-back", "born"),
)
warnings.simplefilter("ignore")
client = MlflowClient()
permissions = get_app_client("basic-auth", mlflow.get_tracking_uri())
IS_OLD = hasattr(permissions, "create_registered_model_permission")
"""MLflow 2 has calls for each kind of object; MLflow 3 has those of roles, and none that changes what a user holds."""


def named(what: str) -> str:
    return f"{PREFIX}-{what}"


def prepare() -> None:
    for what in MODELS:
        client.create_registered_model(named(what))
        if what != "copied":
            client.create_model_version(named(what), SOURCE)
    client.set_registered_model_alias(named("unalias"), "champion", "1")
    client.set_model_version_tag(named("untag"), "1", "approved", "yes")
    client.set_registered_model_tag(named("model-untag"), "approved", "yes")
    for what in ("regrant", "take-back"):
        grant(what, "READ")


def grant(what: str, level: str) -> None:
    if IS_OLD:
        permissions.create_registered_model_permission(named(what), OTHER, level)
    else:
        permissions.grant_user_permission(OTHER, "registered_model", named(what), level)


def take_back(what: str) -> None:
    if IS_OLD:
        permissions.delete_registered_model_permission(named(what), OTHER)
    else:
        permissions.revoke_user_permission(OTHER, "registered_model", named(what))


def doors() -> Iterator[tuple[str, Callable[..., Any], tuple[Any, ...]]]:
    yield "stage", client.transition_model_version_stage, (named("stage"), "1", "Production")
    yield "stage, archiving", client.transition_model_version_stage, (named("stage"), "1", "Production", True)
    yield "alias", client.set_registered_model_alias, (named("alias"), "champion", "1")
    yield "unalias", client.delete_registered_model_alias, (named("unalias"), "champion")
    yield "tag", client.set_model_version_tag, (named("tag"), "1", "approved", "yes")
    yield "untag", client.delete_model_version_tag, (named("untag"), "1", "approved")
    yield "model tag", client.set_registered_model_tag, (named("model-tag"), "approved", "yes")
    yield "model untag", client.delete_registered_model_tag, (named("model-untag"), "approved")
    yield "delete version", client.delete_model_version, (named("delete-version"), "1")
    yield "delete", client.delete_registered_model, (named("delete"),)
    yield "rename", client.rename_registered_model, (named("rename"), named("renamed"))
    yield "copy", client.copy_model_version, (f"models:/{named('copy')}/1", named("copied"))
    yield "grant", grant, ("grant", "EDIT")
    yield "take back", take_back, ("take-back",)
    if IS_OLD:
        yield "regrant", permissions.update_registered_model_permission, (named("regrant"), OTHER, "EDIT")
    yield "born approved", client.create_model_version, (named("born"), SOURCE, None, {"approved": "yes"})
    yield "born with the model", client.create_registered_model, (named("newborn"), {"approved": "yes"})
    yield "born unapproved", client.create_model_version, (named("born"), SOURCE)


def say(**told: str) -> None:
    print(json.dumps(told), flush=True)  # noqa: T201  the answer goes to whoever started this


def knock() -> None:
    for what, call, given in doors():
        try:
            call(*given)
            say(door=what, code="", message="")
        except MlflowException as refused:
            say(door=what, code=refused.error_code, message=str(refused))
    say(door="")


if __name__ == "__main__":
    prepare()
    say(door="")
    for _ in sys.stdin:
        knock()

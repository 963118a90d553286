"""What people do by Databricks' client: `python workspace_script.py URL ada=TOKEN …`. Prints what they saw, as JSON.

This file is run by the Python under test: it may import nothing of the project.
"""

import json
import sys

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import DatabricksError


def refused(call, **fields):  # noqa: ANN001, ANN003, ANN201  what the client gives is for the client to say
    try:
        call(**fields)
    except DatabricksError as error:
        return [type(error).__name__, error.error_code, str(error).split(" Config: ")[0]]
    return None


def activity(found):  # noqa: ANN001, ANN201
    return [found.activity_type.value, found.from_stage, found.to_stage, found.user_id, found.comment]


def actions(client, **version):  # noqa: ANN001, ANN003, ANN201
    raw = client.api_client.do("GET", "/api/2.0/mlflow/transition-requests/list", query=version)
    return [request.get("available_actions", []) for request in raw["requests"]]


def protected(people):  # noqa: ANN001, ANN201
    """Two of the reviewers have to agree."""
    ada, rita, ivan = (people[name].model_registry for name in ("ada", "rita", "ivan"))
    version = {"name": "fraud", "version": "2"}
    production = version | {"stage": "Production"}
    asked = ada.create_transition_request(**production, comment="better on the holdout").request
    listed = list(rita.list_transition_requests(**version))
    seen = {
        "asked": [asked.to_stage, asked.user_id, asked.comment, [each.value for each in asked.available_actions]],
        "listed": [activity(each) for each in listed],
        "of rita": actions(people["rita"], **version),
        "moved unasked": refused(ada.transition_stage, **production, archive_existing_versions=True, comment="now"),
        "approved her own": refused(ada.approve_transition_request, **production, archive_existing_versions=False),
        "without editing": refused(rita.approve_transition_request, **production, archive_existing_versions=True),
        "first": activity(ivan.approve_transition_request(**production, archive_existing_versions=True).activity),
        "again": refused(ivan.approve_transition_request, **production, archive_existing_versions=True),
        "otherwise": refused(rita.approve_transition_request, **production, archive_existing_versions=False),
    }
    seen["second"] = activity(
        rita.approve_transition_request(**production, archive_existing_versions=True, comment="agreed").activity
    )
    seen["left"] = list(rita.list_transition_requests(**version))
    seen["stages"] = [ada.get_model_version("fraud", number).model_version.current_stage for number in ("1", "2")]
    seen["asked again"] = refused(ada.create_transition_request, **production)
    return seen


def unprotected(people):  # noqa: ANN001, ANN201
    """Whoever manages the model decides, and not whoever asked."""
    ada, mona = people["ada"].model_registry, people["mona"].model_registry
    staging = {"name": "fraud", "version": "3", "stage": "Staging"}
    ada.create_transition_request(**staging)
    seen = {
        "of another": refused(mona.delete_transition_request, **staging, creator="mona"),
        "withdrawn": activity(ada.delete_transition_request(**staging, creator="ada", comment="later").activity),
        "gone": refused(mona.approve_transition_request, **staging, archive_existing_versions=False),
    }
    ada.create_transition_request(**staging)
    seen["without a reason"] = refused(mona.reject_transition_request, **staging)
    seen["rejected"] = activity(mona.reject_transition_request(**staging, comment="no").activity)
    ada.create_transition_request(**staging)
    applied = mona.approve_transition_request(**staging, archive_existing_versions=False)
    seen["applied"] = activity(applied.activity)
    moved = ada.transition_stage(name="fraud", version="3", stage="Archived", archive_existing_versions=False)
    found = moved.model_version_databricks
    seen["moved"] = [found.current_stage, found.permission_level.value, found.open_requests]
    model = mona.get_model("fraud").registered_model_databricks
    seen["model"] = [model.name, model.permission_level.value, model.user_id, bool(model.id)]
    seen["latest"] = sorted(each.version for each in model.latest_versions)
    return seen


def comments(people):  # noqa: ANN001, ANN201
    ada, rita = people["ada"].model_registry, people["rita"].model_registry
    made = rita.create_comment("fraud", "2", "Which holdout?").comment
    changed = rita.update_comment(made.id, "Which holdout, of May?").comment
    seen = {
        "made": [made.comment, made.user_id, [each.value for each in made.available_actions]],
        "changed": [changed.id == made.id, changed.comment],
        "by another": refused(ada.update_comment, id=made.id, comment="x"),
        "hidden": refused(people["eve"].model_registry.update_comment, id=made.id, comment="x"),
        "empty": refused(rita.create_comment, name="fraud", version="2", comment=" "),
    }
    rita.delete_comment(made.id)
    seen["deleted"] = refused(rita.update_comment, id=made.id, comment="x")
    return seen


def mistakes(people):  # noqa: ANN001, ANN201
    ada, eve = people["ada"].model_registry, people["eve"].model_registry
    asking = ada.create_transition_request
    return {
        "no such stage": refused(asking, name="fraud", version="2", stage="Nowhere"),
        "no such version": refused(asking, name="fraud", version="9", stage="Staging"),
        "no number": refused(asking, name="fraud", version="one", stage="Staging"),
        "hidden": refused(eve.create_transition_request, name="fraud", version="2", stage="Staging"),
        "null": refused(asking, name="fraud", version="2", stage="Staging", comment="a\0b"),
        "long": refused(asking, name="fraud", version="2", stage="Staging", comment="a" * 100_000),
        "archiving": refused(
            ada.approve_transition_request, name="fraud", version="2", stage="None", archive_existing_versions=True
        ),
    }


def main(url: str, *tokens: str) -> None:
    named = (token.split("=", 1) for token in tokens)
    people = {name: WorkspaceClient(host=url, token=token) for name, token in named}
    parts = (protected, unprotected, comments, mistakes)
    sys.stdout.write(json.dumps({part.__name__: part(people) for part in parts}))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""What people do by Databricks' client: `python script.py URL RECEIVER ada=TOKEN …`. Prints what they saw, as JSON.

This file is run by the Python under test: it may import nothing of the project.
"""

import json
import sys

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import DatabricksError
from databricks.sdk.service.ml import (
    HttpUrlSpec,
    JobSpec,
    RegisteredModelAccessControlRequest,
    RegisteredModelPermissionLevel,
    RegistryWebhookEvent,
    RegistryWebhookStatus,
)


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
    seen["by e-mail"] = found.email_subscription_status.value
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


def shown(webhook):  # noqa: ANN001, ANN201
    events = sorted(event.value for event in webhook.events)
    spec = webhook.http_url_spec
    return [events, webhook.status.value, webhook.model_name, webhook.description, spec.enable_ssl_verification]


def webhooks(people, receiver):  # noqa: ANN001, ANN201
    """Everything that there is to be told, on one model; what is sent is for the receiver to say."""
    admin, ada, mona = (people[name].model_registry for name in ("admin", "ada", "mona"))
    spec = HttpUrlSpec(url=f"{receiver}/told", authorization="Bearer let-me-in", secret="s3cret")
    told = admin.create_webhook([RegistryWebhookEvent.TRANSITION_REQUEST_CREATED], http_url_spec=spec).webhook
    everything = list(RegistryWebhookEvent)
    made = admin.create_webhook(
        everything, http_url_spec=HttpUrlSpec(url=f"{receiver}/all"), model_name="fraud", description="CI"
    ).webhook
    quiet = admin.create_webhook(
        everything, http_url_spec=HttpUrlSpec(url=f"{receiver}/never"), status=RegistryWebhookStatus.TEST_MODE
    ).webhook
    seen = {
        "made": shown(made),
        "all events": sorted(event.value for event in everything),
        "listed": [each.id for each in admin.list_webhooks(max_results=1)] == [quiet.id, made.id, told.id],
        "of the model": [each.id for each in admin.list_webhooks(model_name="fraud")] == [made.id],
        "of an event": len(list(admin.list_webhooks(events=[RegistryWebhookEvent.COMMENT_CREATED]))),
    }
    event = RegistryWebhookEvent
    to_staging = [event.TRANSITION_REQUEST_TO_STAGING_CREATED, event.MODEL_VERSION_TRANSITIONED_TO_STAGING]
    spec_of_some = HttpUrlSpec(url=f"{receiver}/some", enable_ssl_verification=False)
    some = admin.create_webhook([*to_staging, event.REGISTERED_MODEL_CREATED], http_url_spec=spec_of_some).webhook
    seen["unverified"] = shown(some)[-1]
    staging = {"name": "fraud", "version": "3", "stage": "Staging"}
    ada.create_transition_request(**staging, comment="please")
    ada.create_comment("fraud", "3", "See the report.")
    mona.approve_transition_request(**staging, archive_existing_versions=False)
    ada.set_model_version_tag("fraud", "3", "checked", "yes")
    ada.create_model_version("fraud", "s3://bucket/fraud")
    ada.create_model("other")
    tested = admin.test_registry_webhook(quiet.id, event=RegistryWebhookEvent.MODEL_VERSION_TRANSITIONED_TO_PRODUCTION)
    seen["tested"] = [tested.status_code, tested.body]
    changed = admin.update_webhook(quiet.id, status=RegistryWebhookStatus.DISABLED, description="off").webhook
    seen["changed"] = shown(changed)[1:4]
    seen["nobody else"] = refused(ada.create_webhook, events=everything, http_url_spec=spec)
    seen["inside"] = refused(
        admin.create_webhook, events=everything, http_url_spec=HttpUrlSpec(url="http://169.254.169.254/")
    )
    seen["without events"] = refused(admin.create_webhook, events=[], http_url_spec=spec)
    job = JobSpec(job_id="1", access_token="t")
    seen["a job"] = refused(admin.create_webhook, events=everything, job_spec=job)
    admin.delete_webhook(quiet.id)
    seen["deleted"] = refused(admin.test_registry_webhook, id=quiet.id)
    return seen


def held(found):  # noqa: ANN001, ANN201
    return {
        each.user_name or each.group_name: each.all_permissions[0].permission_level.value
        for each in found.access_control_list
    }


def permissions(people):  # noqa: ANN001, ANN201
    """By the id of the model; a client that is to hold less by its own words holds EDIT."""
    mona, ada = people["mona"].model_registry, people["ada"].model_registry
    key = mona.get_model("fraud").registered_model_databricks.id
    ask = RegisteredModelAccessControlRequest
    level = RegisteredModelPermissionLevel
    seen = {
        "before": held(mona.get_permissions(key)),
        "levels": [each.permission_level.value for each in mona.get_permission_levels(key).permission_levels],
        "refused": refused(ada.get_permissions, registered_model_id=key),
        "unknown": refused(mona.get_permissions, registered_model_id="none"),
        "nobody": refused(
            mona.update_permissions,
            registered_model_id=key,
            access_control_list=[ask(permission_level=level.CAN_READ)],
        ),
    }
    team = [ask(group_name="Risk", permission_level=level.CAN_MANAGE_STAGING_VERSIONS)]
    seen["updated"] = held(mona.update_permissions(key, access_control_list=team))
    few = [ask(user_name=name, permission_level=level.CAN_MANAGE) for name in ("mona", "vera")]
    seen["set"] = held(mona.set_permissions(key, access_control_list=few))
    return seen


def main(url: str, receiver: str, *tokens: str) -> None:
    named = (token.split("=", 1) for token in tokens)
    people = {name: WorkspaceClient(host=url, token=token) for name, token in named}
    parts = (protected, unprotected, comments, mistakes)
    seen = {part.__name__: part(people) for part in parts}
    sys.stdout.write(json.dumps(seen | {"webhooks": webhooks(people, receiver), "permissions": permissions(people)}))


if __name__ == "__main__":
    main(*sys.argv[1:])

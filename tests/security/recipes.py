"""For every call of both APIs the least that makes it succeed in the world of `world.py`.

`$name` stands for what the world calls so. Fields that the path names go there; the rest is the query of a GET or
DELETE and of what takes a file's bytes, or the JSON body of anything else.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

IN_QUERY = ("GET", "DELETE")

Fields = dict[str, Any]

RECIPES: dict[str, Fields] = {
    "POST /api/2.0/mlflow/experiments/create": {"name": "fresh"},
    "GET /api/2.0/mlflow/experiments/get": {"experiment_id": "$experiment"},
    "GET /api/2.0/mlflow/experiments/get-by-name": {"experiment_name": "$experiment_name"},
    "GET /api/2.0/mlflow/experiments/search": {"max_results": 100},
    "POST /api/2.0/mlflow/experiments/search": {"max_results": 100},
    "POST /api/2.0/mlflow/experiments/search-datasets": {"experiment_ids": ["$experiment"]},
    "POST /api/2.0/mlflow/experiments/delete": {"experiment_id": "$experiment"},
    "POST /api/2.0/mlflow/experiments/restore": {"experiment_id": "$retired"},
    "POST /api/2.0/mlflow/experiments/update": {"experiment_id": "$experiment", "new_name": "renamed"},
    "POST /api/2.0/mlflow/experiments/set-experiment-tag": {"experiment_id": "$experiment", "key": "a", "value": "b"},
    "POST /api/2.0/mlflow/experiments/delete-experiment-tag": {"experiment_id": "$experiment", "key": "team"},
    "POST /api/2.0/mlflow/experiments/permissions/create": {
        "experiment_id": "$experiment",
        "username": "subject",
        "permission": "READ",
    },
    "GET /api/2.0/mlflow/experiments/permissions/get": {"experiment_id": "$experiment", "username": "reader"},
    "PATCH /api/2.0/mlflow/experiments/permissions/update": {
        "experiment_id": "$experiment",
        "username": "reader",
        "permission": "EDIT",
    },
    "DELETE /api/2.0/mlflow/experiments/permissions/delete": {"experiment_id": "$experiment", "username": "reader"},
    "POST /api/2.0/mlflow/runs/create": {"experiment_id": "$experiment", "start_time": 1},
    "POST /api/2.0/mlflow/runs/update": {"run_id": "$run", "status": "FINISHED", "end_time": 2},
    "POST /api/2.0/mlflow/runs/delete": {"run_id": "$run"},
    "POST /api/2.0/mlflow/runs/restore": {"run_id": "$deleted_run"},
    "GET /api/2.0/mlflow/runs/get": {"run_id": "$run"},
    "POST /api/2.0/mlflow/runs/search": {"experiment_ids": ["$experiment"]},
    "POST /api/2.0/mlflow/runs/log-metric": {"run_id": "$run", "key": "loss", "value": 0.5, "timestamp": 9, "step": 9},
    "POST /api/2.0/mlflow/runs/log-parameter": {"run_id": "$run", "key": "depth", "value": "3"},
    "POST /api/2.0/mlflow/runs/log-batch": {
        "run_id": "$run",
        "metrics": [{"key": "loss", "value": 0.5, "timestamp": 9, "step": 9}],
        "params": [{"key": "depth", "value": "3"}],
        "tags": [{"key": "kind", "value": "b"}],
    },
    "POST /api/2.0/mlflow/runs/set-tag": {"run_id": "$run", "key": "kind", "value": "b"},
    "POST /api/2.0/mlflow/runs/delete-tag": {"run_id": "$run", "key": "kind"},
    "POST /api/2.0/mlflow/runs/log-model": {
        "run_id": "$run",
        "model_json": '{"artifact_path": "m", "flavors": {}, "utc_time_created": "2026-01-01", "run_id": "$run"}',
    },
    "POST /api/2.0/mlflow/runs/log-inputs": {
        "run_id": "$run",
        "datasets": [{"dataset": {"name": "d", "digest": "1", "source_type": "local", "source": "d.csv"}}],
        "models": [{"model_id": "$model"}],
    },
    "POST /api/2.0/mlflow/runs/outputs": {"run_id": "$run", "models": [{"model_id": "$model", "step": 1}]},
    "GET /api/2.0/mlflow/metrics/get-history": {"run_id": "$run", "metric_key": "loss"},
    "GET /api/2.0/mlflow/metrics/get-history-bulk": {"run_id": ["$run"], "metric_key": "loss"},
    "GET /api/2.0/mlflow/metrics/get-history-bulk-interval": {"run_ids": ["$run"], "metric_key": "loss"},
    "POST /api/2.0/mlflow/logged-models": {"experiment_id": "$experiment", "name": "fresh"},
    "POST /api/2.0/mlflow/logged-models/search": {"experiment_ids": ["$experiment"]},
    "GET /api/2.0/mlflow/logged-models/{model_id}": {"model_id": "$model"},
    "PATCH /api/2.0/mlflow/logged-models/{model_id}": {"model_id": "$model", "status": "LOGGED_MODEL_READY"},
    "DELETE /api/2.0/mlflow/logged-models/{model_id}": {"model_id": "$model"},
    "PATCH /api/2.0/mlflow/logged-models/{model_id}/tags": {"model_id": "$model", "tags": [{"key": "a", "value": "b"}]},
    "DELETE /api/2.0/mlflow/logged-models/{model_id}/tags/{tag_key}": {"model_id": "$model", "tag_key": "kind"},
    "POST /api/2.0/mlflow/logged-models/{model_id}/params": {
        "model_id": "$model",
        "params": [{"key": "a", "value": "b"}],
    },
    "GET /api/2.0/mlflow/logged-models/{model_id}/artifacts/directories": {"model_id": "$model"},
    "GET /api/2.0/mlflow/logged-models/{model_id}/artifacts/files": {
        "model_id": "$model",
        "artifact_file_path": "$file",
    },
    "GET /api/2.0/mlflow/artifacts/list": {"run_id": "$run"},
    "GET /get-artifact": {"run_id": "$run", "path": "$file"},
    "GET /model-versions/get-artifact": {"name": "$registered", "version": "1", "path": "$file"},
    "POST /api/2.0/mlflow/upload-artifact": {"run_uuid": "$run", "path": "new.txt"},
    "POST /api/2.0/mlflow/artifacts/presigned-upload-url": {"run_id": "$run", "path": "new.txt"},
    "POST /api/2.0/mlflow/artifacts/presigned-download-url": {"run_id": "$run", "path": "$file"},
    "GET /api/2.0/mlflow-artifacts/artifacts": {"path": "$proxied_folder"},
    "GET /api/2.0/mlflow-artifacts/artifacts/{artifact_path}": {"artifact_path": "$proxied_file"},
    "PUT /api/2.0/mlflow-artifacts/artifacts/{artifact_path}": {"artifact_path": "$proxied_folder/new.txt"},
    "DELETE /api/2.0/mlflow-artifacts/artifacts/{artifact_path}": {"artifact_path": "$proxied_file"},
    "POST /api/2.0/mlflow-artifacts/mpu/create/{artifact_path}": {
        "artifact_path": "$proxied_folder",
        "path": "big.bin",
        "num_parts": 2,
    },
    "POST /api/2.0/mlflow-artifacts/mpu/complete/{artifact_path}": {
        "artifact_path": "$proxied_folder",
        "path": "big.bin",
        "upload_id": "u",
        "parts": [{"part_number": 1, "etag": "e"}],
    },
    "POST /api/2.0/mlflow-artifacts/mpu/abort/{artifact_path}": {
        "artifact_path": "$proxied_folder",
        "path": "big.bin",
        "upload_id": "u",
    },
    "GET /api/2.0/mlflow-artifacts/presigned/{artifact_path}": {"artifact_path": "$proxied_file"},
    "POST /api/2.0/mlflow/registered-models/create": {"name": "fresh"},
    "GET /api/2.0/mlflow/registered-models/get": {"name": "$registered"},
    "GET /api/2.0/mlflow/registered-models/search": {},
    "GET /api/2.0/mlflow/registered-models/get-latest-versions": {"name": "$registered"},
    "POST /api/2.0/mlflow/registered-models/get-latest-versions": {"name": "$registered"},
    "PATCH /api/2.0/mlflow/registered-models/update": {"name": "$registered", "description": "changed"},
    "POST /api/2.0/mlflow/registered-models/rename": {"name": "$registered", "new_name": "renamed"},
    "DELETE /api/2.0/mlflow/registered-models/delete": {"name": "$registered"},
    "POST /api/2.0/mlflow/registered-models/set-tag": {"name": "$registered", "key": "a", "value": "b"},
    "DELETE /api/2.0/mlflow/registered-models/delete-tag": {"name": "$registered", "key": "team"},
    "POST /api/2.0/mlflow/registered-models/alias": {"name": "$registered", "alias": "fresh", "version": "1"},
    "GET /api/2.0/mlflow/registered-models/alias": {"name": "$registered", "alias": "champion"},
    "DELETE /api/2.0/mlflow/registered-models/alias": {"name": "$registered", "alias": "champion"},
    "POST /api/2.0/mlflow/registered-models/permissions/create": {
        "name": "$registered",
        "username": "subject",
        "permission": "READ",
    },
    "GET /api/2.0/mlflow/registered-models/permissions/get": {"name": "$registered", "username": "reader"},
    "PATCH /api/2.0/mlflow/registered-models/permissions/update": {
        "name": "$registered",
        "username": "reader",
        "permission": "EDIT",
    },
    "DELETE /api/2.0/mlflow/registered-models/permissions/delete": {"name": "$registered", "username": "reader"},
    "POST /api/2.0/mlflow/model-versions/create": {"name": "$registered", "source": "$source", "run_id": "$run"},
    "GET /api/2.0/mlflow/model-versions/get": {"name": "$registered", "version": "1"},
    "GET /api/2.0/mlflow/model-versions/search": {},
    "GET /api/2.0/mlflow/model-versions/get-download-uri": {"name": "$registered", "version": "1"},
    "PATCH /api/2.0/mlflow/model-versions/update": {"name": "$registered", "version": "1", "description": "changed"},
    "POST /api/2.0/mlflow/model-versions/transition-stage": {
        "name": "$registered",
        "version": "1",
        "stage": "Staging",
        "archive_existing_versions": False,
    },
    "DELETE /api/2.0/mlflow/model-versions/delete": {"name": "$registered", "version": "1"},
    "POST /api/2.0/mlflow/model-versions/set-tag": {"name": "$registered", "version": "1", "key": "a", "value": "b"},
    "DELETE /api/2.0/mlflow/model-versions/delete-tag": {"name": "$registered", "version": "1", "key": "kind"},
    "POST /api/2.0/mlflow/transition-requests/create": {"name": "$registered", "version": "1", "stage": "Staging"},
    "POST /api/2.0/mlflow/transition-requests/approve": {
        "name": "$asked_for",
        "version": "1",
        "stage": "Staging",
        "archive_existing_versions": False,
    },
    "POST /api/2.0/mlflow/transition-requests/reject": {
        "name": "$asked_for",
        "version": "1",
        "stage": "Staging",
        "comment": "no",
    },
    "DELETE /api/2.0/mlflow/transition-requests/delete": {
        "name": "$asked_for",
        "version": "1",
        "stage": "Staging",
        "creator": "editor",
    },
    "GET /api/2.0/mlflow/transition-requests/list": {"name": "$registered", "version": "1"},
    "POST /api/2.0/mlflow/databricks/model-versions/transition-stage": {
        "name": "$registered",
        "version": "1",
        "stage": "Staging",
        "archive_existing_versions": False,
    },
    "GET /api/2.0/mlflow/databricks/registered-models/get": {"name": "$registered"},
    "POST /api/2.0/mlflow/comments/create": {"name": "$registered", "version": "1", "comment": "why?"},
    "PATCH /api/2.0/mlflow/comments/update": {"id": "$comment", "comment": "why not?"},
    "DELETE /api/2.0/mlflow/comments/delete": {"id": "$comment"},
    "POST /api/2.0/mlflow/registry-webhooks/create": {
        "events": ["TRANSITION_REQUEST_CREATED"],
        "http_url_spec": {"url": "https://8.8.8.8/hook", "secret": "s", "authorization": "Bearer t"},
        "model_name": "$registered",
    },
    "GET /api/2.0/mlflow/registry-webhooks/list": {},
    "PATCH /api/2.0/mlflow/registry-webhooks/update": {"id": "$registry_webhook", "status": "TEST_MODE"},
    "DELETE /api/2.0/mlflow/registry-webhooks/delete": {"id": "$registry_webhook"},
    "POST /api/2.0/mlflow/registry-webhooks/test": {"id": "$registry_webhook", "event": "COMMENT_CREATED"},
    "GET /api/2.0/permissions/registered-models/{registered_model_id}": {"registered_model_id": "$registered_id"},
    "PUT /api/2.0/permissions/registered-models/{registered_model_id}": {
        "registered_model_id": "$registered_id",
        "access_control_list": [{"user_name": "subject", "permission_level": "CAN_READ"}],
    },
    "PATCH /api/2.0/permissions/registered-models/{registered_model_id}": {
        "registered_model_id": "$registered_id",
        "access_control_list": [{"group_name": "risk", "permission_level": "CAN_EDIT"}],
    },
    "GET /api/2.0/permissions/registered-models/{registered_model_id}/permissionLevels": {
        "registered_model_id": "$registered_id"
    },
    "POST /api/2.0/mlflow/users/create": {"username": "fresh", "password": "correct horse battery"},
    "GET /api/2.0/mlflow/users/get": {"username": "subject"},
    "GET /api/2.0/mlflow/users/current": {},
    "GET /api/2.0/mlflow/users/list": {},
    "POST /api/3.0/mlflow/roles/create": {"workspace": "default", "name": "fresh"},
    "GET /api/3.0/mlflow/roles/get": {"role_id": "$team"},
    "GET /api/3.0/mlflow/roles/list": {"workspace": "default"},
    "PATCH /api/3.0/mlflow/roles/update": {"role_id": "$team", "description": "changed"},
    "DELETE /api/3.0/mlflow/roles/delete": {"role_id": "$team"},
    "POST /api/3.0/mlflow/roles/permissions/add": {
        "role_id": "$team",
        "resource_type": "registered_model",
        "resource_pattern": "$registered",
        "permission": "READ",
    },
    "DELETE /api/3.0/mlflow/roles/permissions/remove": {"role_permission_id": "$team_permission"},
    "GET /api/3.0/mlflow/roles/permissions/list": {"role_id": "$team"},
    "PATCH /api/3.0/mlflow/roles/permissions/update": {
        "role_permission_id": "$team_permission",
        "permission": "EDIT",
    },
    "POST /api/3.0/mlflow/roles/assign": {"role_id": "$team", "username": "subject"},
    "DELETE /api/3.0/mlflow/roles/unassign": {"role_id": "$team", "username": "reader"},
    "GET /api/3.0/mlflow/roles/users/list": {"role_id": "$team"},
    "GET /api/3.0/mlflow/users/roles/list": {"username": "reader"},
    "GET /api/3.0/mlflow/users/current/permissions": {},
    "POST /api/3.0/mlflow/users/permissions/grant": {
        "username": "subject",
        "resource_type": "experiment",
        "resource_id": "$experiment",
        "permission": "READ",
    },
    "POST /api/3.0/mlflow/users/permissions/revoke": {
        "username": "reader",
        "resource_type": "experiment",
        "resource_id": "$experiment",
    },
    "GET /api/3.0/mlflow/users/permissions/get": {
        "username": "reader",
        "resource_type": "experiment",
        "resource_id": "$experiment",
    },
    "GET /api/3.0/mlflow/users/permissions/list": {"username": "reader"},
    "PATCH /api/2.0/mlflow/users/update-password": {"username": "subject", "password": "another horse battery"},
    "PATCH /api/2.0/mlflow/users/update-admin": {"username": "subject", "is_admin": True},
    "DELETE /api/2.0/mlflow/users/delete": {"username": "reader"},
    "POST /api/2.0/mlflow/webhooks": {
        "name": "fresh",
        "url": "https://8.8.8.8/hook",
        "events": [{"entity": "MODEL_VERSION", "action": "CREATED"}],
        "secret": "s",
    },
    "GET /api/2.0/mlflow/webhooks": {},
    "GET /api/2.0/mlflow/webhooks/{webhook_id}": {"webhook_id": "$webhook"},
    "PATCH /api/2.0/mlflow/webhooks/{webhook_id}": {"webhook_id": "$webhook", "name": "renamed", "status": "DISABLED"},
    "DELETE /api/2.0/mlflow/webhooks/{webhook_id}": {"webhook_id": "$webhook"},
    "POST /api/2.0/mlflow/webhooks/{webhook_id}/test": {
        "webhook_id": "$webhook",
        "event": {"entity": "MODEL_VERSION", "action": "CREATED"},
    },
    "GET /api/3.0/mlflow/server-info": {},
    "GET /api/v1/me": {},
    "GET /api/v1/people": {},
    "POST /api/v1/people": {"username": "fresh", "password": "correct horse battery"},
    "GET /api/v1/people/{username}": {"username": "subject"},
    "PATCH /api/v1/people/{username}": {"username": "subject", "is_active": False},
    "DELETE /api/v1/people/{username}": {"username": "reader"},
    "POST /api/v1/people/{username}/password": {"username": "subject", "password": "another horse battery"},
    "GET /api/v1/service-accounts": {},
    "POST /api/v1/service-accounts": {"username": "fresh", "owner": "subject"},
    "GET /api/v1/service-accounts/{username}": {"username": "robot"},
    "PATCH /api/v1/service-accounts/{username}": {"username": "robot", "is_active": False},
    "DELETE /api/v1/service-accounts/{username}": {"username": "robot"},
    "GET /api/v1/teams": {},
    "POST /api/v1/teams": {"name": "fresh"},
    "GET /api/v1/teams/{id}": {"id": "$team"},
    "PATCH /api/v1/teams/{id}": {"id": "$team", "description": "changed"},
    "DELETE /api/v1/teams/{id}": {"id": "$team"},
    "GET /api/v1/teams/{id}/members": {"id": "$team"},
    "PUT /api/v1/teams/{id}/members/{username}": {"id": "$team", "username": "subject"},
    "DELETE /api/v1/teams/{id}/members/{username}": {"id": "$team", "username": "reader"},
    "GET /api/v1/tokens": {},
    "POST /api/v1/tokens": {"name": "fresh"},
    "GET /api/v1/tokens/{id}": {"id": "$token"},
    "DELETE /api/v1/tokens/{id}": {"id": "$token"},
    "GET /api/v1/experiments/{experiment_id}/permissions": {"experiment_id": "$experiment"},
    "PUT /api/v1/experiments/{experiment_id}/permissions": {
        "experiment_id": "$experiment",
        "user": "subject",
        "permission": "READ",
    },
    "DELETE /api/v1/experiments/{experiment_id}/permissions": {"experiment_id": "$experiment", "user": "reader"},
    "GET /api/v1/webhooks/{webhook_id}/deliveries": {"webhook_id": "$webhook"},
    "POST /api/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/replay": {
        "webhook_id": "$webhook",
        "delivery_id": "$delivery",
    },
    "GET /api/v1/registered-models/{name}/permissions": {"name": "$registered"},
    "PUT /api/v1/registered-models/{name}/permissions": {
        "name": "$registered",
        "user": "subject",
        "permission": "READ",
    },
    "DELETE /api/v1/registered-models/{name}/permissions": {"name": "$registered", "user": "reader"},
    "GET /api/v1/registered-models/{name}/as-of": {"name": "$registered", "stage": "None"},
    "GET /api/v1/registered-models/{name}/versions/{version}/card": {"name": "$registered", "version": "1"},
    "PUT /api/v1/registered-models/{name}/versions/{version}/card": {
        "name": "$registered",
        "version": "1",
        "sections": {"data": "changed"},
        "based_on": 1,
    },
    "GET /api/v1/registered-models/{name}/versions/{version}/card/diff": {
        "name": "$registered",
        "version": "1",
        "from": 0,
        "to": 1,
    },
    "GET /api/v1/registered-models/{name}/versions/{version}/card/revisions": {"name": "$registered", "version": "1"},
    "GET /api/v1/registered-models/{name}/versions/{version}/card/revisions/{number}": {
        "name": "$registered",
        "version": "1",
        "number": 1,
    },
    "GET /api/v1/registered-models/{name}/versions/{version}/content": {"name": "$registered", "version": "1"},
    "GET /api/v1/registered-models/{name}/versions/{version}/content/files": {"name": "$registered", "version": "1"},
    "POST /api/v1/registered-models/{name}/versions/{version}/content/verification": {
        "name": "$registered",
        "version": "1",
    },
    "POST /api/v1/registered-models/{name}/versions/{version}/scans": {"name": "$registered", "version": "1"},
    "GET /api/v1/registered-models/{name}/versions/{version}/scans": {"name": "$registered", "version": "1"},
    "GET /api/v1/registered-models/{name}/versions/{version}/sbom": {"name": "$registered", "version": "1"},
    "GET /api/v1/registered-models/{name}/versions/{version}/images": {"name": "$served", "version": "1"},
    "POST /api/v1/registered-models/{name}/versions/{version}/images": {
        "name": "$served",
        "version": "1",
        "resolve": True,
    },
    "GET /api/v1/images/{id}": {"id": "$image"},
    "GET /api/v1/deployments": {"model": "$served"},
    "GET /api/v1/deployments/{name}": {"name": "$deployment"},
    "DELETE /api/v1/deployments/{name}": {"name": "$idle_deployment"},
    "POST /api/v1/deployments/{name}/stop": {"name": "$deployment"},
    "GET /api/v1/deployments/{name}/rollouts": {"name": "$deployment"},
    "POST /api/v1/deployments/{name}/rollouts": {"name": "fresh", "model": "$served", "version": "1", "reason": "new"},
    "POST /api/v1/deployments/{name}/invocations": {"name": "$deployment", "inputs": [[1]]},
    "GET /api/v1/deployments/{name}/ping": {"name": "$deployment"},
    "GET /api/v1/lineage": {"node": "version:$registered/1"},
    "GET /api/v1/model-versions/{name}/{version}/evidence": {"name": "$governed", "version": "1"},
    "GET /api/v1/model-versions/{name}/{version}/promotion": {"name": "$governed", "version": "1", "alias": "next"},
    "POST /api/v1/model-versions/{name}/{version}/promotion": {"name": "$governed", "version": "1", "alias": "next"},
    "GET /api/v1/change-requests": {},
    "GET /api/v1/change-requests/{id}": {"id": "$request"},
    "POST /api/v1/change-requests/{id}/approve": {"id": "$request", "seen": "$evidence"},
    "POST /api/v1/change-requests/{id}/reject": {"id": "$request", "comment": "no"},
    "POST /api/v1/change-requests/{id}/cancel": {"id": "$request"},
    "POST /api/v1/change-requests/{id}/comments": {"id": "$request", "text": "why?"},
    "POST /api/v1/change-requests/{id}/look": {"id": "$request"},
    "POST /api/v1/change-requests/{id}/revalidate": {"id": "$applied_request"},
    "GET /api/v1/gates": {},
    "GET /api/v1/policies": {},
    "GET /api/v1/policies/{name}": {"name": "$policy"},
    "PUT /api/v1/policies/{name}": {"name": "$policy", "document": {"protects": {"alias": ["*"]}}},
    "GET /api/v1/policies/{name}/revisions": {"name": "$policy"},
    "POST /api/v1/policies/{name}/publish": {"name": "$policy", "reason": "stricter"},
    "POST /api/v1/policies/{name}/retire": {"name": "$policy", "reason": "no longer needed"},
    "GET /api/v1/notices": {},
    "GET /api/v1/notices/{id}": {"id": "$notice"},
    "POST /api/v1/notices/{id}/read": {"id": "$notice"},
    "POST /api/v1/notices/read-all": {},
    "GET /api/v1/notices/preferences": {},
    "PUT /api/v1/notices/preferences": {"choices": [{"event": "opened", "ways": ["app", "email"]}]},
    "GET /api/v1/legal-holds": {},
    "POST /api/v1/legal-holds": {"model": "fresh", "reason": "a case"},
    "GET /api/v1/legal-holds/{id}": {"id": "$hold"},
    "POST /api/v1/legal-holds/{id}/lift": {"id": "$hold", "reason": "closed"},
}
STREAMED = ("PUT /api/2.0/mlflow-artifacts/artifacts/{artifact_path}", "POST /api/2.0/mlflow/upload-artifact")


@dataclass(frozen=True)
class Call:
    """A recipe with the world's names filled in."""

    method: str
    path: str
    query: dict[str, Any] = field(default_factory=dict)
    body: bytes = b""
    content_type: str = "application/json"


def filled(recipe: str, names: dict[str, str], **changes: Any) -> Call:
    """The call that `recipe` (a key of RECIPES) makes, with `changes` to its fields."""
    method, path = recipe.split(" ")
    fields = fields_of(recipe, names) | changes
    for name in re.findall(r"{(\w+)}", path):
        path = path.replace(f"{{{name}}}", str(fields.pop(name)))
    if recipe in STREAMED:
        return Call(method, path, fields, b"bytes", "application/octet-stream")
    if method in IN_QUERY:
        return Call(method, path, fields)
    return Call(method, path, body=json.dumps(fields).encode())


def fields_of(recipe: str, names: dict[str, str]) -> Fields:
    """The recipe's fields with the world's names filled in."""
    return {name: _filled(value, names) for name, value in RECIPES[recipe].items()}


def _filled(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, str):
        return re.sub(r"\$(\w+)", lambda found: names[found[1]], value)
    if isinstance(value, dict):
        return {key: _filled(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, names) for item in value]
    return value

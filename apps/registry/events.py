"""What webhooks can be told of: MLflow's events with the fields of its payloads, and our own.

MLflow's clients have no words for our own: they can neither ask for these events nor read a webhook that has them, so
lists on the wire leave those out.
(Source of the fields: MLflow 3.17 `webhooks/types.py`.)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlregistry.errors import InvalidParameter
from mlregistry.wire.schema import WireEnum


class WebhookEntity(WireEnum):
    """MLflow's in the order of their numbers, then ours."""

    REGISTERED_MODEL = "REGISTERED_MODEL"
    MODEL_VERSION = "MODEL_VERSION"
    MODEL_VERSION_TAG = "MODEL_VERSION_TAG"
    MODEL_VERSION_ALIAS = "MODEL_VERSION_ALIAS"
    PROMPT = "PROMPT"
    PROMPT_VERSION = "PROMPT_VERSION"
    PROMPT_TAG = "PROMPT_TAG"
    PROMPT_VERSION_TAG = "PROMPT_VERSION_TAG"
    PROMPT_ALIAS = "PROMPT_ALIAS"
    BUDGET_POLICY = "BUDGET_POLICY"
    MODEL_VERSION_STAGE = "MODEL_VERSION_STAGE"
    MODEL_VERSION_SCAN = "MODEL_VERSION_SCAN"
    CHANGE_REQUEST = "CHANGE_REQUEST"
    DEPLOYMENT = "DEPLOYMENT"


class WebhookAction(WireEnum):
    CREATED = "CREATED"
    UPDATED = "UPDATED"
    DELETED = "DELETED"
    SET = "SET"
    EXCEEDED = "EXCEEDED"
    OPENED = "OPENED"
    APPROVED = "APPROVED"
    APPLIED = "APPLIED"
    REJECTED = "REJECTED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    STALE = "STALE"
    FAILED = "FAILED"
    GLASS_BROKEN = "GLASS_BROKEN"
    REVALIDATION_DUE = "REVALIDATION_DUE"
    TAKEN_BACK = "TAKEN_BACK"
    LIVE = "LIVE"
    STOPPED = "STOPPED"


_OURS = (
    WebhookEntity.MODEL_VERSION_STAGE,
    WebhookEntity.MODEL_VERSION_SCAN,
    WebhookEntity.CHANGE_REQUEST,
    WebhookEntity.DEPLOYMENT,
)
_DELETED = (WebhookEntity.REGISTERED_MODEL, WebhookEntity.MODEL_VERSION)


@dataclass(frozen=True, eq=False)
class Event:
    """Something that happens to an entity. `example` has every field of its payload; a test call sends it."""

    entity: WebhookEntity
    action: WebhookAction
    example: Mapping[str, Any]

    @property
    def name(self) -> str:
        """As it is kept and shown: MODEL_VERSION.CREATED."""
        return f"{self.entity}.{self.action}"

    @property
    def is_mlflows(self) -> bool:
        """Whether MLflow's clients have a word for it."""
        deleted = self.entity in _DELETED and self.action is WebhookAction.DELETED
        return self.entity not in _OURS and not deleted


EVENTS: dict[str, Event] = {}
"""Every event, by its name."""


def _event(entity: WebhookEntity, action: WebhookAction, /, **example: Any) -> Event:
    event = Event(entity, action, example)
    EVENTS[event.name] = event
    return event


def event_of(entity: WebhookEntity, action: WebhookAction) -> Event:
    """The event of this name; raises `InvalidParameter` with what the entity can be told of."""
    found = EVENTS.get(f"{entity}.{action}")
    if found is None:
        actions = sorted(event.action.lower() for event in EVENTS.values() if event.entity is entity)
        raise InvalidParameter(
            f"Invalid action '{action.lower()}' for entity '{entity.lower()}'. Valid actions are: {actions}"
        )
    return found


_MODEL = {"name": "example_model"}
_VERSION = _MODEL | {"version": "1"}
_PROMPT = {"name": "example_prompt"}
_PROMPT_VERSION = _PROMPT | {"version": "1"}
_TAGS = {"tags": {"example_key": "example_value"}}
_KEY = {"key": "example_key"}
_TAG = _KEY | {"value": "example_value"}
_ALIAS = {"alias": "example_alias"}

REGISTERED_MODEL_CREATED = _event(
    WebhookEntity.REGISTERED_MODEL,
    WebhookAction.CREATED,
    **_MODEL,
    **_TAGS,
    description="An example registered model",
)
MODEL_VERSION_CREATED = _event(
    WebhookEntity.MODEL_VERSION,
    WebhookAction.CREATED,
    **_VERSION,
    source="models:/123",
    run_id="abcd1234abcd5678",
    **_TAGS,
    description="An example model version",
)
MODEL_VERSION_TAG_SET = _event(WebhookEntity.MODEL_VERSION_TAG, WebhookAction.SET, **_VERSION, **_TAG)
MODEL_VERSION_TAG_DELETED = _event(WebhookEntity.MODEL_VERSION_TAG, WebhookAction.DELETED, **_VERSION, **_KEY)
MODEL_VERSION_ALIAS_CREATED = _event(
    WebhookEntity.MODEL_VERSION_ALIAS, WebhookAction.CREATED, **_MODEL, **_ALIAS, version="1"
)
MODEL_VERSION_ALIAS_DELETED = _event(WebhookEntity.MODEL_VERSION_ALIAS, WebhookAction.DELETED, **_MODEL, **_ALIAS)
PROMPT_CREATED = _event(
    WebhookEntity.PROMPT, WebhookAction.CREATED, **_PROMPT, **_TAGS, description="An example prompt"
)
PROMPT_VERSION_CREATED = _event(
    WebhookEntity.PROMPT_VERSION,
    WebhookAction.CREATED,
    **_PROMPT_VERSION,
    template="Hello {{name}}!",
    **_TAGS,
    description="An example prompt version",
)
PROMPT_TAG_SET = _event(WebhookEntity.PROMPT_TAG, WebhookAction.SET, **_PROMPT, **_TAG)
PROMPT_TAG_DELETED = _event(WebhookEntity.PROMPT_TAG, WebhookAction.DELETED, **_PROMPT, **_KEY)
PROMPT_VERSION_TAG_SET = _event(WebhookEntity.PROMPT_VERSION_TAG, WebhookAction.SET, **_PROMPT_VERSION, **_TAG)
PROMPT_VERSION_TAG_DELETED = _event(WebhookEntity.PROMPT_VERSION_TAG, WebhookAction.DELETED, **_PROMPT_VERSION, **_KEY)
PROMPT_ALIAS_CREATED = _event(WebhookEntity.PROMPT_ALIAS, WebhookAction.CREATED, **_PROMPT, **_ALIAS, version="1")
PROMPT_ALIAS_DELETED = _event(WebhookEntity.PROMPT_ALIAS, WebhookAction.DELETED, **_PROMPT, **_ALIAS)
BUDGET_POLICY_EXCEEDED = _event(  # MLflow's clients may ask for it; this server has no budgets that could be exceeded
    WebhookEntity.BUDGET_POLICY,
    WebhookAction.EXCEEDED,
    budget_policy_id="bp-abc123",
    budget_unit="USD",
    budget_amount=100.0,
    current_spend=105.50,
    duration_unit="MONTHS",
    duration_value=1,
    target_scope="ENDPOINT",
    workspace="default",
    target_value="ep-abc123",
    window_start=1704067200000,
)

REGISTERED_MODEL_DELETED = _event(WebhookEntity.REGISTERED_MODEL, WebhookAction.DELETED, **_MODEL)
MODEL_VERSION_DELETED = _event(WebhookEntity.MODEL_VERSION, WebhookAction.DELETED, **_VERSION)
MODEL_VERSION_STAGE_UPDATED = _event(
    WebhookEntity.MODEL_VERSION_STAGE, WebhookAction.UPDATED, **_VERSION, from_stage="Staging", to_stage="Production"
)
MODEL_VERSION_SCAN_CREATED = _event(
    WebhookEntity.MODEL_VERSION_SCAN, WebhookAction.CREATED, **_VERSION, verdict="clean", findings=0
)
_REQUEST = {
    "id": "7",
    "kind": "change",
    "state": "open",
    "action": "registry.set_stage",
    "object": "example_model",
    "subject": "1",
    "target": "Production",
    "summary": "move example_model version 1 to Production",
    "requester": "ada",
    "by": "ada",
    "outcome": "",
    "valid_until": None,
    "url": "https://ml.example.org/admin/reviews/7/",
}
CHANGE_REQUEST = {
    action: _event(WebhookEntity.CHANGE_REQUEST, action, **_REQUEST)
    for action in (
        WebhookAction.OPENED,
        WebhookAction.APPROVED,
        WebhookAction.APPLIED,
        WebhookAction.REJECTED,
        WebhookAction.CANCELLED,
        WebhookAction.EXPIRED,
        WebhookAction.STALE,
        WebhookAction.FAILED,
        WebhookAction.GLASS_BROKEN,
        WebhookAction.REVALIDATION_DUE,
        WebhookAction.TAKEN_BACK,
    )
}
"""What becomes of change requests, by how it is called."""

_ROLLOUT = {"name": "example-deployment", "model": "example_model", "version": "1", "number": 3}
"""By `number` the messages about one rollout are told from those about others of the deployment."""
DEPLOYMENT_LIVE = _event(WebhookEntity.DEPLOYMENT, WebhookAction.LIVE, **_ROLLOUT)
DEPLOYMENT_FAILED = _event(
    WebhookEntity.DEPLOYMENT, WebhookAction.FAILED, **_ROLLOUT, message="It did not answer within 120 seconds."
)
DEPLOYMENT_STOPPED = _event(WebhookEntity.DEPLOYMENT, WebhookAction.STOPPED, **_ROLLOUT, by="ada")

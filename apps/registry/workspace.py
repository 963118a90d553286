"""The words of a workspace registry, as Databricks' clients know them, and what they mean here."""

from mlregistry.errors import InvalidParameter
from mlregistry.levels import Level
from mlregistry.wire.schema import WireEnum


class PermissionLevel(WireEnum):
    CAN_READ = "CAN_READ"
    CAN_EDIT = "CAN_EDIT"
    CAN_MANAGE_STAGING_VERSIONS = "CAN_MANAGE_STAGING_VERSIONS"
    CAN_MANAGE_PRODUCTION_VERSIONS = "CAN_MANAGE_PRODUCTION_VERSIONS"
    CAN_MANAGE = "CAN_MANAGE"


class ActivityType(WireEnum):
    APPLIED_TRANSITION = "APPLIED_TRANSITION"
    REQUESTED_TRANSITION = "REQUESTED_TRANSITION"
    CANCELLED_REQUEST = "CANCELLED_REQUEST"
    APPROVED_REQUEST = "APPROVED_REQUEST"
    REJECTED_REQUEST = "REJECTED_REQUEST"
    SYSTEM_TRANSITION = "SYSTEM_TRANSITION"
    NEW_COMMENT = "NEW_COMMENT"


class AvailableAction(WireEnum):
    APPROVE_TRANSITION_REQUEST = "APPROVE_TRANSITION_REQUEST"
    REJECT_TRANSITION_REQUEST = "REJECT_TRANSITION_REQUEST"
    CANCEL_TRANSITION_REQUEST = "CANCEL_TRANSITION_REQUEST"
    EDIT_COMMENT = "EDIT_COMMENT"
    DELETE_COMMENT = "DELETE_COMMENT"


class EmailSubscription(WireEnum):
    """Whom this server writes to, its own settings say; there is nothing to subscribe to by this wire."""

    ALL_EVENTS = "ALL_EVENTS"
    DEFAULT = "DEFAULT"
    SUBSCRIBED = "SUBSCRIBED"
    UNSUBSCRIBED = "UNSUBSCRIBED"


class RegistryWebhookStatus(WireEnum):
    ACTIVE = "ACTIVE"
    DISABLED = "DISABLED"
    TEST_MODE = "TEST_MODE"
    """Sends when it is tested, and nothing of what happens."""


class RegistryEvent(WireEnum):
    REGISTERED_MODEL_CREATED = "REGISTERED_MODEL_CREATED"
    MODEL_VERSION_CREATED = "MODEL_VERSION_CREATED"
    MODEL_VERSION_TAG_SET = "MODEL_VERSION_TAG_SET"
    COMMENT_CREATED = "COMMENT_CREATED"
    MODEL_VERSION_TRANSITIONED_STAGE = "MODEL_VERSION_TRANSITIONED_STAGE"
    MODEL_VERSION_TRANSITIONED_TO_STAGING = "MODEL_VERSION_TRANSITIONED_TO_STAGING"
    MODEL_VERSION_TRANSITIONED_TO_PRODUCTION = "MODEL_VERSION_TRANSITIONED_TO_PRODUCTION"
    MODEL_VERSION_TRANSITIONED_TO_ARCHIVED = "MODEL_VERSION_TRANSITIONED_TO_ARCHIVED"
    TRANSITION_REQUEST_CREATED = "TRANSITION_REQUEST_CREATED"
    TRANSITION_REQUEST_TO_STAGING_CREATED = "TRANSITION_REQUEST_TO_STAGING_CREATED"
    TRANSITION_REQUEST_TO_PRODUCTION_CREATED = "TRANSITION_REQUEST_TO_PRODUCTION_CREATED"
    TRANSITION_REQUEST_TO_ARCHIVED_CREATED = "TRANSITION_REQUEST_TO_ARCHIVED_CREATED"


def transitioned(stage: str) -> list[RegistryEvent]:
    """The events of a version's having come to this stage, the general one first."""
    return _with_stage(RegistryEvent.MODEL_VERSION_TRANSITIONED_STAGE, f"MODEL_VERSION_TRANSITIONED_TO_{stage.upper()}")


def requested(stage: str) -> list[RegistryEvent]:
    return _with_stage(RegistryEvent.TRANSITION_REQUEST_CREATED, f"TRANSITION_REQUEST_TO_{stage.upper()}_CREATED")


def _with_stage(general: RegistryEvent, own: str) -> list[RegistryEvent]:
    """Stages of this server's own, and None, have no event of their own."""
    return [general, RegistryEvent(own)] if own in RegistryEvent.__members__ else [general]


_OURS = {
    PermissionLevel.CAN_READ: Level.READ,
    PermissionLevel.CAN_EDIT: Level.EDIT,
    # Who may move versions to a stage is what policies say, not a level: what these have in common is EDIT.
    PermissionLevel.CAN_MANAGE_STAGING_VERSIONS: Level.EDIT,
    PermissionLevel.CAN_MANAGE_PRODUCTION_VERSIONS: Level.EDIT,
    PermissionLevel.CAN_MANAGE: Level.MANAGE,
}
_THEIRS = {
    Level.READ: PermissionLevel.CAN_READ,
    Level.USE: PermissionLevel.CAN_READ,
    Level.EDIT: PermissionLevel.CAN_EDIT,
    Level.MANAGE: PermissionLevel.CAN_MANAGE,
}


def ours(level: PermissionLevel) -> Level:
    return _OURS[level]


def theirs(level: Level) -> PermissionLevel:
    """What a level that can see an object is called there; there is no word for one that cannot."""
    if level not in _THEIRS:
        raise InvalidParameter(f"{level.name} has no name in a workspace registry.")
    return _THEIRS[level]

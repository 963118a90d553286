"""Requests and answers of a workspace registry's webhook calls (source: databricks-sdk 0.156, `service/ml.py`)."""

from typing import Any

from apps.registry.workspace import RegistryEvent, RegistryWebhookStatus
from mlregistry.wire.answers import Answer
from mlregistry.wire.schema import Int32, Required, Schema


class HttpUrlSpec(Schema, kw_only=True):
    url: Required
    authorization: str | None = None
    secret: str | None = None
    enable_ssl_verification: bool | None = None


class CreateRegistryWebhook(Schema, kw_only=True):
    events: list[RegistryEvent]
    http_url_spec: HttpUrlSpec | None = None
    job_spec: Any = None
    model_name: str = ""
    description: str = ""
    status: RegistryWebhookStatus = RegistryWebhookStatus.ACTIVE


class ListRegistryWebhooks(Schema, kw_only=True):
    events: list[RegistryEvent] = []
    model_name: str = ""
    max_results: Int32 = 100
    page_token: str = ""


class NameRegistryWebhook(Schema, kw_only=True):
    id: Required


class UpdateRegistryWebhook(NameRegistryWebhook, kw_only=True):
    """What is not given stays as it is; an empty secret or authorization takes it away."""

    events: list[RegistryEvent] | None = None
    http_url_spec: HttpUrlSpec | None = None
    job_spec: Any = None
    description: str | None = None
    status: RegistryWebhookStatus | None = None


class TestRegistryWebhook(NameRegistryWebhook, kw_only=True):
    event: RegistryEvent | None = None


class ShownUrlSpec(Answer, kw_only=True):
    url: str
    enable_ssl_verification: bool


class RegistryWebhook(Answer, kw_only=True):
    id: str
    events: list[RegistryEvent]
    status: RegistryWebhookStatus
    http_url_spec: ShownUrlSpec
    creation_timestamp: int
    last_updated_timestamp: int
    model_name: str = ""
    description: str = ""


class RegistryWebhookAnswer(Answer, kw_only=True):
    webhook: RegistryWebhook


class RegistryWebhookPage(Answer, kw_only=True):
    webhooks: list[RegistryWebhook] = []
    next_page_token: str = ""


class RegistryWebhookTested(Answer, kw_only=True):
    """The body is this server's sentence: whoever tests an address does not get to read what is there."""

    status_code: int = 0
    body: str = ""

"""A gate that asks somebody else: what is proposed goes out signed, and yes or no comes back."""

import json
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import msgspec
from django.conf import settings
from django.utils import timezone

from apps.audit.plain import plain
from apps.governance.actions import Proposal, action_named
from apps.governance.gates import Verdict
from apps.registry.gates.base import Unknown, VersionGate
from apps.registry.models import ModelVersion
from apps.registry.services.deliveries import headers_of
from mlregistry import outgoing
from mlregistry.printable import printable

LONGEST_URL = 500
LONGEST_SENTENCE = 500
LONGEST_WAIT_S = 60.0


class WebhookTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where to ask, and how long to wait. The secret that signs is the server's: policies are read by many."""

    url: str
    timeout: float = outgoing.ANSWER_WITHIN_S

    def __post_init__(self) -> None:
        if len(self.url) > LONGEST_URL:
            raise ValueError(f"url has at most {LONGEST_URL} characters")
        if why := why_not_asked(self.url):
            raise ValueError(why)
        if not 0 < self.timeout <= LONGEST_WAIT_S:
            raise ValueError(f"timeout is a number of seconds, at most {LONGEST_WAIT_S:g}")


class Answer(msgspec.Struct, frozen=True):
    """What has to come back, as JSON with status 200. All else is a no."""

    passed: bool
    sentence: str


class ExternalWebhook(VersionGate):
    name, title, is_quick = "external_webhook", "External webhook said yes", False
    Terms = WebhookTerms

    def look_at(self, version: ModelVersion, terms: WebhookTerms, proposal: Proposal) -> Verdict:
        if not settings.MLREGISTRY_GATE_SECRET:
            raise Unknown(
                "External gates are not asked: this server has no secret to sign with (MLREGISTRY_GATE_SECRET)."
            )
        if why := why_not_asked(terms.url):  # settings may have changed since the policy was written
            raise Unknown(f"{terms.url} is not asked: {why}.")
        delivery_id, host = uuid4(), urlsplit(terms.url).hostname
        body = _body(version, proposal)
        headers = headers_of(body, delivery_id=delivery_id, secret=settings.MLREGISTRY_GATE_SECRET)
        try:
            reply = outgoing.post(
                terms.url, content=body.encode(), headers=headers, timeout=terms.timeout, keep_content=True
            )
        except outgoing.OutgoingFailed as failed:
            raise Unknown(failed.message) from None
        if reply.status != HTTPStatus.OK:
            raise Unknown(f"{host} answered {reply.status} ({reply.reason}), where 200 is asked.")
        try:
            answer = msgspec.json.decode(reply.content, type=Answer)
        except (msgspec.DecodeError, UnicodeDecodeError):  # its words would quote what the other side sent
            raise Unknown(
                f'{host} answered something else than {{"passed": true or false, "sentence": "…"}}.'
            ) from None
        said = printable(answer.sentence.strip(), LONGEST_SENTENCE) or "it gave no reason"
        data = {"delivery": str(delivery_id), "passed": answer.passed}
        return Verdict(answer.passed, f"{host} said {'yes' if answer.passed else 'no'}: {said}", data)


def why_not_asked(url: str) -> str:
    """What is wrong with the address, or nothing. Answers come by TLS, except from hosts that the settings name."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return "url is no URL"
    if not host or parts.username is not None or parts.password is not None:
        return "url names a host, and no user"
    allowed = {entry.lower() for entry in settings.MLREGISTRY_OUTGOING_ALLOW}
    if parts.scheme == "https" or (parts.scheme == "http" and host.lower() in allowed):
        return ""
    return "url begins with https://, or with http:// where MLREGISTRY_OUTGOING_ALLOW names the host"


def _body(version: ModelVersion, proposal: Proposal) -> str:
    """As MLflow's webhooks are: what is proposed, and the evidence that it is judged on."""
    data: dict[str, Any] = {
        "proposal": proposal.action,
        "name": proposal.object_name,
        "version": str(version.version),
        "target": proposal.target,
        "payload": plain(proposal.payload),
        "run_id": version.run_id,
        "source": version.source,
        "evidence": plain(action_named(proposal.action).evidence(proposal)),
    }
    return json.dumps(
        {"entity": "change_request", "action": "judged", "timestamp": timezone.now().isoformat(), "data": data}
    )

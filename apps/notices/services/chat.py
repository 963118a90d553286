"""A notice for the channel that all share: what Slack's incoming webhooks take, and with them most other chats'."""

import json
from http import HTTPStatus

from django.conf import settings

from apps.notices.models import Notice
from apps.notices.services.outcomes import Failed
from mlregistry import outgoing


def send(notice: Notice) -> None:
    """One attempt; raises `Failed`. The address is a secret, so nothing that is kept or shown repeats it."""
    content = json.dumps({"text": text_of(notice)}).encode()
    try:
        reply = outgoing.post(
            settings.MLREGISTRY_SLACK_WEBHOOK, content=content, headers={"Content-Type": "application/json"}
        )
    except outgoing.OutgoingFailed as failed:
        raise Failed(failed.message) from None
    if not HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES:
        again = reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR or reply.status == HTTPStatus.TOO_MANY_REQUESTS
        raise Failed(f"The channel answered {reply.status} ({reply.reason}).", may_retry=again)


def text_of(notice: Notice) -> str:
    address = f"{settings.MLREGISTRY_URL}{notice.address}"
    lines = [f"<{address}|Change request {notice.request_id}>: {harmless(notice.sentence)}"]
    if notice.detail:
        lines.append("\n".join(f"> {line}" for line in harmless(notice.detail).splitlines()))
    return "\n".join(lines)


def harmless(text: str) -> str:
    """People's words as words: no link and no call of everybody in the channel, in Slack's spelling or with an @."""
    for sign, instead in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("@", "@\u200b")):
        text = text.replace(sign, instead)
    return text

"""Page tokens: where the last page ended, opaque to clients and useless for anything else.

A token holds the values that the last row was ordered by (keyset paging: right while rows are added), signed together
with the question it belongs to: only this server makes one, and it fits no other question. It grants nothing: every
page is authorised anew.
"""

import base64
import hmac
from typing import Any

import msgspec
from django.utils.crypto import salted_hmac

from mlregistry.errors import InvalidParameter

INVALID = "Invalid page token: send the next_page_token of the previous answer, with the same filter and order."


def encode(position: list[Any], *, question: Any) -> str:
    """The token for the row at `position` in the answer to `question` (any JSON-encodable value)."""
    return base64.urlsafe_b64encode(msgspec.json.encode([_signature(question, position), position])).decode()


def decode(token: str, *, question: Any, length: int) -> list[Any] | None:
    """The position of `length` values in `token`, None for the empty token; `InvalidParameter` for any other."""
    if not token:
        return None
    try:
        signature, position = msgspec.json.decode(base64.urlsafe_b64decode(token.encode()), type=tuple[str, list[Any]])
    except (ValueError, msgspec.DecodeError, RecursionError):
        raise InvalidParameter(INVALID) from None
    # Compared as bytes: a forged signature need not be ASCII, which the comparison of texts insists on.
    if not hmac.compare_digest(signature.encode(), _signature(question, position).encode()) or len(position) != length:
        raise InvalidParameter(INVALID)
    return position


def _signature(question: Any, position: list[Any]) -> str:
    return salted_hmac("mlregistry.wire.pages", msgspec.json.encode([question, position])).hexdigest()[:32]

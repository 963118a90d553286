"""Secrets at rest: sealed with a key derived from SECRET_KEY, so that a copy of the database alone tells none."""

import base64
from functools import cache

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from mlregistry.errors import InternalError

KEY_BYTES = 32


def seal(text: str, purpose: str) -> str:
    """`text` as only `unseal` with the same purpose can read it. Sealing twice gives two different texts."""
    return _cipher(settings.SECRET_KEY, purpose).encrypt(text.encode()).decode()


def unseal(sealed: str, purpose: str) -> str:
    """What was sealed for this purpose; raises `InternalError` when it was not, or by another SECRET_KEY."""
    try:
        return _cipher(settings.SECRET_KEY, purpose).decrypt(sealed).decode()
    except InvalidToken:
        raise InternalError(
            f"The {purpose} was sealed with another MLREGISTRY_SECRET_KEY: bring that key back, or set it anew."
        ) from None


@cache
def _cipher(secret_key: str, purpose: str) -> Fernet:
    """Each purpose has its own key: what is sealed for one cannot be passed off as sealed for another."""
    derived = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=f"mlregistry {purpose}".encode())
    return Fernet(base64.urlsafe_b64encode(derived.derive(secret_key.encode())))

"""How a token is written: `mlr_`, the part that finds it, `_`, the part that nobody keeps."""

import hashlib
import re
import secrets

MARK = "mlr_"
PREFIX_BYTES = 8
SECRET_BYTES = 32

_FORM = re.compile(r"mlr_([0-9a-f]{16})_[A-Za-z0-9_-]{43}")


def make() -> tuple[str, str, str]:
    """A new token: (the token itself, its prefix, its digest)."""
    prefix = secrets.token_hex(PREFIX_BYTES)
    token = f"{MARK}{prefix}_{secrets.token_urlsafe(SECRET_BYTES)}"
    return token, prefix, digest(token)


def prefix_of(token: str) -> str | None:
    """The part that finds the token; None for what cannot be one."""
    found = _FORM.fullmatch(token)
    return found[1] if found else None


def digest(token: str) -> str:
    """SHA-256 suffices where the secret is 256 random bits: there is nothing to guess."""
    return hashlib.sha256(token.encode()).hexdigest()

"""The server's signature: an Ed25519 key that is made at the first start, or that MLREGISTRY_SIGNING_KEY names.

A key is called by the SHA-256 of its public half as a JSON Web Key (RFC 7638), so whoever holds the key knows its name.
The public halves are published at `/.well-known/mlregistry-keys.json`. To rotate, keep the old key's public half (PEM)
as `keys/retired/<any name>.pub` in MLREGISTRY_DATA: what it signed stays valid.
"""

import base64
import hashlib
import json
import os
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from mlregistry.settings.keys import keep


def sign(message: bytes) -> tuple[str, str]:
    """The signature of `message` in base64, and the name of the key that made it."""
    key = _private_key()
    return base64.b64encode(key.sign(message)).decode(), key_id(key.public_key())


def verify(message: bytes, signature: str, key: str) -> bool:
    """Whether the key of that name, which is or was this server's, signed exactly `message`."""
    public = public_keys().get(key)
    if public is None:
        return False
    try:
        public.verify(base64.b64decode(signature, validate=True), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def public_keys() -> dict[str, Ed25519PublicKey]:
    """The key that signs now, then those that did, by name."""
    keys = [_private_key().public_key(), *_retired_keys()]
    return {key_id(key): key for key in keys}


def key_set() -> dict[str, list[dict[str, str]]]:
    """The public keys as a JSON Web Key Set (RFC 7517, RFC 8037)."""
    about = {"use": "sig", "alg": "EdDSA"}
    return {"keys": [{**_jwk(key), "kid": name, **about} for name, key in public_keys().items()]}


def key_id(key: Ed25519PublicKey) -> str:
    """The key's JWK thumbprint (RFC 7638)."""
    canonical = json.dumps(_jwk(key), sort_keys=True, separators=(",", ":"))
    return _base64url(hashlib.sha256(canonical.encode()).digest())


def check_keys() -> None:
    """Raise `ImproperlyConfigured` if a key that is there is none. Makes nothing: settings are checked before that."""
    if settings.MLREGISTRY_SIGNING_KEY or os.access(_own_key(), os.F_OK):
        _private_key()
    _retired_keys()


def _private_key() -> Ed25519PrivateKey:
    given = settings.MLREGISTRY_SIGNING_KEY
    path = Path(given) if given else _own_key()
    try:
        content = _read(path) if given else keep(path, _new_key).encode()
        key = load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):  # TypeError: it has a password
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise ImproperlyConfigured(
            f"The signing key {path} is no Ed25519 private key in PEM without a password. "
            "Name one in MLREGISTRY_SIGNING_KEY, made by: openssl genpkey -algorithm ed25519"
        )
    return key


def _retired_keys() -> list[Ed25519PublicKey]:
    found = []
    for path in sorted((settings.MLREGISTRY_DATA / "keys" / "retired").glob("*.pub")):
        try:
            key = load_pem_public_key(_read(path))
        except (ValueError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, Ed25519PublicKey):
            raise ImproperlyConfigured(f"The retired key {path} is no Ed25519 public key in PEM: mend it or remove it.")
        found.append(key)
    return found


def _own_key() -> Path:
    return Path(settings.MLREGISTRY_DATA / "keys" / "signing.pem")


def _new_key() -> str:
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ImproperlyConfigured(f"Cannot read the key {path}: {error.strerror}.") from None


def _jwk(key: Ed25519PublicKey) -> dict[str, str]:
    """The members that make the key what it is."""
    return {"crv": "Ed25519", "kty": "OKP", "x": _base64url(key.public_bytes(Encoding.Raw, PublicFormat.Raw))}


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()

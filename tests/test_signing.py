"""The server's signature: anybody can check it with the published keys, and one other byte voids it."""

import base64
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from pytest_django import Settings

from mlregistry import signing
from mlregistry.checks import TAG
from tests.live import PROJECT, clean_environment

KEYS = "/.well-known/mlregistry-keys.json"
MESSAGE = b"what was registered"


@pytest.fixture(autouse=True)
def data(settings: Settings, tmp_path: Path) -> Path:
    """An empty data folder."""
    settings.MLREGISTRY_DATA = tmp_path / "data"
    settings.MLREGISTRY_SIGNING_KEY = ""
    return tmp_path / "data"


def pem(key: Any, password: bytes = b"") -> bytes:
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    return bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))


def retire(data: Path, name: str = "2026") -> None:
    """What an operator does to rotate the key, by cryptography instead of openssl."""
    signing.public_keys()
    old = data / "keys" / "signing.pem"
    public = signing._private_key().public_key()  # noqa: SLF001  the half that openssl would print
    (data / "keys" / "retired").mkdir(exist_ok=True)
    (data / "keys" / "retired" / f"{name}.pub").write_bytes(
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    old.unlink()


def published(client: Client) -> dict[str, dict[str, str]]:
    """The published keys by their names."""
    return {key["kid"]: key for key in client.get(KEYS).json()["keys"]}


def wrong_settings() -> list[str]:
    return [str(found.msg) for found in checks.run_checks(tags=[TAG]) if found.id == "mlregistry.E010"]


def test_what_was_signed_is_verified_and_nothing_else_is() -> None:
    signature, key = signing.sign(MESSAGE)
    flipped = bytearray(base64.b64decode(signature))
    flipped[7] ^= 1

    assert signing.verify(MESSAGE, signature, key)
    assert not signing.verify(MESSAGE[:-1] + b"x", signature, key)
    assert not signing.verify(MESSAGE, base64.b64encode(bytes(flipped)).decode(), key)
    assert not signing.verify(MESSAGE, signature, "another")
    for nonsense in ("", "no base64!", "AAAA", signature[:-4], "ä"):
        assert not signing.verify(MESSAGE, nonsense, key)


def test_the_key_is_made_once_and_for_its_owner_alone(data: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: signing.sign(MESSAGE), range(32)))

    assert len(made) == 1
    kept = data / "keys" / "signing.pem"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    assert [path.name for path in kept.parent.iterdir()] == ["signing.pem"]


def test_the_name_of_a_key_is_its_thumbprint_as_in_the_example_of_rfc_8037() -> None:
    x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    public = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(x + "="))

    assert signing.key_id(public) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_anybody_can_check_a_signature_with_the_published_key(client: Client) -> None:
    signature, name = signing.sign(MESSAGE)
    key = published(client)[name]
    x = base64.urlsafe_b64decode(key["x"] + "=" * (-len(key["x"]) % 4))
    public = Ed25519PublicKey.from_public_bytes(x)

    public.verify(base64.b64decode(signature), MESSAGE)
    with pytest.raises(InvalidSignature):
        public.verify(base64.b64decode(signature), MESSAGE + b"!")
    assert {name: key[name] for name in ("kty", "crv", "use", "alg")} == {
        "kty": "OKP",
        "crv": "Ed25519",
        "use": "sig",
        "alg": "EdDSA",
    }


@pytest.mark.parametrize("mode", ["all", "artifacts-only", "no-artifacts"])
def test_the_keys_are_published_whatever_the_server_serves(client: Client, settings: Settings, mode: str) -> None:
    settings.MLREGISTRY_SERVE = mode

    answer = client.get(KEYS)

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    assert [sorted(key) for key in answer.json()["keys"]] == [["alg", "crv", "kid", "kty", "use", "x"]]
    assert b"PRIVATE" not in answer.content
    assert client.head(KEYS).status_code == 200
    assert client.post(KEYS).status_code == 405


def test_what_a_retired_key_signed_stays_valid(client: Client, data: Path) -> None:
    signed = [signing.sign(MESSAGE)]
    retire(data)
    signed.append(signing.sign(MESSAGE))
    retire(data, "2027")
    signed.append(signing.sign(MESSAGE))

    assert len({key for _, key in signed}) == 3
    assert all(signing.verify(MESSAGE, *each) for each in signed)
    assert next(iter(published(client))) == signed[2][1]
    assert set(published(client)) == {key for _, key in signed}


def test_a_key_that_is_gone_verifies_nothing(data: Path) -> None:
    signature, key = signing.sign(MESSAGE)
    (data / "keys" / "signing.pem").unlink()

    assert not signing.verify(MESSAGE, signature, key)


def test_a_named_key_is_used_and_no_other_is_made(settings: Settings, data: Path, tmp_path: Path) -> None:
    own = Ed25519PrivateKey.generate()
    (tmp_path / "own.pem").write_bytes(pem(own))
    settings.MLREGISTRY_SIGNING_KEY = str(tmp_path / "own.pem")

    signature, key = signing.sign(MESSAGE)

    own.public_key().verify(base64.b64decode(signature), MESSAGE)
    assert key == signing.key_id(own.public_key())
    assert not data.exists()
    assert wrong_settings() == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "Cannot read the key"),
        (b"", "is no Ed25519 private key in PEM without a password"),
        (b"\xff\xfe", "is no Ed25519 private key in PEM without a password"),
        (pem(generate_private_key(SECP256R1())), "is no Ed25519 private key in PEM without a password"),
        (pem(Ed25519PrivateKey.generate(), b"secret"), "is no Ed25519 private key in PEM without a password"),
    ],
    ids=["absent", "empty", "binary", "elliptic curve", "with a password"],
)
def test_a_wrong_key_is_refused_before_the_start(
    settings: Settings, data: Path, tmp_path: Path, content: bytes | None, said: str
) -> None:
    named, own = tmp_path / "wrong.pem", data / "keys" / "signing.pem"
    own.parent.mkdir(parents=True)
    for path, given in ((named, str(named)), (own, "")):
        if content is not None:
            path.write_bytes(content)
        settings.MLREGISTRY_SIGNING_KEY = given
        if content is not None or given:
            (line,) = wrong_settings()
            assert said in line
            assert str(path) in line
            with pytest.raises(ImproperlyConfigured):
                signing.sign(MESSAGE)


def test_a_retired_key_that_is_none_is_refused_before_the_start(data: Path) -> None:
    retire(data)
    (data / "keys" / "retired" / "broken.pub").write_text("no key")

    (line,) = wrong_settings()

    assert "broken.pub is no Ed25519 public key in PEM" in line


def test_checking_the_settings_makes_nothing(data: Path) -> None:
    assert wrong_settings() == []
    assert not data.exists()


def test_a_server_refuses_to_start_with_a_wrong_key(tmp_path: Path) -> None:
    environment = clean_environment() | {
        "MLREGISTRY_DATA": str(tmp_path / "served"),
        "MLREGISTRY_SIGNING_KEY": str(tmp_path / "nowhere.pem"),
    }
    command = [sys.executable, "manage.py", "serve"]
    ended = subprocess.run(
        command, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )

    assert ended.returncode == 1
    assert (ended.stdout + ended.stderr).splitlines() == [
        f"Cannot read the key {tmp_path / 'nowhere.pem'}: No such file or directory."
    ]

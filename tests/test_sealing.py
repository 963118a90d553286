"""Secrets at rest: readable by this server's key, for their own purpose, and by nothing else."""

from typing import Any

import pytest

from mlregistry.errors import InternalError
from mlregistry.sealing import seal, unseal


@pytest.mark.parametrize("text", ["", "s3cret", "schlüssel\n\N{KEY}", "x" * 10_000])
def test_what_was_sealed_is_read_again(text: str) -> None:
    assert unseal(seal(text, "webhook secret"), "webhook secret") == text


def test_nothing_of_the_text_shows_and_no_two_seals_are_the_same() -> None:
    sealed = seal("s3cret", "webhook secret")
    assert "s3cret" not in sealed
    assert sealed != seal("s3cret", "webhook secret")


def test_a_seal_for_one_purpose_is_none_for_another() -> None:
    with pytest.raises(InternalError):
        unseal(seal("s3cret", "webhook secret"), "provider key")


def test_another_key_reads_nothing_and_says_what_to_do(settings: Any) -> None:
    sealed = seal("s3cret", "webhook secret")
    settings.SECRET_KEY = "another-key-" + "1" * 40
    with pytest.raises(InternalError, match="sealed with another MLREGISTRY_SECRET_KEY"):
        unseal(sealed, "webhook secret")


def test_a_seal_that_was_changed_is_refused() -> None:
    sealed = seal("s3cret", "webhook secret")
    with pytest.raises(InternalError):
        unseal(sealed[:-4] + "AAA=", "webhook secret")
    with pytest.raises(InternalError):
        unseal("no seal at all", "webhook secret")

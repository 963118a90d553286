"""Page tokens come from this server and fit the question they were given for."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlregistry.errors import InvalidParameter
from mlregistry.wire import pages

QUESTION = ["loss > 1", ["1", "2"]]
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
POSITIONS = st.lists(st.none() | st.booleans() | NUMBERS | st.text(), max_size=4)


@given(position=POSITIONS)
def test_a_token_brings_back_the_position(position: list[Any]) -> None:
    token = pages.encode(position, question=QUESTION)
    assert pages.decode(token, question=QUESTION, length=len(position)) == position
    assert token.isascii()


def test_no_token_is_the_first_page() -> None:
    assert pages.decode("", question=QUESTION, length=2) is None


def test_a_token_of_another_question_is_refused() -> None:
    token = pages.encode([1], question=QUESTION)
    with pytest.raises(InvalidParameter, match="same filter and order"):
        pages.decode(token, question=["loss > 2", ["1", "2"]], length=1)


def test_a_token_of_another_order_is_refused() -> None:
    with pytest.raises(InvalidParameter):
        pages.decode(pages.encode([1], question=QUESTION), question=QUESTION, length=2)


def test_nobody_else_makes_a_token() -> None:
    signature, position = json.loads(base64.urlsafe_b64decode(pages.encode([1], question=QUESTION)))
    for forged in ([signature, [2]], ["", position], [signature[:-1], position], ["é", position]):
        token = base64.urlsafe_b64encode(json.dumps(forged).encode()).decode()
        with pytest.raises(InvalidParameter):
            pages.decode(token, question=QUESTION, length=1)


@pytest.mark.parametrize(
    "token", ["x", "é", "====", "e30=", "W10=", "bnVsbA==", "MQ==", "%00", "\x00", "a" * 10_000, "W1tb" * 5_000]
)
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(InvalidParameter):
        pages.decode(token, question=QUESTION, length=1)


@given(token=st.text(min_size=1))
def test_any_other_text_is_refused(token: str) -> None:
    with pytest.raises(InvalidParameter):
        pages.decode(token, question=QUESTION, length=1)

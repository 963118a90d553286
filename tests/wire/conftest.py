"""What tests of the wire begin with."""

from typing import Any

import pytest

from tests.security.operations import described


@pytest.fixture(scope="session")
def schema() -> dict[str, Any]:
    """The OpenAPI schema of both APIs."""
    return described()

"""What tests of notices begin with: the people and the model that governance is tested with."""

from tests.governance.conftest import it, ivan, one, policy, risk, rita, version  # noqa: F401
from tests.registry.conftest import _keys_are_those_of_this_test, ada, artifacts, bob, model, root  # noqa: F401

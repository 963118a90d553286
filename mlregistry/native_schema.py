"""The native REST API in the OpenAPI schema: drf-spectacular's reading of the views, and what it cannot see."""

from typing import Any

from drf_spectacular.openapi import AutoSchema

from mlregistry.native import SignedIn
from mlregistry.wire.openapi import SECURITY, errors_of


class NativeSchema(AutoSchema):
    """An operation with what it requires, how to sign in, and how it refuses."""

    def get_auth(self) -> list[dict[str, list[str]]]:
        return SECURITY

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation = super().get_operation(*args, **kwargs)
        if operation is not None:
            requires = next(
                permission for permission in self.view.get_permissions() if isinstance(permission, SignedIn)
            )
            required = requires.requirement(self.method)
            operation["x-requires"] = required.name
            operation["responses"] |= errors_of(required, getattr(self.view, "raises", ()))
        return operation

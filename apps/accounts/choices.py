"""What a user may be, and how far a token reaches."""

from django.db import models

from mlregistry.levels import Access, Level, Requirement


class UserKind(models.TextChoices):
    PERSON = "person", "person"
    SERVICE_ACCOUNT = "service_account", "service account"


class TokenScope(models.TextChoices):
    READ = "read", "read"
    WRITE = "write", "read and write"
    ADMIN = "admin", "everything its user may do"


COVERS: dict[TokenScope, frozenset[Requirement]] = {
    TokenScope.READ: frozenset({Level.READ, Access.PUBLIC, Access.SIGNED_IN}),
    TokenScope.WRITE: frozenset({*Level, Access.PUBLIC, Access.SIGNED_IN}),
    TokenScope.ADMIN: frozenset({*Level, *Access}),
}
"""The requirements that each scope can meet; what its user may do bounds it further."""

"""People and service accounts, the teams they are in, and the tokens they sign in with."""

from functools import cached_property
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, Group
from django.db import models
from django.db.models.functions import Lower

from apps.accounts.choices import COVERS, TokenScope, UserKind
from mlregistry.actor import Actor, ActorKind
from mlregistry.errors import PermissionDenied
from mlregistry.levels import Requirement

RESERVED_NAMES = "__user_"
"""How names begin by which MLflow's clients know what a user, not a team, was granted."""


class User(AbstractUser):
    """A person, or a service account that a person answers for."""

    kind = models.CharField(max_length=16, choices=UserKind.choices, default=UserKind.PERSON)
    owner = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="service_accounts",
        limit_choices_to={"kind": UserKind.PERSON},
        help_text="The person who answers for a service account.",
    )

    class Meta(AbstractUser.Meta):
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind=UserKind.PERSON, owner=None)
                | models.Q(kind=UserKind.SERVICE_ACCOUNT, owner__isnull=False),
                name="accounts_user_owner_of_service_accounts_only",
                violation_error_message="A service account has an owner; a person has none.",
            ),
            models.CheckConstraint(
                condition=models.Q(kind=UserKind.PERSON) | models.Q(is_superuser=False, is_staff=False),
                name="accounts_user_only_people_administer",
                violation_error_message="A service account cannot be an administrator.",
            ),
            models.UniqueConstraint(
                Lower("username"),
                name="accounts_user_username_in_any_case",
                violation_error_message="A user with that username already exists.",
            ),
        ]

    @property
    def is_service_account(self) -> bool:
        return self.kind == UserKind.SERVICE_ACCOUNT

    @cached_property
    def owner_username(self) -> str:
        """Filled in by the look-up that signs in, so that naming the actor costs no query."""
        return self.owner.username if self.owner else ""

    def actor(self, *, token: "Token | None" = None, address: str = "") -> Actor:
        """This user as the one who acts, by `token` (None for a password or a session), from `address`."""
        return Actor(
            username=self.username,
            kind=ActorKind(self.kind),
            user_id=self.pk,
            owner=self.owner_username if self.is_service_account else "",
            token_id=token.pk if token else None,
            address=address,
        )

    def remembered(self, key: str, otherwise: Any = None) -> Any:
        """What the pages keep for this user under `key`."""
        found = self.preferences.filter(key=key).values_list("value", flat=True).first()
        return otherwise if found is None else found


class Team(Group):
    """People and service accounts who are given permissions together."""

    description = models.TextField(blank=True, default="")

    objects: ClassVar[models.Manager["Team"]] = models.Manager()  # type: ignore[assignment]  # Group's finds groups

    class Meta:
        ordering = ("name",)


class Token(models.Model):
    """What a program signs in with. The secret itself is nowhere: only its SHA-256, enough for 256 random bits."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=16, unique=True, help_text="The part of the token that is not secret.")
    digest = models.CharField(max_length=64, unique=True)
    scope = models.CharField(max_length=8, choices=TokenScope.choices)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ("-pk",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(scope__in=TokenScope.values), name="accounts_token_scope_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    def check_scope(self, requirement: Requirement) -> None:
        """Raise `PermissionDenied` where this token does not reach, whatever its user may do."""
        if requirement not in COVERS[TokenScope(self.scope)]:
            raise PermissionDenied(f"This token's scope is '{self.scope}', which does not allow this.")


class Preference(models.Model):
    """One thing that the pages remember for a person, by a key that the page chose."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="preferences", db_index=False)
    key = models.CharField(max_length=100)
    value = models.JSONField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="accounts_preference_once")]

    def __str__(self) -> str:
        return f"{self.key} of {self.user}"

"""Accounts as the native API writes and reads them. Secrets go in, and but for a new token never out."""

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from apps.accounts.choices import TokenScope
from apps.accounts.models import Team, Token, User
from apps.accounts.passwords import MINIMUM_LENGTH


class PersonSerializer(serializers.ModelSerializer[User]):
    is_admin = serializers.BooleanField(source="is_superuser", read_only=True)

    class Meta:
        model = User
        fields = ("id", "username", "is_admin", "is_active", "date_joined")
        read_only_fields = fields


class NewPersonSerializer(serializers.Serializer[User]):
    username = serializers.CharField(max_length=150)
    password = serializers.CharField(min_length=MINIMUM_LENGTH, write_only=True, trim_whitespace=False)
    is_admin = serializers.BooleanField(default=False)


class PersonChangeSerializer(serializers.Serializer[User]):
    is_admin = serializers.BooleanField(required=False)
    is_active = serializers.BooleanField(required=False)


class PasswordSerializer(serializers.Serializer[User]):
    password = serializers.CharField(min_length=MINIMUM_LENGTH, write_only=True, trim_whitespace=False)
    current_password = serializers.CharField(
        required=False, write_only=True, trim_whitespace=False, help_text="Asked of those who change their own."
    )


class ServiceAccountSerializer(serializers.ModelSerializer[User]):
    owner = serializers.SlugRelatedField[User](slug_field="username", read_only=True)

    class Meta:
        model = User
        fields = ("id", "username", "owner", "is_active", "date_joined")
        read_only_fields = fields


class NewServiceAccountSerializer(serializers.Serializer[User]):
    username = serializers.CharField(max_length=150)
    owner = serializers.CharField(help_text="Username of the person who answers for it.")


class ServiceAccountChangeSerializer(serializers.Serializer[User]):
    owner = serializers.CharField(required=False)
    is_active = serializers.BooleanField(required=False)


class TeamSerializer(serializers.ModelSerializer[Team]):
    class Meta:
        model = Team
        fields = ("id", "name", "description")
        read_only_fields = fields


class NewTeamSerializer(serializers.Serializer[Team]):
    name = serializers.CharField(max_length=150)
    description = serializers.CharField(default="", allow_blank=True)


class TeamChangeSerializer(serializers.Serializer[Team]):
    name = serializers.CharField(max_length=150, required=False)
    description = serializers.CharField(allow_blank=True, required=False)


class MemberSerializer(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ("username", "kind")
        read_only_fields = fields


TOKEN_FIELDS = (
    "id",
    "name",
    "user",
    "prefix",
    "scope",
    "expires_at",
    "revoked_at",
    "last_used_at",
    "created_at",
    "created_by",
)


class TokenSerializer(serializers.ModelSerializer[Token]):
    user = serializers.SlugRelatedField[User](slug_field="username", read_only=True)
    created_by = serializers.SlugRelatedField[User](slug_field="username", read_only=True, allow_null=True)

    class Meta:
        model = Token
        fields: tuple[str, ...] = TOKEN_FIELDS
        read_only_fields: tuple[str, ...] = TOKEN_FIELDS


class NewTokenSerializer(serializers.Serializer[Token]):
    name = serializers.CharField(max_length=100)
    scope = serializers.ChoiceField(TokenScope.choices, default=TokenScope.WRITE)
    expires_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    user = serializers.CharField(required=False, help_text="A service account's username; whoever asks, when left out.")


class MadeTokenSerializer(TokenSerializer):
    token = serializers.CharField(read_only=True, help_text="Shown in this answer and never again.")

    class Meta(TokenSerializer.Meta):
        fields = (*TOKEN_FIELDS, "token")
        read_only_fields = fields


@extend_schema_serializer(many=False)
class MeSerializer(serializers.ModelSerializer[User]):
    is_admin = serializers.BooleanField(source="is_superuser", read_only=True)
    owner = serializers.CharField(source="owner_username", read_only=True)
    teams = serializers.SlugRelatedField[Team](source="groups", slug_field="name", many=True, read_only=True)

    class Meta:
        model = User
        fields = ("id", "username", "kind", "is_admin", "owner", "teams")
        read_only_fields = fields

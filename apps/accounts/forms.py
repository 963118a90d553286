"""Forms of the admin's pages on accounts."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password

from apps.accounts.choices import UserKind
from apps.accounts.models import Team, Token, User
from apps.accounts.queries import people, users


class UserForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for the type checker only
    """A person with a password, or a service account with an owner."""

    new_password = forms.CharField(
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 12 characters; left empty, it stays as it is. A service account has none.",
    )
    owner = forms.ModelChoiceField(
        people().filter(is_active=True), required=False, help_text="The person who answers for a service account."
    )

    class Meta:
        model = User
        fields = ("username", "kind", "owner", "email", "is_superuser", "is_active")
        labels = {"is_superuser": "Administrator", "is_active": "May sign in"}
        help_texts = {
            "is_superuser": "Sees and changes everything, on every page and by every call.",
            "is_active": "Switched off, an account and the service accounts it answers for are refused from now on.",
        }

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        new, kind = not self.instance.pk, said.get("kind", self.instance.kind)
        password, owner = said.get("new_password"), said.get("owner")
        if kind == UserKind.SERVICE_ACCOUNT:
            if owner is None:
                self.add_error("owner", "A service account needs a person who answers for it.")
            if password:
                self.add_error("new_password", "A service account has tokens and no password.")
            if said.get("is_superuser"):
                self.add_error("is_superuser", "A service account cannot be an administrator.")
            return said
        if owner is not None:
            self.add_error("owner", "A person has no owner.")
        if password or new:
            self._check_password(password or "")
        return said

    def _check_password(self, password: str) -> None:
        try:
            validate_password(password, self.instance)
        except forms.ValidationError as error:
            self.add_error("new_password", error)


class TeamForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for the type checker only
    members = forms.ModelMultipleChoiceField(users(), required=False, widget=forms.SelectMultiple(attrs={"size": 12}))

    class Meta:
        model = Team
        fields = ("name", "description")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["members"].initial = self.instance.user_set.all()


class TokenForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for the type checker only
    expires_at = forms.DateTimeField(
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        help_text="In UTC; left empty, it holds until it is revoked.",
    )

    class Meta:
        model = Token
        fields = ("user", "name", "scope", "expires_at")

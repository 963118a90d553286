"""How allauth works here: no sign-up, and passwords set by our service, so that rules and audit hold."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from apps.accounts.models import User
from apps.accounts.services import people


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth is not typed
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Administrators make accounts."""
        return False

    def set_password(self, user: User, password: str) -> None:
        """Change one's own password, on the page."""
        people.set_password(user=user, password=password, by=user.actor(address=self._address()))

    def _address(self) -> str:
        return str(self.request.META.get("REMOTE_ADDR", ""))

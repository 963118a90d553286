"""What a password must be, and the memory that spares Basic a key derivation on every request."""

import hmac
import secrets
import threading
from collections import OrderedDict

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from apps.accounts.models import User
from apps.accounts.secret import MARK
from mlregistry.errors import InvalidParameter

MINIMUM_LENGTH = 12
TOO_SHORT = f"Password must be at least {MINIMUM_LENGTH} characters."
REMEMBERED = 4096


def require_acceptable(password: str | None, *, user: User | None = None) -> str:
    """`password` if it may be one, else `InvalidParameter`.

    Its length always counts, as on MLflow's wire; given a `user`, so do all of AUTH_PASSWORD_VALIDATORS.
    """
    if not isinstance(password, str) or len(password) < MINIMUM_LENGTH or not password.strip():
        raise InvalidParameter(TOO_SHORT)
    if password.startswith(MARK):
        raise InvalidParameter(f"A password cannot start with '{MARK}': that is how tokens start.")
    if user is not None:
        try:
            validate_password(password, user)
        except ValidationError as error:
            raise InvalidParameter(" ".join(error.messages)) from None
    return password


class AcceptableValidator:
    """The rules of `require_acceptable`, for forms."""

    def validate(self, password: str, user: User | None = None) -> None:
        try:
            require_acceptable(password)
        except InvalidParameter as refused:
            raise ValidationError(refused.message) from None

    def get_help_text(self) -> str:
        return ""


class VerifiedPasswords:
    """Which passwords this process has verified, against which stored hash, for whom and from where.

    What is kept is an HMAC under a key that lives and dies with the process: of no use to whoever reads memory dumps
    elsewhere, and void as soon as the stored hash changes. The address is part of it so that a stranger's guess is
    never answered from the memory of its owner's visit.
    """

    def __init__(self, size: int = REMEMBERED) -> None:
        self._key = secrets.token_bytes(32)
        self._seen: OrderedDict[bytes, None] = OrderedDict()
        self._size = size
        self._lock = threading.Lock()

    def knows(self, *, username: str, address: str, stored: str, password: str) -> bool:
        return self._mark(username, address, stored, password) in self._seen

    def verify(self, *, username: str, address: str, stored: str, password: str) -> bool:
        """Derive the key and compare; remember a match."""
        if not check_password(password, stored):
            return False
        with self._lock:
            self._seen[self._mark(username, address, stored, password)] = None
            if len(self._seen) > self._size:
                self._seen.popitem(last=False)
        return True

    def _mark(self, username: str, address: str, stored: str, password: str) -> bytes:
        # The password comes last: it alone could hold the separator.
        return hmac.digest(self._key, f"{username}\0{address}\0{stored}\0{password}".encode(), "sha256")


def spend_the_time_of_a_check(password: str) -> None:
    """Cost what checking a stored password costs, so that an unknown name answers no faster than a known one."""
    make_password(password)

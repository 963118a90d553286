"""What the native REST API of every app shares: pages, who acts, and who is let in."""

from typing import TYPE_CHECKING, Any

from rest_framework.pagination import CursorPagination
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from mlregistry.actor import Actor
from mlregistry.errors import PermissionDenied
from mlregistry.levels import Access, Level, Requirement

if TYPE_CHECKING:
    from apps.accounts.models import User


class Pages(CursorPagination):
    """Pages that stay right while rows are added; `page_size` may be asked for."""

    ordering = "pk"
    page_size_query_param = "page_size"
    max_page_size = 1000


class NewestFirst(Pages):
    ordering = "-pk"


def said(serializer: type[BaseSerializer[Any]], given: Any) -> dict[str, Any]:
    """What a client gave, a body or a query, as `serializer` understands it."""
    asked = serializer(data=given)
    asked.is_valid(raise_exception=True)
    return dict(asked.validated_data)


def caller(request: Request) -> "User":
    """The user who makes this request; for views that let in the signed-in only."""
    return request.user  # type: ignore[return-value]  # see above


def actor(request: Request) -> Actor:
    """The same, as the one who acts."""
    token: Any = request.auth
    return caller(request).actor(token=token, address=request.META.get("REMOTE_ADDR", ""))


class SignedIn(BasePermission):
    """Whoever is signed in, as far as the token reaches, if it is one."""

    reading: Requirement = Access.SIGNED_IN
    changing: Requirement = Access.ADMIN
    """What a token's scope must cover to change something here."""

    def requirement(self, method: str) -> Requirement:
        """What this asks of callers, in the words of the wire."""
        return self.reading

    def has_permission(self, request: Request, view: APIView) -> bool:
        return bool(request.user and request.user.is_authenticated) and self._reaches(request)

    def _reaches(self, request: Request) -> bool:
        token: Any = request.auth
        if token is None:
            return True
        try:
            token.check_scope(self.reading if request.method in SAFE_METHODS else self.changing)
        except PermissionDenied as denied:
            self.message = denied.message
            return False
        return True


class ScopedByLevel(SignedIn):
    """The signed-in, where what they hold on the object decides: a token's scope for reading or writing will do."""

    reading = Level.READ
    changing = Level.MANAGE

    def requirement(self, method: str) -> Requirement:
        return Level.MANAGE


class ReadersAndEditors(SignedIn):
    """The signed-in, where READ on the object is enough to read and EDIT to change something about it."""

    reading = Level.READ
    changing = Level.EDIT

    def requirement(self, method: str) -> Requirement:
        return self.reading if method in SAFE_METHODS else self.changing


class AdministratorsChange(SignedIn):
    """The signed-in may read, administrators change."""

    message = "Only an administrator may do this."

    def requirement(self, method: str) -> Requirement:
        return self.reading if method in SAFE_METHODS else self.changing

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not super().has_permission(request, view):
            return False
        return request.method in SAFE_METHODS or bool(request.user.is_superuser)


class Administrators(SignedIn):
    """Administrators alone, to read as well as to change."""

    reading = Access.ADMIN
    message = "Only an administrator may do this."

    def has_permission(self, request: Request, view: APIView) -> bool:
        return super().has_permission(request, view) and bool(request.user.is_superuser)

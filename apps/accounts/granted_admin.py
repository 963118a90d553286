"""Admin pages that show what the reader was granted.

Django's admin asks for permissions on a whole table. Ours are levels on objects, so these pages are open to all staff
and hold the rows on whose object the reader has READ: in lists, on pages of one row, in what actions are applied to.
A row that is hidden looks like one that does not exist.
"""

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any, ClassVar, TypeVar, cast

from django.contrib import messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

from apps.accounts.grants import ObjectGrants
from apps.accounts.models import User
from mlregistry.errors import AskedFor, RegistryError
from mlregistry.large_tables import LargeTableAdmin
from mlregistry.levels import Level
from mlregistry.service_admin import ServiceAdmin, say_asked

M = TypeVar("M", bound=Model)
MOST_AT_ONCE = 1_000
"""Rows that one action is applied to: a request should end while its sender waits."""


def reader(request: HttpRequest) -> User:
    """Whoever looks at the page; the admin lets in the signed-in only."""
    return cast("User", request.user)


def is_staff(request: HttpRequest) -> bool:
    return bool(request.user.is_active and getattr(request.user, "is_staff", False))


class FixedOrder(ChangeList):
    """Sorted as the page says, whatever the address says: most columns have no index to sort a million rows by."""

    def get_ordering_field(self, field_name: Any) -> Any:
        return None


class GrantedAdmin(ServiceAdmin, LargeTableAdmin):
    """Read-only rows, of those objects that the reader may read. What may be changed, subclasses say."""

    grants: ClassVar[ObjectGrants]
    via: ClassVar[str] = ""
    """The look-up path from a row to the object that levels are held on; empty if the row is that object."""
    at_least: ClassVar[Level] = Level.READ
    """The level from which a row is shown."""
    sortable_by = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.grants.filter(super().get_queryset(request), reader(request), at_least=self.at_least, via=self.via)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return FixedOrder

    def level(self, request: HttpRequest, row: Model) -> Level:
        """What the reader holds on the object that `row` belongs to."""
        held_on = attrgetter(self.via.replace("__", "."))(row) if self.via else row
        return self.grants.level(held_on, reader(request))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_staff(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return is_staff(request) and (obj is None or self.level(request, obj) >= self.at_least)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nothing is deleted around the services; actions call them."""
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[M], search_term: str
    ) -> tuple[QuerySet[M], bool]:
        term = search_term.strip().replace("\0", "")
        return (queryset.filter(self.matching(term)) if term else queryset), False

    def matching(self, term: str) -> Q:
        """What a search for `term` finds: only what an index answers."""
        return Q(**{f"{self.search_fields[0]}": term})

    def apply(self, request: HttpRequest, rows: Iterable[M], act: Callable[[M], None], *, done: str) -> None:
        """Call `act` for each row, tell how many were `done`, and what was refused of the others."""
        succeeded, refusals = 0, []
        for number, row in enumerate(rows):
            if number == MOST_AT_ONCE:
                refusals.append(f"No more than {MOST_AT_ONCE} at once; the rest was left as it is.")
                break
            try:
                act(row)
                succeeded += 1
            except AskedFor as asked:
                say_asked(request, asked)
            except RegistryError as refused:
                refusals.append(refused.message)
        if succeeded:
            self.message_user(request, f"{succeeded} {done}.", messages.SUCCESS)
        for message in dict.fromkeys(refusals):
            self.message_user(request, message, messages.WARNING)

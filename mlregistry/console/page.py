"""Pages of our own below /admin: plain functions that say what they ask of whoever opens them.

    @page(requires=Level.READ)
    def run(request: HttpRequest, uuid: str) -> HttpResponse:
        run = get_run(reader(request), uuid)
        return show(request, "tracking/run.html", title=run.name, run=run)

What a service or query refuses becomes a page, or a message in the page where htmx asked for a part of one.
"""

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, cast

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods

from mlregistry.errors import AskedFor, NotFound, PermissionDenied, RegistryError, TooLarge
from mlregistry.levels import Access, Level, Requirement
from mlregistry.wire import errors

P = ParamSpec("P")
PAGES = "/admin/"
_STATUS = {NotFound: 404, PermissionDenied: 403, TooLarge: 413}


class Page(Protocol):
    requires: Requirement

    def __call__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase: ...


def page(
    *, requires: Requirement, methods: tuple[str, ...] = ("GET", "HEAD")
) -> Callable[[Callable[Concatenate[HttpRequest, P], HttpResponseBase]], Page]:
    """For people who are signed in. `requires` names the level that the function asks its queries for."""
    if not isinstance(requires, Level | Access) or requires is Access.PUBLIC:
        raise TypeError("a page must say what it requires: a level, SIGNED_IN or ADMIN")

    def declare(view: Callable[Concatenate[HttpRequest, P], HttpResponseBase]) -> Page:
        @wraps(view)
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if requires is Access.ADMIN and not getattr(request.user, "is_superuser", False):
                return _refused(request, NotFound("There is no such page."))
            try:
                return view(request, *args, **kwargs)
            except RegistryError as refusal:
                return _refused(request, refusal)

        # The site decides at the time of the request who may enter, and keeps the answer out of caches.
        @wraps(view)
        def entered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            return admin.site.admin_view(guarded)(request, *args, **kwargs)

        declared = cast("Page", require_http_methods(methods)(entered))
        declared.requires = requires
        return declared

    return declare


def show(request: HttpRequest, template: str, *, status: int = 200, **context: Any) -> HttpResponse:
    """A page of the site; for htmx, which asks for parts, `template` may be one."""
    return TemplateResponse(request, template, {**admin.site.each_context(request), **context}, status=status)


def is_part(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of a page that is there already."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-Boosted") != "true"


def gone_to(request: HttpRequest, address: str, *, said: str = "") -> HttpResponse:
    """After a change: to `address`, where `said` is read."""
    if said:
        messages.success(request, said)
    if is_part(request):
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return HttpResponse(status=303, headers={"Location": address})


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """`handler404`: a page to read where people look at pages, the wire's error everywhere else."""
    user = getattr(request, "user", None)
    if request.path.startswith(PAGES) and user is not None and user.is_authenticated:
        return _refused(request, NotFound("There is no such page."))
    return errors.not_found(request, exception)


def failed(request: HttpRequest) -> HttpResponse:
    """`handler500`: likewise. It asks the database nothing, since that may be what failed."""
    code, said = errors.describe(cast("Exception", sys.exc_info()[1]))
    if request.path != "/" and not request.path.startswith((PAGES, "/accounts/")):
        return errors.error_response(code, said)
    content = render_to_string("console/refusal.html" if is_part(request) else "failed.html", {"refusal": said})
    return HttpResponse(content, status=errors.STATUS[code])


def _refused(request: HttpRequest, refusal: RegistryError) -> HttpResponse:
    asked = refusal if isinstance(refusal, AskedFor) else None
    status = next((status for kind, status in _STATUS.items() if isinstance(refusal, kind)), 400)
    if is_part(request):
        return TemplateResponse(
            request, "console/refusal.html", {"refusal": refusal.message, "asked": asked}, status=status
        )
    title = {403: "Not yours to do", 404: "Not found"}.get(status, "That does not work")
    context = {"title": "Asked for" if asked else title, "refusal": refusal.message, "asked": asked}
    return show(request, "console/refused.html", status=status, **context)

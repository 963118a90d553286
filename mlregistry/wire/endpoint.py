"""`@endpoint`: one declaration makes a plain function a call of the MLflow wire.

    @endpoint("POST", "runs/create", schemas.CreateRun, requires=Level.EDIT, returns=answers.RunAnswer)
    def create_run(request: WireRequest[schemas.CreateRun]) -> Wire: ...

The declaration carries the method, the path below the version's prefix, the request's schema, what is required of the
caller and what the answer looks like. There is no default for the last two: leaving them out is an error at import.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic

import msgspec
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import ResolverMatch, URLPattern, path
from django.urls.resolvers import RoutePattern
from django.views.decorators.csrf import csrf_exempt
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView

from mlregistry.actor import Actor
from mlregistry.errors import InvalidParameter, PermissionDenied, RegistryError, Unauthenticated
from mlregistry.levels import Access, Level, Requirement
from mlregistry.wire import halves
from mlregistry.wire.answers import Returns
from mlregistry.wire.errors import answer, describe, error_response
from mlregistry.wire.schema import S, Schema, decode_body, decode_query

if TYPE_CHECKING:
    from apps.accounts.models import Token, User

Wire = dict[str, Any]
"""The answer's body, as the wire spells it."""

PREFIXES = ("api", "ajax-api")


@dataclass(frozen=True, slots=True)
class WireRequest(Generic[S]):
    """A call that passed the door: its body, who makes it, and the HTTP request underneath."""

    body: S
    http: Request

    @property
    def user(self) -> "User":
        return self.http.user  # type: ignore[return-value]  # the door lets no one else in

    @property
    def actor(self) -> Actor:
        return self.user.actor(token=_token(self.http), address=self.http.META.get("REMOTE_ADDR", ""))


View = Callable[[WireRequest[S]], Wire | HttpResponseBase]


@dataclass(frozen=True)
class Endpoint:
    """One call of the wire, as declared."""

    method: str
    path: str
    schema: type[Schema]
    requires: Requirement
    returns: Returns
    view: View[Any]
    version: str
    streams_body: bool
    """The view reads the body itself, in pieces; the schema comes from the query and the path alone."""
    base: str = "mlflow"
    tag: str = ""
    raises: tuple[type[RegistryError], ...] = ()
    """Errors beyond those that any call may answer with."""
    scope: Requirement | None = None
    """What a token's scope must cover, where that is more than `requires`: whoever may read may comment."""

    @property
    def routes(self) -> list[str]:
        """Its paths; the first is the one in the API's documents."""
        if self.path.startswith("/"):
            return [self.path[1:]]
        return [f"{prefix}/{self.version}/{self.base}/{self.path}" for prefix in PREFIXES]

    @property
    def path_values(self) -> tuple[str, ...]:
        """The names in braces."""
        return tuple(re.findall(r"{(\w+)}", self.path))


_declared: list[Endpoint] = []


def endpoint(  # noqa: PLR0913  each says one thing of the call, by name
    method: str,
    path: str,
    schema: type[S],
    *,
    requires: Requirement,
    returns: Returns,
    version: str = "2.0",
    base: str = "mlflow",
    streams_body: bool = False,
    raises: tuple[type[RegistryError], ...] = (),
    scope: Requirement | None = None,
) -> Callable[[View[S]], View[S]]:
    """Declare a call. `path` may name values in braces: `logged-models/{model_id}`; beginning with `/` it is whole."""
    if not isinstance(requires, Level | Access):
        raise TypeError(f"{method} {path} must say what it requires: a Level or an Access")

    def declare(view: View[S]) -> View[S]:
        _declared.append(
            Endpoint(
                method=method,
                path=path,
                schema=schema,
                requires=requires,
                view=view,
                version=version,
                streams_body=streams_body,
                base=base,
                tag=view.__module__.split(".")[1],
                returns=returns,
                raises=raises,
                scope=scope,
            )
        )
        return view

    return declare


def declared() -> tuple[Endpoint, ...]:
    """Every call declared so far, in the order of declaration."""
    return tuple(_declared)


def urlpatterns(package: str) -> list[URLPattern]:
    """The routes of the calls declared in `package`, under both prefixes; methods of one path share a route."""
    by_route: dict[str, dict[str, Endpoint]] = {}
    for call in _declared:
        if call.view.__module__.startswith(f"{package}."):
            for route in call.routes:
                by_route.setdefault(route, {})[call.method] = call
    return [Routes({_django_route(route): _dispatcher(calls) for route, calls in by_route.items()})]


class Routes(URLPattern):
    """Many routes as one pattern: paths without values are found in a dictionary.

    Django tries its patterns one after another; for the last of a hundred that takes longer than authentication.
    """

    def __init__(self, views: Mapping[str, Callable[..., HttpResponseBase]]) -> None:
        super().__init__(RoutePattern(""), self.resolve)
        self.views = views
        self._fixed = {
            route: ResolverMatch(view, (), {}, route=route, captured_kwargs={}, extra_kwargs={})
            for route, view in views.items()
            if "<" not in route
        }
        self._patterns = [path(route, view) for route, view in views.items() if "<" in route]

    def resolve(self, path: str) -> ResolverMatch | None:
        fixed = self._fixed.get(path)
        if fixed is not None:
            return fixed
        return next((match for pattern in self._patterns if (match := pattern.resolve(path))), None)


def _django_route(route: str) -> str:
    """`a/{b}` as Django writes it; a value named `…_path` may hold slashes."""
    return re.sub(r"{(\w+)}", lambda found: f"<{'path' if found[1].endswith('_path') else 'str'}:{found[1]}>", route)


def _dispatcher(calls: Mapping[str, Endpoint]) -> Callable[..., HttpResponseBase]:
    views = {method: csrf_exempt(EndpointView.as_view(endpoint=call)) for method, call in calls.items()}
    allowed = ", ".join(sorted(views))

    @csrf_exempt  # the session authentication of the wire checks CSRF itself; tokens need none
    def dispatch(request: HttpRequest, **values: str) -> HttpResponseBase:
        view = views.get("GET" if request.method == "HEAD" and "GET" in views else str(request.method))
        if view is None:
            response = error_response("METHOD_NOT_ALLOWED", f"{request.path} answers {allowed}, not {request.method}.")
            response["Allow"] = allowed
            return response
        return view(request, **values)

    return dispatch


class EndpointView(APIView):
    """The DRF view behind every declared call: sign-in, throttling and errors are DRF's and ours, once."""

    endpoint: Endpoint = None  # type: ignore[assignment]  # given to as_view
    permission_classes = (AllowAny,)  # `requires` is checked below, with the wire's own words
    schema = None

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """Only what a call needs: no parsers, no content negotiation."""
        return Request(request, authenticators=self.get_authenticators())

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: str) -> HttpResponseBase:
        """Sign in, check what is required, decode, call, encode."""
        call = self.endpoint
        try:
            wire = self.initialize_request(request)
            self.request = wire
            _admit(wire, call.requires, call.scope or call.requires)
            self.check_throttles(wire)
            if refusal := halves.refusal(call):
                return refusal
            body = _decode(call, request, kwargs)
            answered = call.view(WireRequest(body=body, http=wire))
        except RegistryError as error:
            return answer(error)
        except Exception as error:  # noqa: BLE001  every exception becomes an answer, and an unforeseen one is logged
            return error_response(*describe(error))
        if isinstance(answered, HttpResponseBase):
            return answered
        return HttpResponse(msgspec.json.encode(answered), content_type="application/json")


def _admit(request: Request, requires: Requirement, scope: Requirement) -> None:
    if requires is Access.PUBLIC:
        return
    if not request.user.is_authenticated:
        raise Unauthenticated("Sign in: send a token as Bearer, or a username with a password or a token as Basic.")
    if requires is Access.ADMIN and not request.user.is_superuser:
        raise PermissionDenied("Only an administrator may do this.")
    if token := _token(request):
        token.check_scope(scope)


def _token(request: Request) -> "Token | None":
    """What the caller signed in with, unless it was a password or a page's session."""
    return request.auth  # type: ignore[return-value]  # WireAuthentication's token, not DRF's own kind


def _decode(call: Endpoint, request: HttpRequest, values: Mapping[str, str]) -> Schema:
    if call.streams_body:
        return decode_query(call.schema, request.GET, values)
    if request.method in ("GET", "HEAD") and (request.GET or values or not request.body):
        return decode_query(call.schema, request.GET, values)
    if request.method == "DELETE" and request.GET and not request.body:
        return decode_query(call.schema, request.GET, values)
    content_type = (request.content_type or "").lower()
    if request.body and content_type != "application/json":
        raise InvalidParameter("Bad Request. Content-Type should be one of ['application/json'].")
    return decode_body(call.schema, request.body, values)

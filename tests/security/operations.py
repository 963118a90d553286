"""What the server answers to: by its OpenAPI schema, and by Django's own routes."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.generators import SchemaGenerator

from mlregistry.wire.endpoint import Routes

ANGLES = r"<(?:\w+:)?\w+>"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@cache
def described() -> dict[str, Any]:
    schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return schema


def operations() -> dict[str, dict[str, Any]]:
    """Every operation of the schema, by method and path."""
    return {
        f"{method.upper()} {path}": operation
        for path, methods in described()["paths"].items()
        for method, operation in methods.items()
    }


class Route(NamedTuple):
    path: str
    """With a plausible value in each place."""
    pattern: str
    view: Any


def routes(resolver: URLResolver | None = None, above: str = "/", written: str = "/") -> Iterator[Route]:
    """Every route of the server."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, Routes):
            for route, view in pattern.views.items():
                yield Route(above + re.sub(ANGLES, "1", route), written + route, view)
            continue
        whole, shown = above + _example(pattern), written + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield Route(whole, shown, pattern.callback)
        else:
            yield from routes(pattern, whole, shown)


def _example(pattern: URLPattern | URLResolver) -> str:
    """A path that the pattern matches, with 1 wherever anything goes."""
    written = str(pattern.pattern)
    for candidate in (
        re.sub(ANGLES, "1", written),
        _plain(re.sub(r"\(\?P<\w+>[^()]*\)", "1", written)),
        _plain(re.sub(r"\(\?P<\w+>([^()|]*)[^()]*\)", r"\1", written)),
    ):
        if pattern.pattern.match(candidate):
            return candidate
    raise AssertionError(f"no example for {written}")


def _plain(regex: str) -> str:
    """What a regular expression without groups spells."""
    return re.sub(r"\\Z|[\^$\\]", "", regex)

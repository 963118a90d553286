"""`MLREGISTRY_AUTH=off`: on a laptop of one's own, everyone who reaches the server is its first administrator."""

import ipaddress
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from rest_framework.exceptions import AuthenticationFailed

from apps.accounts.models import User


def is_off() -> bool:
    return bool(settings.MLREGISTRY_AUTH == "off")


def everyone(http: HttpRequest) -> User:
    """The first administrator, for whoever comes from this machine; others, and proxies for others, are refused."""
    if not _comes_from_here(http):
        raise AuthenticationFailed("Sign-in is switched off here, so only this machine itself is answered.")
    user = User.objects.filter(is_superuser=True, is_active=True).order_by("pk").first()
    if user is None:
        raise AuthenticationFailed("There is no administrator yet: start the server with manage.py serve.")
    return user


def _comes_from_here(http: HttpRequest) -> bool:
    if "HTTP_X_FORWARDED_FOR" in http.META or "HTTP_FORWARDED" in http.META:
        return False
    try:
        address = ipaddress.ip_address(http.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


class LaptopMiddleware:
    """The same for pages: with sign-in switched off, they belong to the administrator too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if is_off() and _comes_from_here(request) and not request.user.is_authenticated:
            try:
                request.user = everyone(request)
            except AuthenticationFailed:  # no administrator: the sign-in page says the rest
                return self.get_response(request)
        return self.get_response(request)

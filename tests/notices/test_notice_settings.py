"""How the mail server is named: what Django makes of its address."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from mlregistry.settings.environment import email


@pytest.mark.parametrize(
    ("address", "host", "port", "tls", "ssl"),
    [
        ("smtp://mail.example.org", "mail.example.org", 25, False, False),
        ("smtp://127.0.0.1:2525", "127.0.0.1", 2525, False, False),
        ("smtp+tls://mail.example.org", "mail.example.org", 587, True, False),
        ("smtps://[2001:db8::1]", "2001:db8::1", 465, False, True),
    ],
)
def test_an_address_says_where_and_how(
    address: str, host: str, port: int, *, tls: bool, ssl: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLREGISTRY_EMAIL_URL", address)
    found = email("MLREGISTRY_EMAIL_URL")
    assert (found["EMAIL_HOST"], found["EMAIL_PORT"]) == (host, port)
    assert (found["EMAIL_USE_TLS"], found["EMAIL_USE_SSL"]) == (tls, ssl)


def test_a_password_may_hold_any_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLREGISTRY_EMAIL_URL", "smtp+tls://ml%40example.org:p%3Aa%2Fs%25s@mail:587")
    found = email("MLREGISTRY_EMAIL_URL")
    assert (found["EMAIL_HOST_USER"], found["EMAIL_HOST_PASSWORD"]) == ("ml@example.org", "p:a/s%s")


def test_without_an_address_emails_are_written_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLREGISTRY_EMAIL_URL", raising=False)
    assert email("MLREGISTRY_EMAIL_URL") == {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}


@pytest.mark.parametrize("address", ["nonsense", "http://hidden@mail", "smtp://", "smtp://ml:hidden@mail:five"])
def test_an_address_that_is_none_is_refused_and_not_repeated(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLREGISTRY_EMAIL_URL", address)
    with pytest.raises(ImproperlyConfigured, match=r"give smtp\+tls://") as refused:
        email("MLREGISTRY_EMAIL_URL")
    assert "hidden" not in str(refused.value)

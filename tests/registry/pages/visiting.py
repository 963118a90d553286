"""Whoever looks at pages, and what is on them."""

import re
from typing import Any

from django.conf import settings
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from tests.security.statements import counted

HOSTILE = "<script>fired()</script> \u202e\u0645\u0631 \U0001f389 " + "x" * 150


def visitor(user: User, **options: Any) -> Client:
    client = Client(**options)
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[-1])
    return client


def read(user: User, name: str, *arguments: object, **asked: str) -> str:
    """The page of that name, which opens."""
    answer = visitor(user).get(reverse(name, args=arguments), asked)
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


def sent(user: User, page: str, /, *arguments: object, **form: str) -> Any:
    """The page to which a form leads, or what it is told where it leads nowhere."""
    client = visitor(user)
    answer = client.post(reverse(page, args=arguments), form)
    return client.get(answer["Location"]) if answer.status_code == 303 else answer


def changed(user: User, page: str, /, *arguments: object, **form: str) -> list[str]:
    """What is said after a form was sent."""
    answer = sent(user, page, *arguments, **form)
    assert answer.status_code == 200
    return messages(answer)


def statements(user: User, page: str, /, *arguments: object) -> int:
    """How many statements the page takes for somebody who is signed in."""
    client = visitor(user)
    with counted() as found:
        assert client.get(reverse(page, args=arguments)).status_code == 200
    return len(found)


def words(page: str) -> str:
    """A page's text, as whoever reads it has it: without tags, each space once."""
    main = page.partition('id="content"')[2]
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


def messages(answer: Any) -> list[str]:
    """What the page after a change says was done."""
    return [str(message) for message in answer.context["messages"]]

"""Pages say what they ask, let in whom they should, and turn refusals into something to read."""

import pytest
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver

from apps.accounts.models import User
from mlregistry.console.page import gone_to, page
from mlregistry.errors import InvalidParameter, NotFound, PermissionDenied
from mlregistry.levels import Access, Level


def own_pages() -> list[URLPattern]:
    """Everything below /admin that the site itself did not bring."""
    own = []
    for resolver in get_resolver().url_patterns:
        if str(resolver.pattern) == "admin/" and isinstance(resolver, URLResolver):
            own += [found for found in resolver.url_patterns if resolver.app_name != admin.site.name]
    return own


@pytest.fixture
def request_of_somebody(rf: RequestFactory, django_user_model: type[User], db: None) -> HttpRequest:
    request = rf.get("/admin/somewhere/")
    request.user = django_user_model.objects.create(username="ada", is_staff=True)
    return request


def test_every_page_says_what_it_requires() -> None:
    pages = own_pages()
    assert pages
    assert [str(found.pattern) for found in pages if not hasattr(found.callback, "requires")] == []


@pytest.mark.parametrize("requires", [None, "READ", Access.PUBLIC])
def test_a_page_that_does_not_say_what_it_requires_cannot_be_declared(requires: object) -> None:
    with pytest.raises(TypeError, match="must say what it requires"):
        page(requires=requires)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("refusal", "status"), [(NotFound("gone"), 404), (PermissionDenied("no"), 403), (InvalidParameter("bad"), 400)]
)
def test_what_a_service_refuses_becomes_a_page(
    request_of_somebody: HttpRequest, refusal: Exception, status: int
) -> None:
    @page(requires=Level.READ)
    def refusing(request: HttpRequest) -> HttpResponse:
        raise refusal

    answer = refusing(request_of_somebody)
    assert answer.status_code == status
    assert str(refusal) in answer.render().content.decode()  # type: ignore[attr-defined]  # a template response


def test_a_part_of_a_page_that_is_refused_is_a_sentence_and_no_page(request_of_somebody: HttpRequest) -> None:
    @page(requires=Level.READ)
    def refusing(request: HttpRequest) -> HttpResponse:
        raise NotFound("<b>gone</b>")

    request_of_somebody.META["HTTP_HX_REQUEST"] = "true"
    answer = refusing(request_of_somebody).render().content.decode()  # type: ignore[attr-defined]
    assert "&lt;b&gt;gone&lt;/b&gt;" in answer
    assert "<html" not in answer


def test_pages_for_administrators_do_not_exist_for_others(request_of_somebody: HttpRequest) -> None:
    @page(requires=Access.ADMIN)
    def secret(request: HttpRequest) -> HttpResponse:
        return HttpResponse("secret")

    assert secret(request_of_somebody).status_code == 404
    request_of_somebody.user.is_superuser = True
    assert secret(request_of_somebody).content == b"secret"


def test_what_does_not_exist_is_a_page_to_people_and_an_error_to_programs(client: Client, db: None) -> None:
    client.force_login(User.objects.create_user("ada", is_staff=True))
    for address in ("/admin/nowhere/", "/admin/registry/cardrevision/add/?version=1"):
        answer = client.get(address)
        assert answer.status_code == 404
        assert "There is no such page." in answer.content.decode()
    assert client.get("/api/v1/nowhere").json()["error_code"] == "ENDPOINT_NOT_FOUND"


def test_a_page_answers_the_methods_it_names_alone(request_of_somebody: HttpRequest) -> None:
    @page(requires=Level.READ, methods=("POST",))
    def writing(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    assert writing(request_of_somebody).status_code == 405


def test_whoever_is_not_signed_in_is_led_to_the_sign_in_page(client: Client, db: None) -> None:
    answer = client.get("/admin/experiments/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/admin/login/")


def test_after_a_change_htmx_is_told_where_to_go(rf: RequestFactory) -> None:
    assert gone_to(rf.post("/"), "/there/")["Location"] == "/there/"
    part = gone_to(rf.post("/", headers={"HX-Request": "true"}), "/there/")
    assert (part.status_code, part["HX-Redirect"]) == (204, "/there/")

"""Webhooks in the admin: forms call the services, what was sent is seen and can be sent again."""

import pytest
from django.conf import settings as configured
from django.db import transaction
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.audit.models import Entry
from apps.registry import events
from apps.registry.choices import DeliveryState
from apps.registry.models import Delivery, Webhook
from apps.registry.services import webhooks

FORM = {
    "name": "team",
    "url": "https://8.8.8.8/hook",
    "description": "tells the team",
    "events": ["MODEL_VERSION.CREATED", "MODEL_VERSION_STAGE.UPDATED"],
    "status": "ACTIVE",
    "secret": "s3cret",
}


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=configured.AUTHENTICATION_BACKENDS[-1])
    return client


def page(model: type, name: str = "changelist", *arguments: object) -> str:
    return reverse(f"admin:registry_{model._meta.model_name}_{name}", args=arguments)  # type: ignore[attr-defined]


@pytest.fixture
def client(root: User) -> Client:
    return signed_in(root)


@pytest.fixture
def webhook(client: Client) -> Webhook:
    assert client.post(page(Webhook, "add"), FORM).status_code == 302
    return Webhook.objects.get()


def test_a_form_makes_a_webhook_whose_secret_is_nowhere_to_be_read(client: Client, webhook: Webhook) -> None:
    assert webhook.events == FORM["events"]
    shown = client.get(page(Webhook, "change", webhook.pk)).content.decode()
    assert "s3cret" not in shown + webhook.sealed_secret
    assert webhook.sealed_secret not in shown
    assert Entry.objects.filter(action="registry.webhook.create", username="root").count() == 1


def test_a_form_changes_a_webhook_and_keeps_its_secret(client: Client, webhook: Webhook) -> None:
    changed = FORM | {"name": "renamed", "secret": "", "status": "DISABLED"}
    assert client.post(page(Webhook, "change", webhook.pk), changed).status_code == 302
    found = Webhook.objects.get()
    assert (found.name, found.status, found.sealed_secret) == ("renamed", "DISABLED", webhook.sealed_secret)


@pytest.mark.parametrize("url", ["http://127.0.0.1/hook", "http://169.254.169.254/", "ftp://8.8.8.8/", "nonsense"])
def test_an_address_that_may_not_be_called_is_refused_on_the_page(client: Client, url: str) -> None:
    answer = client.post(page(Webhook, "add"), FORM | {"url": url}, follow=True)
    assert answer.context["messages"]
    assert not Webhook.objects.exists()


def test_what_is_sent_is_listed_and_can_be_sent_again(client: Client, webhook: Webhook) -> None:
    told = {"name": "a", "version": "1", "from_stage": "None", "to_stage": "Production"}
    with transaction.atomic():
        webhooks.emit(events.MODEL_VERSION_STAGE_UPDATED, about="a", data=told)
    Delivery.objects.update(state=DeliveryState.FAILED, finished_at="2026-01-01T00:00:00Z", attempts=12)
    assert "MODEL_VERSION_STAGE" in client.get(page(Delivery)).content.decode()
    chosen = {"action": "replay", "_selected_action": Delivery.objects.get().pk}
    client.post(page(Delivery), chosen)
    again = Delivery.objects.get()
    assert (again.state, again.attempts) == (DeliveryState.PENDING, 0)


def test_deleting_a_webhook_is_on_record(client: Client, webhook: Webhook) -> None:
    client.post(page(Webhook, "delete", webhook.pk), {"post": "yes"})
    assert not Webhook.objects.exists()
    assert Entry.objects.filter(action="registry.webhook.delete").count() == 1


def test_webhooks_are_for_administrators(ada: User, webhook: Webhook) -> None:
    for model in (Webhook, Delivery):
        assert signed_in(ada).get(page(model)).status_code == 403


def test_a_list_on_the_wire_shows_what_mlflows_clients_can_read(client: Client, webhook: Webhook) -> None:
    client.post(
        page(Webhook, "add"), FORM | {"name": "ours", "events": ["MODEL_VERSION_SCAN.CREATED", "DEPLOYMENT.LIVE"]}
    )
    assert Webhook.objects.filter(name="ours", is_listed=False).exists()
    found = client.get("/api/2.0/mlflow/webhooks").json()["webhooks"]
    assert [(row["name"], row["events"]) for row in found] == [
        ("team", [{"entity": "MODEL_VERSION", "action": "CREATED"}])
    ]

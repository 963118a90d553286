"""What was sent to a webhook, by the native API: for administrators, a page at a time, without its secret."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.registry import events
from apps.registry.models import Delivery, Webhook
from tests.receiver import Receiver
from tests.registry.webhooks.conftest import SECRET, send, tell, told
from tests.security.callers import Caller, by_token
from tests.security.recipes import Call

pytestmark = pytest.mark.django_db


@pytest.fixture
def caller(root: User) -> Caller:
    return by_token(root)


def listed(caller: Caller, hook: Webhook, **query: Any) -> Any:
    answer = caller.send(Call("GET", f"/api/v1/webhooks/{hook.webhook_id}/deliveries", query))
    assert answer.status == 200, answer.content
    return answer.json()


def versions(page: Any) -> list[str]:
    told_of = [json.loads(delivery["body"])["data"] for delivery in page["results"]]
    return [f"{data['name']} {data['version']}" for data in told_of]


def test_the_newest_messages_come_first_and_the_older_ones_on_the_next_page(caller: Caller, hook: Webhook) -> None:
    for number in (1, 2, 3):
        tell("model", number)
    first = listed(caller, hook, page_size=2)
    assert versions(first) == ["model 3", "model 2"]
    path, _, query = first["next"].partition("?")
    assert "/api/v1/webhooks/" in path
    cursor = dict(part.split("=") for part in query.split("&"))["cursor"].replace("%3D", "=")
    assert versions(listed(caller, hook, page_size=2, cursor=cursor)) == ["model 1"]


def test_a_message_is_shown_with_what_became_of_it(caller: Caller, hook: Webhook, receiver: Receiver) -> None:
    receiver.answer = lambda _: 404
    tell("model", 1)
    send(hook)
    (shown,) = listed(caller, hook)["results"]
    delivery = Delivery.objects.get()
    assert shown == {
        "delivery_id": str(delivery.delivery_id),
        "about": "model",
        "entity": "MODEL_VERSION",
        "action": "CREATED",
        "body": delivery.body,
        "state": "failed",
        "attempts": 1,
        "response_status": 404,
        "error": "The receiver answered 404 (Not Found).",
        "created_at": shown["created_at"],
        "due_at": shown["due_at"],
        "finished_at": shown["finished_at"],
    }
    assert SECRET not in str(shown)
    assert hook.sealed_secret not in str(shown)


def test_messages_can_be_filtered(caller: Caller, make: Callable[..., Webhook], receiver: Receiver) -> None:
    hook = make(events=[events.MODEL_VERSION_CREATED, events.PROMPT_CREATED])
    receiver.answer = lambda got: 404 if got.data["name"] == "bad" else 200
    tell("bad", 1)
    tell("good", 1)
    send(hook)
    tell("good", 2)
    assert versions(listed(caller, hook, state="failed")) == ["bad 1"]
    assert versions(listed(caller, hook, state="pending")) == ["good 2"]
    assert versions(listed(caller, hook, about="good", state="delivered")) == ["good 1"]
    assert versions(listed(caller, hook, entity="MODEL_VERSION", action="CREATED")) == ["good 2", "good 1", "bad 1"]
    assert versions(listed(caller, hook, entity="PROMPT")) == []


def test_each_webhook_shows_its_own_messages(caller: Caller, make: Callable[..., Webhook]) -> None:
    one, other = make(), make(events=[events.PROMPT_CREATED])
    tell("model", 1)
    assert versions(listed(caller, one)) == ["model 1"]
    assert versions(listed(caller, other)) == []
    elsewhere = f"/api/v1/webhooks/{other.webhook_id}/deliveries/{Delivery.objects.get().delivery_id}/replay"
    assert caller.send(Call("POST", elsewhere)).status == 404


def test_a_message_is_replayed(caller: Caller, hook: Webhook, receiver: Receiver) -> None:
    tell("model", 1)
    send(hook)
    delivery_id = str(Delivery.objects.get().delivery_id)
    answer = caller.send(Call("POST", f"/api/v1/webhooks/{hook.webhook_id}/deliveries/{delivery_id}/replay"))
    assert (answer.status, answer.json()["state"], answer.json()["delivery_id"]) == (200, "pending", delivery_id)
    send(hook)
    assert told(receiver) == ["model 1", "model 1"]


def test_what_is_not_there_is_not_found(caller: Caller, hook: Webhook) -> None:
    for webhook_id in (uuid4(), "no-such-webhook", "%00"):
        answer = caller.send(Call("GET", f"/api/v1/webhooks/{webhook_id}/deliveries"))
        assert (answer.status, answer.json()["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    for delivery_id in (uuid4(), "no-such-delivery"):
        answer = caller.send(Call("POST", f"/api/v1/webhooks/{hook.webhook_id}/deliveries/{delivery_id}/replay"))
        assert (answer.status, answer.json()["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")


def test_none_but_administrators_see_messages(root: User, hook: Webhook) -> None:
    tell("model", 1)
    path = f"/api/v1/webhooks/{hook.webhook_id}/deliveries"
    calls = [Call("GET", path), Call("POST", f"{path}/{Delivery.objects.get().delivery_id}/replay")]
    for call in calls:
        assert Caller(Client()).send(call).status == 401
        assert by_token(User.objects.create_user(f"ada-{call.method}")).send(call).status == 403
        assert by_token(root, scope="write").send(call).status == 403

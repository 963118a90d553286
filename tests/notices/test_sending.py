"""What leaves the server: by a mail server and a channel that really listen, each message once."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.models import Entry
from apps.governance.models import ChangeRequest, PolicyRevision
from apps.jobs.models import Job
from apps.notices.choices import DeliveryState
from apps.notices.models import Delivery, Notice
from apps.notices.services import chat, sending
from apps.registry.models import ModelVersion
from mlregistry.levels import Level
from tests.governance.making import ask, reject
from tests.notices.smtp import MailServer, mail_server
from tests.receiver import Receiver, receiving
from tests.registry.making import give

pytestmark = pytest.mark.django_db


@pytest.fixture
def post(settings: Any) -> Iterator[MailServer]:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.MLREGISTRY_URL = "https://ml.example.org"
    with mail_server() as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server


@pytest.fixture
def channel(settings: Any) -> Iterator[Receiver]:
    settings.MLREGISTRY_OUTGOING_ALLOW = ("127.0.0.1",)
    settings.MLREGISTRY_URL = "https://ml.example.org"
    with receiving() as receiver:
        settings.MLREGISTRY_SLACK_WEBHOOK = f"{receiver.address}/services/T0/B0/secret"
        yield receiver


@pytest.fixture
def asked(ada: User, rita: User, version: ModelVersion, one: PolicyRevision) -> ChangeRequest:
    """A request that needs Rita, who has an address."""
    rita.email, rita.first_name = "rita@example.org", "Rita"
    rita.save()
    return ask(ada, version)


def send_due() -> int:
    return sending.send_due(check=lambda: None)


def later() -> None:
    """Let what waits be due."""
    Delivery.objects.filter(finished_at=None).update(due_at=timezone.now() - timedelta(seconds=1))


def test_an_email_says_all_in_its_subject_and_leads_to_the_request(post: MailServer, asked: ChangeRequest) -> None:
    assert send_due() == 1
    (message,) = post.got
    assert post.recipients == ["rita@example.org"]
    assert message["Subject"] == f"[mlregistry] Needs your vote: {asked.summary}"
    assert message["To"] == "Rita <rita@example.org>"
    assert message["From"] == "mlregistry@127.0.0.1"
    assert message["List-Unsubscribe"] == "<https://ml.example.org/admin/account/notices/>"
    plain = message.get_body(("plain",)).get_content()
    assert f"\nhttps://ml.example.org/admin/reviews/{asked.pk}/\n" in plain
    assert f'href="https://ml.example.org/admin/reviews/{asked.pk}/"' in message.get_body(("html",)).get_content()


def test_what_people_wrote_is_no_markup_in_an_email(
    post: MailServer, asked: ChangeRequest, rita: User, ada: User
) -> None:
    ada.email = "ada@example.org"
    ada.save()
    send_due()
    reject(asked, rita, "<img src=x> & 'no'\r\nBcc: eve@example.org")
    send_due()
    message = post.got[-1]
    assert message["Bcc"] is None
    assert "<img" not in message.get_body(("html",)).get_content()
    assert "<img src=x> & 'no'" in message.get_body(("plain",)).get_content()


def test_sending_twice_sends_once(post: MailServer, asked: ChangeRequest) -> None:
    assert (send_due(), send_due()) == (1, 0)
    later()
    assert send_due() == 0
    assert len(post.got) == 1
    assert Delivery.objects.get().state == DeliveryState.SENT


def test_a_mail_server_that_is_away_is_tried_again_ever_later(asked: ChangeRequest, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    waits = []
    for _ in range(3):
        later()
        send_due()
        waits.append(Delivery.objects.get().due_at - timezone.now())
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts) == (DeliveryState.PENDING, 3)
    assert delivery.error.startswith("No mail server took it")
    assert waits == sorted(waits)
    assert sending.wake_due() == delivery.due_at
    with mail_server() as server:
        settings.EMAIL_PORT = server.port
        later()
        send_due()
        assert len(server.got) == 1


def test_after_its_last_attempt_it_is_given_up(asked: ChangeRequest, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    Delivery.objects.update(attempts=sending.MOST_ATTEMPTS - 1)
    send_due()
    assert Delivery.objects.get().state == DeliveryState.FAILED


def test_an_address_that_is_refused_for_good_is_not_tried_again(post: MailServer, asked: ChangeRequest) -> None:
    post.refuse = lambda _: "550 no such mailbox"
    send_due()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.error) == (DeliveryState.FAILED, "The mail server refused the address (550).")


@pytest.mark.parametrize("change", ["decided", "off", "unread", "no address"])
def test_what_nobody_wants_any_more_is_not_sent(
    change: str, post: MailServer, asked: ChangeRequest, rita: User, version: ModelVersion
) -> None:
    if change == "decided":
        reject(asked, rita)
    elif change == "off":
        User.objects.filter(pk=rita.pk).update(is_active=False)
    elif change == "unread":
        give(rita, version.model, Level.NO_PERMISSIONS)
    else:
        User.objects.filter(pk=rita.pk).update(email="")
    send_due()
    assert post.got == []
    dropped = Delivery.objects.get(notice__event="needs_you")
    assert dropped.state == DeliveryState.DROPPED
    assert dropped.error


def test_a_worker_that_died_while_sending_leaves_it_to_the_next(post: MailServer, asked: ChangeRequest) -> None:
    delivery = Delivery.objects.get()
    Delivery.objects.update(attempts=1, due_at=timezone.now() + sending.LEASE)  # claimed, and nothing noted
    assert send_due() == 0
    assert sending.send(delivery) is False, "what was read before the claim of another claims nothing"
    later()
    assert send_due() == 1
    assert len(post.got) == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_who_send_at_once_one_does(post: MailServer, asked: ChangeRequest) -> None:
    delivery, both = Delivery.objects.get(), threading.Barrier(2)
    sent = []

    def send() -> None:
        try:
            both.wait(10)
            sent.append(sending.send(delivery))
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(sent) == [False, True]
    assert len(post.got) == 1


@pytest.mark.django_db(transaction=True)
def test_a_job_is_asked_for_after_the_commit_and_one_for_all(asked: ChangeRequest) -> None:
    assert Job.objects.filter(kind=sending.SEND_JOB).count() == 1
    sending.wake_due()
    assert Job.objects.filter(kind=sending.SEND_JOB).count() == 1


def test_the_channel_gets_what_slack_understands(channel: Receiver, asked: ChangeRequest) -> None:
    send_due()
    (got,) = channel.got
    assert got.path == "/services/T0/B0/secret"
    text = json.loads(got.body)["text"]
    link = f"<https://ml.example.org/admin/reviews/{asked.pk}/|Change request {asked.pk}>"
    assert text == f"{link}: ada asked to {asked.summary}"


def test_nobodys_words_call_everybody_in_the_channel() -> None:
    notice = Notice(request_id=1, address="/", sentence="<!channel> & @here", detail="a\n<https://evil.example|ok>")
    text = chat.text_of(notice).partition(": ")[2]
    assert text == "&lt;!channel&gt; &amp; @\u200bhere\n> a\n> &lt;https://evil.example|ok&gt;"


def test_a_channel_that_refuses_is_told_again_and_its_address_is_kept_nowhere(
    channel: Receiver, asked: ChangeRequest
) -> None:
    channel.answer = lambda _: 503
    send_due()
    delivery = Delivery.objects.get(channel="chat")
    assert (delivery.state, delivery.attempts) == (DeliveryState.PENDING, 1)
    assert delivery.error == "The channel answered 503 (Service Unavailable)."
    channel.answer = lambda _: 404
    later()
    send_due()
    assert Delivery.objects.get(channel="chat").state == DeliveryState.FAILED


def test_the_channel_obeys_the_rules_for_outgoing_calls(channel: Receiver, asked: ChangeRequest, settings: Any) -> None:
    settings.MLREGISTRY_OUTGOING_ALLOW = ()
    send_due()
    assert channel.got == []
    error = Delivery.objects.get(channel="chat").error
    assert "no public address" in error
    assert "secret" not in error


def test_what_was_told_long_ago_is_forgotten_unless_it_is_open(asked: ChangeRequest, rita: User) -> None:
    Notice.objects.update(made_at=timezone.now() - timedelta(days=400))
    assert sending.remove_old(check=lambda: None) == 0
    reject(asked, rita)
    assert sending.remove_old(check=lambda: None) == 2
    assert list(Notice.objects.values_list("event", flat=True)) == ["decided"]


def test_what_was_given_up_is_sent_again_from_the_admin(
    post: MailServer, asked: ChangeRequest, root: User, client: Client
) -> None:
    ended = {"state": DeliveryState.FAILED, "attempts": 12, "error": "no route", "finished_at": timezone.now()}
    Delivery.objects.update(**ended)
    client.force_login(root)
    chosen = {"action": "again", "_selected_action": [str(Delivery.objects.get().pk)]}
    for _ in range(2):
        client.post("/admin/notices/delivery/", chosen)
    assert Entry.objects.get(action="notices.delivery.send_again").details == {"error": "no route"}
    assert (send_due(), len(post.got)) == (1, 1)
    assert Delivery.objects.get().state == DeliveryState.SENT

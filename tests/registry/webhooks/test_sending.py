"""Messages arrive: signed, in the order of each model, again and again until the receiver says yes."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.models import Entry
from apps.jobs import clock, running
from apps.jobs import services as jobs
from apps.jobs.choices import State
from apps.jobs.models import Job
from apps.registry import tasks  # noqa: F401  registers the jobs, as in a worker
from apps.registry.choices import DeliveryState, WebhookStatus
from apps.registry.models import Delivery, Webhook
from apps.registry.queries.due_deliveries import sendable
from apps.registry.services import deliveries, webhooks
from mlregistry import outgoing
from tests.receiver import Got, Receiver
from tests.registry.webhooks.conftest import SECRET, send, tell, time_passes, told

pytestmark = pytest.mark.django_db

Make = Callable[..., Webhook]


def refuse(*names: str, status: int = 503) -> Callable[[Got], int]:
    """Says no to messages about models of these names."""
    return lambda got: status if got.data["name"] in names else 200


def states() -> list[str]:
    return list(Delivery.objects.order_by("pk").values_list("state", flat=True))


def test_a_message_arrives_signed_as_mlflow_signs(hook: Webhook, receiver: Receiver) -> None:
    from mlflow.webhooks.delivery import _generate_hmac_signature  # noqa: PLC0415  takes a second

    tell("modèle", 1)
    assert send(hook) == 1
    (got,) = receiver.got
    assert got.path == "/hook"
    assert got.headers["Content-Type"] == "application/json"
    assert got.is_signed_with(SECRET)
    assert not got.is_signed_with("another secret")
    signed = (SECRET, got.delivery_id, got.headers["X-MLflow-Timestamp"], got.body.decode())
    assert got.headers["X-MLflow-Signature"] == _generate_hmac_signature(*signed)
    delivery = Delivery.objects.get()
    assert got.delivery_id == str(delivery.delivery_id)
    assert got.body.decode() == delivery.body
    assert (delivery.state, delivery.attempts, delivery.response_status, delivery.error) == ("delivered", 1, 200, "")
    assert delivery.finished_at


def test_messages_about_one_model_arrive_in_their_order(hook: Webhook, receiver: Receiver) -> None:
    for number in range(1, 6):
        tell("model", number)
    assert send(hook) == 5
    assert told(receiver) == [f"model {number}" for number in range(1, 6)]


def test_a_message_that_fails_holds_up_its_own_model_and_no_other(hook: Webhook, receiver: Receiver) -> None:
    for number in (1, 2):
        tell("stuck", number)
        tell("free", number)
    receiver.answer = refuse("stuck")
    send(hook)
    assert told(receiver) == ["stuck 1", "free 1", "free 2"]
    time_passes()
    send(hook)
    receiver.answer = lambda _: 200
    time_passes()
    send(hook)
    assert told(receiver) == ["stuck 1", "free 1", "free 2", "stuck 1", "stuck 1", "stuck 2"]
    assert states() == ["delivered"] * 4


def test_the_order_holds_for_each_webhook_by_itself(make: Make, receiver: Receiver) -> None:
    broken, sound = make(url=f"{receiver.address}/broken"), make(url=f"{receiver.address}/sound")
    tell("model", 1)
    tell("model", 2)
    receiver.answer = lambda got: 500 if got.path == "/broken" else 200
    assert (send(broken), send(sound)) == (1, 2)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again(hook: Webhook, receiver: Receiver, status: int) -> None:
    receiver.answer = lambda _: status
    tell("model", 1)
    send(hook)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts, delivery.response_status) == ("pending", 1, status)
    assert delivery.error.startswith(f"The receiver answered {status} (")
    assert "only the receiver knows" not in delivery.error
    assert send(hook) == 0, "not before its time"
    receiver.answer = lambda _: 200
    time_passes()
    assert send(hook) == 1
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts, delivery.response_status, delivery.error) == ("delivered", 2, 200, "")
    assert len({got.delivery_id for got in receiver.got}) == 1, "the receiver can tell that it is the same message"


@pytest.mark.parametrize("status", [301, 307, 400, 401, 403, 404, 410, 422])
def test_what_will_not_pass_is_given_up_and_the_next_one_goes(hook: Webhook, receiver: Receiver, status: int) -> None:
    receiver.answer = lambda got: status if got.data["version"] == "1" else 200
    tell("model", 1)
    tell("model", 2)
    assert send(hook) == 2
    assert states() == ["failed", "delivered"]
    failed = Delivery.objects.earliest("pk")
    assert (failed.attempts, failed.response_status) == (1, status)
    assert ("Redirects are not followed." in failed.error) == (status < 400)


def test_nobody_there_is_tried_again(hook: Webhook, root: User) -> None:
    webhooks.update(webhook=hook, url="http://127.0.0.1:9/", by=root.actor())
    tell("model", 1)
    send(hook)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts, delivery.response_status) == ("pending", 1, None)
    assert "refused" in delivery.error


def test_who_does_not_answer_is_tried_again(hook: Webhook, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing.post, "__kwdefaults__", outgoing.post.__kwdefaults__ | {"timeout": 0.2})
    go_on = threading.Event()
    receiver.answer = lambda _: 200 if go_on.wait(5) else 500
    tell("model", 1)
    send(hook)
    go_on.set()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts) == ("pending", 1)
    assert delivery.error == "127.0.0.1 did not answer in time (0.2 s)."


def test_a_secret_that_cannot_be_read_is_told_and_nothing_goes_out_unsigned(
    hook: Webhook, receiver: Receiver, settings: Any
) -> None:
    key = settings.SECRET_KEY
    settings.SECRET_KEY = "another-key-" + "1" * 40
    tell("model", 1)
    send(hook)
    assert receiver.got == []
    assert "sealed with another MLREGISTRY_SECRET_KEY" in Delivery.objects.get().error
    settings.SECRET_KEY = key
    time_passes()
    send(hook)
    assert receiver.got[0].is_signed_with(SECRET)


def test_each_wait_is_longer_than_the_one_before_and_none_is_longer_than_an_hour(
    hook: Webhook, receiver: Receiver
) -> None:
    receiver.answer = lambda _: 500
    tell("model", 1)
    waits = []
    for _ in range(deliveries.MOST_ATTEMPTS - 1):
        time_passes()
        begun = timezone.now()
        send(hook)
        waits.append((Delivery.objects.get().due_at - begun).total_seconds())
    expected = [min(5 * 2**number, 3600) for number in range(deliveries.MOST_ATTEMPTS - 1)]
    assert len(waits) == len(expected) == 11
    for wait, usual in zip(waits, expected, strict=True):
        assert 0.75 * usual <= wait <= 1.25 * usual + 5
    assert any(abs(wait / usual - 1) > 0.02 for wait, usual in zip(waits, expected, strict=True)), "they are spread"


def test_after_the_last_attempt_the_next_message_goes(hook: Webhook, receiver: Receiver) -> None:
    receiver.answer = lambda got: 500 if got.data["version"] == "1" else 200
    tell("model", 1)
    tell("model", 2)
    for _ in range(deliveries.MOST_ATTEMPTS):
        time_passes()
        send(hook)
    assert states() == ["failed", "delivered"]
    assert Counter(told(receiver)) == {"model 1": deliveries.MOST_ATTEMPTS, "model 2": 1}
    assert Delivery.objects.earliest("pk").finished_at


def test_a_webhook_that_is_switched_off_gets_its_messages_when_it_is_on_again(
    hook: Webhook, root: User, receiver: Receiver
) -> None:
    tell("model", 1)
    webhooks.update(webhook=hook, status=WebhookStatus.DISABLED, by=root.actor())
    tell("model", 2)
    assert send(hook) == 0
    assert deliveries.wake_due() is None
    webhooks.update(webhook=hook, status=WebhookStatus.ACTIVE, by=root.actor())
    assert send(hook) == 1
    assert told(receiver) == ["model 1"], "what happened while it was off is not for it"


def test_a_replayed_message_is_sent_again_under_its_id_and_recorded(
    hook: Webhook, root: User, receiver: Receiver
) -> None:
    receiver.answer = refuse("model", status=404)
    tell("model", 1)
    send(hook)
    delivery = Delivery.objects.get()
    assert delivery.state == DeliveryState.FAILED
    receiver.answer = lambda _: 200
    webhooks.replay(delivery=delivery, by=root.actor())
    assert (delivery.state, delivery.attempts, delivery.finished_at) == ("pending", 0, None)
    assert send(hook) == 1
    assert states() == ["delivered"]
    assert len({(got.delivery_id, got.body) for got in receiver.got}) == 1
    entry = Entry.objects.get(action="registry.webhook.replay")
    assert (entry.target_name, entry.details) == ("hook", {"delivery_id": str(delivery.delivery_id)})


def test_a_replayed_message_goes_before_later_ones_of_its_model(hook: Webhook, root: User, receiver: Receiver) -> None:
    tell("model", 1)
    send(hook)
    tell("model", 2)
    webhooks.replay(delivery=Delivery.objects.earliest("pk"), by=root.actor())
    send(hook)
    assert told(receiver) == ["model 1", "model 1", "model 2"]


def test_a_server_that_dies_after_sending_sends_again(
    hook: Webhook, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*_: Any) -> None:
        raise Killed

    tell("model", 1)
    tell("model", 2)
    with monkeypatch.context() as patch:
        patch.setattr(deliveries, "_note", die)
        with pytest.raises(Killed):
            send(hook)
    send(hook)
    assert told(receiver) == ["model 1", "model 1", "model 2"]


def test_a_failure_that_nobody_foresaw_is_an_attempt_like_any_other(
    hook: Webhook, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If it were not, the clock would ask for the same job at once, for ever."""

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("a mistake of ours")

    tell("model", 1)
    with monkeypatch.context() as patch:
        patch.setattr(outgoing, "post", broken)
        send(hook)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts) == ("pending", 1)
    assert delivery.due_at > timezone.now()
    time_passes()
    send(hook)
    assert told(receiver) == ["model 1"]


def test_one_job_sends_a_bounded_number_of_messages(
    hook: Webhook, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "AT_ONCE", 3)
    for number in range(1, 6):
        tell("model", number)
    assert [send(hook), send(hook), send(hook)] == [3, 2, 0]
    assert told(receiver) == [f"model {number}" for number in range(1, 6)]


def test_one_job_goes_on_for_a_bounded_time(hook: Webhook, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(_: Got) -> int:
        threading.Event().wait(0.06)
        return 200

    monkeypatch.setattr(deliveries, "FOR_AT_MOST_S", 0.05)
    receiver.answer = slow
    tell("model", 1)
    tell("other", 1)
    assert send(hook) == 1
    assert send(hook) == 1


def test_a_job_that_is_told_to_stop_sends_nothing_more(hook: Webhook, receiver: Receiver) -> None:
    def stop_after_one() -> None:
        if receiver.got:
            raise running.Stopped

    tell("model", 1)
    tell("model", 2)
    with pytest.raises(running.Stopped):
        deliveries.send_due(webhook_pk=hook.pk, check=stop_after_one)
    assert told(receiver) == ["model 1"]
    assert states() == ["delivered", "pending"]


def test_the_clock_wakes_what_is_due_and_knows_when_it_has_to_look_again(hook: Webhook, receiver: Receiver) -> None:
    assert deliveries.wake_due() is None
    receiver.answer = refuse("stuck")
    tell("stuck", 1)
    tell("stuck", 2)
    assert deliveries.wake_due() is None
    (job,) = Job.objects.all()
    assert job.payload == {"webhook": hook.pk}
    send(hook)
    job.delete()
    assert deliveries.wake_due() == Delivery.objects.earliest("pk").due_at
    assert not Job.objects.exists(), "what waits behind another is not due"
    time_passes()
    deliveries.wake_due()
    assert Job.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_what_is_told_while_the_last_message_is_sent_gets_a_job_of_its_own(hook: Webhook, receiver: Receiver) -> None:
    """The job that runs has looked for the last time already, and yet is the one that everybody is referred to."""
    tell("model", 1)
    job = Job.objects.get()
    held = jobs.claim(job_id=job.pk)
    assert held
    send(hook)
    tell("model", 2)
    assert Job.objects.count() == 1
    jobs.succeed(job=held, result={})
    clock.look()
    second = Job.objects.latest("pk")
    assert second != job
    running.run(second.pk)
    assert told(receiver) == ["model 1", "model 2"]


@pytest.mark.django_db(transaction=True)
def test_what_was_committed_by_a_server_that_died_before_it_asked_for_a_job_is_sent(
    hook: Webhook, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(deliveries, "wake", lambda _: None)
        tell("model", 1)
    assert not Job.objects.exists()
    clock.look()
    running.run(Job.objects.get().pk)
    assert told(receiver) == ["model 1"]


@pytest.mark.django_db(transaction=True)
def test_a_job_whose_worker_died_while_it_sent_is_run_again_by_the_next(
    hook: Webhook, receiver: Receiver, settings: Any
) -> None:
    settings.MLREGISTRY_JOB_HEARTBEAT = 0.001
    tell("model", 1)
    job = Job.objects.get()
    assert jobs.claim(job_id=job.pk)  # and its worker is killed here
    threading.Event().wait(0.05)
    clock.tick()
    running.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.attempts, job.result) == (State.SUCCEEDED, 2, {"sent": 1})
    assert told(receiver) == ["model 1"]


def test_old_messages_and_jobs_are_forgotten_and_pending_ones_never(hook: Webhook, receiver: Receiver) -> None:
    receiver.answer = refuse("stuck")
    for name in ("old", "young", "stuck"):
        tell(name, 1)
    send(hook)
    long_ago = timezone.now() - timedelta(days=30, seconds=1)
    Delivery.objects.filter(about__in=("old", "stuck")).update(created_at=long_ago)
    Delivery.objects.filter(about="old").update(finished_at=long_ago)
    deliveries.wake(hook.pk)
    Job.objects.update(state=State.SUCCEEDED, finished_at=long_ago)
    deliveries.wake(hook.pk)
    assert deliveries.remove_old(check=lambda: None) == 1
    assert sorted(Delivery.objects.values_list("about", flat=True)) == ["stuck", "young"]
    assert [job.state for job in Job.objects.all()] == [State.QUEUED]


def test_a_message_is_done_with_if_and_only_if_it_is_not_pending(hook: Webhook) -> None:
    tell("model", 1)
    for wrong in ({"state": DeliveryState.DELIVERED}, {"finished_at": timezone.now()}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Delivery.objects.update(**wrong)


def test_looking_for_what_is_due_reads_no_history(hook: Webhook) -> None:
    """It is done again and again, so it has to come from the indexes of what is pending."""
    tell("model", 1)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")  # which is what it prefers for a single row
    for asked in (sendable(), sendable().filter(webhook=hook.pk, due_at__lte=timezone.now()).order_by("pk")[:1]):
        explained = asked.explain()
        assert "delivery_before" in explained or "delivery_next" in explained  # as the statistics of a row have it
        assert "delivery_newest" not in explained
        assert "SCAN registry_delivery\n" not in explained

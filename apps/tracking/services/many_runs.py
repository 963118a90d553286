"""Deleting, restoring, tagging or moving many runs: each is authorised, changed and recorded by itself, as if alone.

What is refused of one does not keep it from the others. Begun again, it changes nothing of what is done already.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

from django.db.models import Max

from apps.accounts.models import User
from apps.jobs.models import Job
from apps.jobs.services import enqueue
from apps.tracking.choices import Lifecycle
from apps.tracking.models import Experiment, Run, RunTag
from apps.tracking.queries.experiments import get_experiment
from apps.tracking.queries.run_search import count_runs, search_runs
from apps.tracking.queries.runs import run_row, run_to_write
from apps.tracking.rules import checked_tag
from apps.tracking.services import run_data, runs
from apps.tracking.services.moving import move_run
from mlregistry.actor import Actor
from mlregistry.errors import PermissionDenied, RegistryError
from mlregistry.levels import Level
from mlregistry.wire.schema import ViewType

BATCH = 200
NAMED = 20
"""Different refusals that are told in words; all are counted."""

Report = Callable[[int, int, str], None]


class Action(StrEnum):
    DELETE = "delete"
    RESTORE = "restore"
    TAG = "tag"
    MOVE = "move"

    @property
    def done(self) -> str:
        return {"delete": "deleted", "restore": "restored", "tag": "tagged", "move": "moved"}[self]

    @property
    def job(self) -> str:
        return f"tracking.{self}_runs"

    @property
    def at_least(self) -> Level:
        return Level.EDIT if self in (Action.TAG, Action.MOVE) else Level.MANAGE


@dataclass(frozen=True, slots=True)
class Change:
    """What is done to each of the runs: a tag has a key and a value, a move leads `to` an experiment."""

    action: Action
    key: str = ""
    value: str = ""
    to: int = 0

    def check(self) -> None:
        """Refuse at once what could be made of no run."""
        if self.action is Action.TAG:
            checked_tag(self.key, self.value)

    def make(self, uuid: str, *, user: User, by: Actor) -> set[str]:
        """Change the run; the runs that are now as was asked: those nested in it move with it."""
        match self.action:
            case Action.TAG:
                self._tag(uuid, user)
            case Action.DELETE:
                run = run_row(user, uuid, at_least=self.action.at_least)
                if run.is_active:
                    runs.delete_run(run=run, by=by)
            case Action.RESTORE:
                run = run_row(user, uuid, at_least=self.action.at_least)
                if run.lifecycle_stage == Lifecycle.DELETED:
                    runs.restore_run(run=run, by=by)
            case Action.MOVE:
                run = run_to_write(user, uuid, at_least=self.action.at_least)
                to = get_experiment(user, str(self.to), at_least=self.action.at_least)
                return {uuid, *move_run(run=run, to=to, by=by)}
        return {uuid}

    def _tag(self, uuid: str, user: User) -> None:
        run = run_to_write(user, uuid, at_least=self.action.at_least)
        # A look costs less than a write, and work that was broken off meets again what it has tagged.
        if not RunTag.objects.filter(run_id=run.pk, key=self.key, value=self.value).exists():
            run_data.set_tag(run=run, key=self.key, value=self.value)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which runs: those named, else all of the experiment that match, `total` when it was asked.

    Runs begun after `newest` were not meant.
    """

    experiment: int
    filter: str = ""
    view: str = ViewType.ACTIVE_ONLY.value
    runs: tuple[str, ...] = ()
    newest: int = 0
    total: int = 0

    def matching(self, user: User) -> int:
        """How many match now."""
        return count_runs(
            user,
            experiment_ids=[str(self.experiment)],
            filter_text=self.filter,
            view=ViewType(self.view),
            newest=self.newest,
        )


@dataclass(slots=True)
class Outcome:
    before: int = 0
    """Runs that an earlier attempt changed."""
    changed: set[str] = field(default_factory=set)
    refused: int = 0
    reasons: dict[str, None] = field(default_factory=dict)

    @property
    def done(self) -> int:
        return self.before + len(self.changed)

    @property
    def seen(self) -> int:
        return self.done + self.refused

    def take(self, change: Change, uuid: str, *, user: User, by: Actor) -> None:
        try:
            self.changed |= change.make(uuid, user=user, by=by)
        except RegistryError as refusal:
            self.refused += 1
            if len(self.reasons) < NAMED:
                self.reasons[refusal.message] = None

    @property
    def said(self) -> str:
        return f"{self.refused} refused" if self.refused else ""


def request_change(*, asked: Asked, change: Change, address: str, by: Actor) -> Job:
    """Have it done in the background, asked for on the page at `address`. Asked twice at once, it is done once."""
    change.check()
    question = {"asked": asdict(asked), "change": asdict(change), "address": address}
    # How many match becomes less while the first is under way.
    same = json.dumps(question | {"asked": asdict(replace(asked, total=0))}, sort_keys=True)
    key = f"{change.action.job}:{by.user_id}:{hashlib.sha256(same.encode()).hexdigest()}"
    return enqueue(kind=change.action.job, payload=question, by=by, unique_key=key)


def all_matching(
    user: User, experiment: Experiment, *, filter_text: str, view: ViewType, newest: int | None = None
) -> Asked:
    """All runs that match now, `newest` being the last that was meant; without it, the last there is."""
    if newest is None:
        newest = Run.objects.aggregate(newest=Max("pk"))["newest"] or 0
    asked = Asked(experiment.pk, filter=filter_text, view=view.value, newest=newest)
    return replace(asked, total=asked.matching(user))


def change_many(*, payload: Mapping[str, Any], by: Actor, report: Report) -> dict[str, Any]:
    """Do what was asked, for whoever asked, with what they may do by then; what came of it."""
    asked = Asked(**payload["asked"])
    change = Change(**(payload["change"] | {"action": Action(payload["change"]["action"])}))
    outcome = Outcome(before=_done_before(asked, by))
    for user, batch in _batches(asked, by):
        for uuid in batch:
            # What is nested in a run that matches moves with it, whether it matches or not.
            report(outcome.seen, max(outcome.seen, asked.total), outcome.said)
            outcome.take(change, uuid, user=user, by=by)
    report(outcome.seen, outcome.seen, outcome.said)
    return {
        change.action.done: outcome.done,
        "refused": outcome.refused,
        "why": list(outcome.reasons),
    }


def _done_before(asked: Asked, by: Actor) -> int:
    """What an earlier attempt, which did not come to its end, has taken out of those that match."""
    return 0 if asked.runs else max(0, asked.total - asked.matching(person_now(by)))


def _batches(asked: Asked, by: Actor) -> Iterator[tuple[User, list[str]]]:
    """Ids of runs, and who wants them changed, as that person is now."""
    if asked.runs:
        for start in range(0, len(asked.runs), BATCH):
            yield person_now(by), list(asked.runs[start : start + BATCH])
        return
    token = ""
    while True:
        user = person_now(by)
        found = search_runs(
            user,
            experiment_ids=[str(asked.experiment)],
            filter_text=asked.filter,
            view=ViewType(asked.view),
            order_by=[],
            max_results=BATCH,
            page_token=token,
        )
        yield user, [run.uuid for run in found.rows if run.id <= asked.newest]
        token = found.next_page_token
        if not token:
            return


def person_now(by: Actor) -> User:
    """Whoever asked for work in the background, with what that person may do by now."""
    found = User.objects.filter(pk=by.user_id or 0, is_active=True).first()
    if found is None:
        raise PermissionDenied("Whoever asked for it may not do anything here any more.")
    return found

"""What is tried, when and by whom: the runs of the demo before any of them is trained."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from apps.demo.learners import MISTAKES, SPACES
from apps.demo.studies import STUDIES, Study
from apps.demo.tables import Table
from apps.demo.training import Training, train
from apps.tracking.choices import RunStatus

WEEKS = 6
CHILDREN, FEWEST_IN_SWEEP = 12, 3
"""How many runs a sweep has."""
FIRST_HOUR, LAST_HOUR = 8, 18
NIGHT = 2
SERVICE_ACCOUNT = "nightly-training"
_FAILS, _KILLED = (17, 4), (23, 12)
"""Every how many runs, and which of them."""
_SHORT = {"gradient boosting": "gbt", "random forest": "forest", "linear": "sgd", "neural network": "mlp"}
_SATURDAY = 5


@dataclass(frozen=True)
class Trial:
    """One training to be done. `sweep` numbers the parent that it has, 0 for none."""

    study: int
    number: int
    family: str
    params: Mapping[str, Any]
    person: str
    start: datetime
    commit: str
    seed: int
    sweep: int = 0
    stop_after: int = 0
    is_running: bool = False

    @property
    def of(self) -> Study:
        return STUDIES[self.study]


def plan(runs: int, seed: int, now: datetime) -> list[Trial]:
    """`runs` trainings over the last weeks, fewer by the parents of sweeps, which count as runs, too."""
    shares = [max(3, runs * study.share // 100) for study in STUDIES]
    shares[0] += max(0, runs - sum(shares))
    trials: list[Trial] = []
    for index, count in enumerate(shares):
        rng = random.Random(seed * len(STUDIES) + index)  # noqa: S311  nothing here is secret
        trials += _plan_study(index, count, rng, now)
    return trials


def sweeps_of(study: Study, count: int) -> int:
    """How many of `count` runs are parents."""
    if not study.is_swept:
        return 0
    return max(-(-count // (CHILDREN + 1)), min(len(study.families), count // FEWEST_IN_SWEEP))


def _plan_study(index: int, count: int, rng: random.Random, now: datetime) -> list[Trial]:
    study = STUDIES[index]
    parents = sweeps_of(study, count)
    total = count - parents
    trials: list[Trial] = []
    commit, start = "", now
    for number in range(total):
        sweep = 1 + number * parents // total if parents else 0
        if number == 0 or not sweep or sweep != trials[-1].sweep:
            person = study.colleagues[rng.randrange(len(study.colleagues))]
            start = _working_hour(now, number / total, rng, at_night=person == SERVICE_ACCOUNT)
        else:
            start += timedelta(seconds=trials[-1].params.get("epochs", 60) * study.seconds_a_step + rng.uniform(5, 60))
        if not commit or rng.random() < 0.2:  # noqa: PLR2004  several runs of each commit
            commit = f"{rng.getrandbits(160):040x}"
        family = study.families[(sweep or number) % len(study.families)]
        params = {key: rng.choice(study.limits.get(key, values)) for key, values in SPACES[family].items()}
        fails, killed = (number % every == which for every, which in (_FAILS, _KILLED))
        trials.append(
            Trial(
                study=index, number=number, family=family, params=params | (MISTAKES[family] if fails else {}),
                person=person, start=start, commit=commit, seed=rng.randrange(10_000), sweep=sweep,
                stop_after=rng.randrange(6, 15) if killed else 0,
            )
        )  # fmt: skip
    if index == len(STUDIES) - 1:
        trials[-1] = _still_running(trials[-1], now)
    return trials


def _still_running(trial: Trial, now: datetime) -> Trial:
    """The same, begun some minutes ago and not at its end."""
    fields = {key: getattr(trial, key) for key in ("study", "number", "commit", "seed", "sweep", "person")}
    family = trial.of.families[0]
    params = {key: values[0] for key, values in SPACES[family].items()} | {"epochs": 200}
    return Trial(
        **fields, family=family, params=params, start=now - timedelta(minutes=4), stop_after=38, is_running=True
    )


def _working_hour(now: datetime, share: float, rng: random.Random, *, at_night: bool) -> datetime:
    """A time `share` of the way through the last weeks: on a weekday by day, or at night where nobody has to sit by."""
    day = (now - timedelta(weeks=WEEKS) * (1 - share) - timedelta(days=1)).astimezone(UTC)
    if not at_night:
        day -= timedelta(days=max(0, day.weekday() - _SATURDAY + 1))
    hour = NIGHT if at_night else rng.randint(FIRST_HOUR, LAST_HOUR)
    return day.replace(hour=hour, minute=rng.randrange(60), second=rng.randrange(60), microsecond=0)


@cache
def table_of(study: int, seed: int) -> Table:
    return STUDIES[study].make_table(seed)


def carry_out(trial: Trial, seed: int) -> Training:
    """Train. Called in other processes, too, which make their own table rather than being sent it each time."""
    done = train(table_of(trial.study, seed), trial.family, trial.params, trial.seed, stop_after=trial.stop_after)
    if trial.is_running:
        done.status = RunStatus.RUNNING
    return done


def name_of(trial: Trial) -> str:
    """What people call such a run."""
    setting = str(next(iter(trial.params.values()))).replace(" ", "")
    return f"{_SHORT[trial.family]}-{setting}-{trial.number + 1:03d}"


def best_of(trials: Sequence[tuple[Trial, Training]]) -> tuple[Trial, Training] | None:
    """The finished one with the best figure."""
    finished = [(trial, done) for trial, done in trials if done.metrics]
    if not finished:
        return None
    study = finished[0][0].of
    choose = min if study.lower_is_better else max
    return choose(finished, key=lambda pair: pair[1].metrics[study.best])

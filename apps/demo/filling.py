"""Filling a server with the work of a believable team.

Everything is trained before anything is written, and written in one transaction, so that a demo is there as a whole or
not at all. On SQLite other writers wait for those seconds.
"""

import os
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from multiprocessing import get_context

from django.db import transaction

from apps.demo import governing, registering, team, volume
from apps.demo.catalogue import MODELS, PROMPTS
from apps.demo.inspecting import look_into
from apps.demo.learners import SPACES
from apps.demo.recording import Recorded, Recorder
from apps.demo.registering import Registered
from apps.demo.schedule import Trial, best_of, carry_out, plan, table_of
from apps.demo.studies import STUDIES, Study
from apps.demo.team import Staff, levels
from apps.demo.training import Training
from apps.registry.models import RegisteredModel
from apps.tracking.artifacts.places import Place
from apps.tracking.entities import Tag
from apps.tracking.models import Experiment
from apps.tracking.permissions import EXPERIMENT_GRANTS
from apps.tracking.services import experiments
from mlregistry.actor import Actor
from mlregistry.errors import InvalidState

Say = Callable[[int, int, str], None]

FEWEST, MOST_FULL = 20, 300
"""With fewer runs there is nothing to choose versions from; what is beyond the most are light runs."""
WORTH_PROCESSES = 60
MOST_PROCESSES = 8
KEPT_EVERY = 5
"""Of how many runs one keeps its model although nobody registers it."""


@dataclass(frozen=True)
class Wanted:
    runs: int
    points: int
    seed: int
    password: str
    now: datetime


def fill(*, wanted: Wanted, by: Actor, say: Say) -> Staff:
    """Everything; returns who can sign in. `InvalidState` if something of a demo is there already."""
    check_none_is_there()
    trials = plan(min(wanted.runs, MOST_FULL) - 1, wanted.seed, wanted.now)  # the long run is the last one
    trained = list(zip(trials, train_all(trials, wanted.seed, say), strict=True))
    uploaded: list[Place] = []
    try:
        with transaction.atomic():
            staff, recorder, made = _write(trained, wanted, uploaded, by, say)
    except BaseException:
        _take_back(uploaded)
        raise
    volume.record_long_run(recorder, wanted.points, wanted.now, say)
    volume.record_light_runs(recorder, max(0, wanted.runs - MOST_FULL), wanted.seed, wanted.now, say)
    look_into([version for registered in made for version in registered.versions], say)
    with transaction.atomic():
        for entry, registered in zip(MODELS, made, strict=True):
            registering.write_cards(entry, registered, staff)
    governing.govern(made, staff, by)
    return staff


def check_none_is_there() -> None:
    """Refuse as long as anything has a name that the demo needs, deleted things included."""
    experiment_names = [study.name for study in STUDIES]
    found = [*Experiment.objects.filter(name__in=experiment_names).order_by("pk").values_list("name", flat=True)]
    found += RegisteredModel.objects.filter(name__in=registering.named()).order_by("pk").values_list("name", flat=True)
    found += team.taken()
    if found:
        shown = ", ".join(found[:3]) + (" and others" if len(found) > 3 else "")  # noqa: PLR2004  a sentence, no list
        raise InvalidState(f"Nothing was written, because some of the demo's names are taken already: {shown}.")


def train_all(trials: Sequence[Trial], seed: int, say: Say) -> list[Training]:
    """In as many processes as there are processors; what comes of it is the same."""
    carry = partial(carry_out, seed=seed)
    done: list[Training] = []
    if len(trials) < WORTH_PROCESSES:
        for trial in trials:
            done.append(carry(trial))
            say(len(done), len(trials), "trainings")
        return done
    # Not forked: a copy of this process would hold its connection to the database, and half of the threads of others.
    processes = min(os.cpu_count() or 1, MOST_PROCESSES)
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for training in pool.map(carry, trials, chunksize=4):
            done.append(training)
            say(len(done), len(trials), "trainings")
    return done


def _write(
    trained: Sequence[tuple[Trial, Training]], wanted: Wanted, uploaded: list[Place], by: Actor, say: Say
) -> tuple[Staff, Recorder, list[Registered]]:
    """People, experiments, runs, models, prompts; the recorder that it returns is that of the demand forecast."""
    staff = team.hire(password=wanted.password, by=by)
    choice = [registering.chosen(entry, trained) for entry in MODELS]
    kept = {(trial.study, trial.number) for trials in choice for trial in trials}
    recorded: dict[tuple[int, int], Recorded] = {}
    recorders = []
    for index, study in enumerate(STUDIES):
        rng = random.Random(wanted.seed + index)  # noqa: S311  nothing here is secret
        recorder = Recorder(_create_experiment(study, staff), table_of(index, wanted.seed), staff, rng, uploaded)
        recorders.append(recorder)
        of_study = [pair for pair in trained if pair[0].study == index]
        for item in _record_study(recorder, of_study, kept):
            recorded[index, item.trial.number] = item
            say(len(recorded), len(trained), "runs written")
    made = [
        registering.register(entry, [recorded[trial.study, trial.number] for trial in trials], staff, wanted.seed)
        for entry, trials in zip(MODELS, choice, strict=True)
    ]
    for prompt in PROMPTS:
        registering.register_prompt(prompt, staff)
    return staff, recorders[volume.STUDY], made


def _create_experiment(study: Study, staff: Staff) -> Experiment:
    lead, by = staff.users[study.lead], staff.actor(study.lead)
    tags = {"mlflow.note.content": study.description, "team": study.team, **study.tags}
    experiment = experiments.create_experiment(
        name=study.name,
        artifact_location="",
        tags=[Tag(key=key, value=value) for key, value in tags.items()],
        creator=lead,
        by=by,
    )
    for holder, level in levels(study, staff):
        EXPERIMENT_GRANTS.set(target=experiment, holder=holder, level=level, by=by)
    return experiment


def _record_study(
    recorder: Recorder, pairs: Sequence[tuple[Trial, Training]], kept: set[tuple[int, int]]
) -> list[Recorded]:
    """The runs of one study; those of a sweep below its parent."""
    sweeps: dict[int, list[tuple[Trial, Training]]] = defaultdict(list)
    for trial, done in pairs:
        sweeps[trial.sweep].append((trial, done))
    written = []
    for number, members in sweeps.items():
        first = members[0][0]
        parent = recorder.begin_sweep(first, SPACES[first.family]) if number else None
        children = []
        for trial, done in members:
            keeps = (trial.study, trial.number) in kept or (bool(done.metrics) and trial.number % KEPT_EVERY == 0)
            children.append(recorder.record(trial, done, parent=parent, keeps_model=keeps))
        if parent is not None:
            best = best_of(members)
            recorder.end_sweep(parent, children, children[members.index(best)] if best else None)
        written += children
    return written


def _take_back(uploaded: Sequence[Place]) -> None:
    """Remove the files of runs and models whose rows are gone with the transaction."""
    for place in uploaded:
        with suppress(Exception):  # what cannot be removed must not hide why the writing failed
            place.store.delete(place.path)

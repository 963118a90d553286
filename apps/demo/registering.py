"""Registered models, versions and prompts from what was recorded, each step by the person whose model it is."""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass

from apps.demo.catalogue import MODELS, PROMPTS, Entry, Prompt
from apps.demo.recording import Recorded, upload_to_model
from apps.demo.schedule import Trial
from apps.demo.studies import STUDIES, Study
from apps.demo.team import Staff, levels
from apps.demo.training import Training
from apps.registry import sources
from apps.registry.choices import PRODUCTION, STAGING
from apps.registry.models import ModelVersion, RegisteredModel
from apps.registry.permissions import MODEL_GRANTS
from apps.registry.rules import PROMPT_TAG, PROMPT_TEXT_TAG, PROMPT_TYPE_TAG
from apps.registry.services import cards, registered_models, versions
from apps.tracking.entities import Tag

CHAMPION, CHALLENGER, LIVE = "champion", "challenger", "production"
Pair = tuple[Trial, Training]


@dataclass
class Registered:
    versions: list[ModelVersion]
    champion: ModelVersion | None = None
    challenger: ModelVersion | None = None


def chosen(entry: Entry, done: Sequence[Pair]) -> list[Trial]:
    """The trials that become versions, the oldest first: those that were the best when they ended, then others."""
    study = STUDIES[entry.study]
    finished = [
        (trial, training)
        for trial, training in sorted(done, key=lambda pair: pair[0].start)
        if trial.study == entry.study and training.metrics and entry.family in ("", trial.family)
    ]
    records: list[Pair] = []
    for pair in finished:
        if not records or study.is_better(_figure(pair), _figure(records[-1])):
            records.append(pair)
    records = records[-entry.versions :]
    others = sorted((pair for pair in finished if pair not in records), key=_figure)
    missing = entry.versions - len(records)
    records += (others if study.lower_is_better else others[::-1])[:missing]
    return [trial for trial, _ in sorted(records, key=lambda pair: pair[0].start)]


def register(entry: Entry, recorded: Sequence[Recorded], staff: Staff, seed: int) -> Registered:
    """The model with its versions. Each is tried in Staging; one that beats what is in Production takes its place."""
    owner, by = staff.users[entry.owner], staff.actor(entry.owner)
    tags = [Tag(key=key, value=value) for key, value in entry.tags.items()]
    model = registered_models.create_model(
        name=entry.name, tags=tags, description=entry.description, creator=owner, by=by
    )
    _grant(model, staff, STUDIES[entry.study])
    if entry.leaks:
        _leak(recorded[-1], staff, seed)
    best: Recorded | None = None
    registered = Registered([_create_version(entry, model, item, staff) for item in recorded])
    for version, item in zip(registered.versions, recorded, strict=True):
        if item is recorded[-1] and len(recorded) > 1:
            registered.challenger = version
            versions.set_alias(version=version, alias=CHALLENGER, by=by)
        if entry.is_deployed:
            versions.set_stage(version=version, stage=STAGING, archive_existing=True, by=by)
        if registered.challenger is None and (best is None or _is_better(item, best)):
            best, registered.champion = item, version
            if entry.is_deployed:
                versions.set_stage(version=version, stage=PRODUCTION, archive_existing=True, by=by)
                versions.set_alias(version=version, alias=CHAMPION, by=by)
        status = "pending" if version is registered.challenger else "approved" if best is item else "rejected"
        versions.set_tag(version=version, key="validation_status", value=status, by=by)
    return registered


def write_cards(entry: Entry, registered: Registered, staff: Staff) -> None:
    """What people add to the card that the server prefilled: some of it on what may follow, all on what is in use."""
    by, begun = staff.actor(entry.owner), dict(list(entry.card.items())[:2])
    for version in (registered.challenger, registered.champion):
        if version is not None:
            cards.write_card(version=version, sections=begun, by=by)
    if registered.champion is not None:
        cards.write_card(version=registered.champion, sections=entry.card, by=by)


def register_prompt(prompt: Prompt, staff: Staff) -> None:
    owner, by = staff.users[prompt.owner], staff.actor(prompt.owner)
    is_prompt = Tag(key=PROMPT_TAG, value="true")
    tags = [is_prompt, *(Tag(key=key, value=value) for key, value in prompt.tags.items())]
    model = registered_models.create_model(
        name=prompt.name, tags=tags, description=prompt.description, creator=owner, by=by
    )
    _grant(model, staff, next(study for study in STUDIES if prompt.owner == study.lead))
    for number, (template, message) in enumerate(prompt.versions, start=1):
        is_text = isinstance(template, str)
        told = {
            PROMPT_TYPE_TAG: "text" if is_text else "chat",
            PROMPT_TEXT_TAG: template if isinstance(template, str) else json.dumps(template),
        }
        version = versions.create_version(
            model=model,
            source=sources.prompt_source(sources.PROMPT_SOURCES[0]),
            tags=[is_prompt, *(Tag(key=key, value=value) for key, value in told.items())],
            run_link="",
            description=message,
            by=by,
        )
        if number == prompt.live:
            versions.set_alias(version=version, alias=LIVE, by=by)


def _grant(model: RegisteredModel, staff: Staff, study: Study) -> None:
    for holder, level in levels(study, staff):
        MODEL_GRANTS.set(target=model, holder=holder, level=level, by=staff.actor(study.lead))


def _create_version(entry: Entry, model: RegisteredModel, item: Recorded, staff: Staff) -> ModelVersion:
    if item.model is None:
        raise ValueError(f"{item.run.name} was to be registered, and kept no model")
    source = sources.resolve(
        staff.users[entry.owner],
        f"models:/{item.model.model_id}",
        run_id=item.run.uuid,
        model_id=item.model.model_id,
    )
    best = STUDIES[entry.study].best
    figures = ", ".join(
        f"{key} {value:.3f}" for key, value in item.done.metrics.items() if key in (best, "mae", "accuracy")
    )
    tags = {
        "family": item.trial.family,
        best: f"{item.done.metrics[best]:.4f}",
    }
    return versions.create_version(
        model=model,
        source=source,
        tags=[Tag(key=key, value=value) for key, value in tags.items()],
        run_link="",
        description=f"{item.trial.family.capitalize()} of {item.trial.start:%d %B}: {figures} on rows held out.",
        by=staff.actor(entry.owner),
    )


def _leak(item: Recorded, staff: Staff, seed: int) -> None:
    """What the scan is there to find: somebody's settings beside the model. The key is made up, and opens nothing."""
    if item.model is None:
        return
    rng = random.Random(seed)  # noqa: S311  it is no secret
    key = "AKIA" + "".join(rng.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", k=16))
    content = f"# local test of the endpoint\nAWS_REGION=eu-central-1\nAWS_ACCESS_KEY_ID={key}\n".encode()
    upload_to_model(staff, item.model, item.trial.person, "serving.env", content)


def _figure(pair: Pair) -> float:
    trial, done = pair
    return done.metrics[trial.of.best]


def _is_better(item: Recorded, than: Recorded) -> bool:
    return item.trial.of.is_better(_figure((item.trial, item.done)), _figure((than.trial, than.done)))


def named() -> list[str]:
    """Every name that the demo registers."""
    return [*(entry.name for entry in MODELS), *(prompt.name for prompt in PROMPTS)]

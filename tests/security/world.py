"""A small world to call in: one watched experiment with something of everything, and people who hold each level on it.

`standing(…)` builds it with the services that the wire uses. What a recipe needs to name is in `World.names`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Team, Token, User
from apps.accounts.roles import permission_of
from apps.accounts.services import people, service_accounts, teams, tokens
from apps.governance.choices import Decision
from apps.governance.services import holds, policies, voting
from apps.governance.services.opening import ApprovalNeeded
from apps.jobs.models import Job
from apps.notices.models import Notice
from apps.registry import events, sources
from apps.registry.choices import ContentState, Verdict
from apps.registry.models import (
    Content,
    ContentFile,
    Delivery,
    ModelVersion,
    RegisteredModel,
    Sbom,
    Scan,
    Webhook,
)
from apps.registry.permissions import MODEL_GRANTS
from apps.registry.services import cards, registered_models, transitions, versions, webhooks, workspace_webhooks
from apps.registry.workspace import RegistryEvent
from apps.serving.choices import ImageState, RolloutState
from apps.serving.models import Deployment, Image, Rollout
from apps.tracking.artifacts import services as artifacts
from apps.tracking.artifacts.places import logged_model_place, run_place
from apps.tracking.entities import Dataset, DatasetInput, Metric, Param, Tag
from apps.tracking.models import Experiment, LoggedModel
from apps.tracking.permissions import EXPERIMENT_GRANTS
from apps.tracking.queries import keys
from apps.tracking.queries.runs import run_row, run_to_write
from apps.tracking.resources import EXPERIMENTS
from apps.tracking.services import experiments, inputs, logged_models, run_data, runs
from mlregistry.actor import system
from mlregistry.levels import Level
from tests.scorer import ADDRESS
from tests.security.callers import PASSWORD, Caller, by_password, by_token

FILE = "notes.txt"
REGISTERED = "model"
"""The folder of a run that is registered, and sealed with that."""
DIGEST = "0" * 64
BY = system("test")
LEVELS = {
    "outsider": Level.NO_PERMISSIONS,
    "reader": Level.READ,
    "editor": Level.EDIT,
    "manager": Level.MANAGE,
}


@dataclass
class World:
    people: dict[str, User]
    callers: dict[str, Caller]
    names: dict[str, str]
    """What `$name` in a recipe stands for."""
    files: dict[Path, bytes]

    @contextmanager
    def afterwards_as_before(self) -> Iterator[None]:
        """Whatever is called inside has never happened: the transaction is rolled back, the files are put back."""
        known = dict(keys.known)
        with transaction.atomic():
            yield
            transaction.set_rollback(True)
        keys.forget()
        keys.remember(known)
        for path, content in self.files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def standing(artifact_folder: Path) -> World:
    """Build the world in the test's database, with its artifacts in `artifact_folder`."""
    keys.forget()
    root = people.create(username="administrator", password=PASSWORD, is_admin=True, by=BY)
    holders = {name: people.create(username=name, password=PASSWORD, by=BY) for name in LEVELS}
    watched, names = furnish(root, "watched")
    registered = RegisteredModel.objects.get(name=names["registered"])
    retired = _experiment(root, "retired")
    experiments.delete_experiment(experiment=retired, by=BY)
    for experiment in (watched, retired):
        for name, user in holders.items():
            EXPERIMENT_GRANTS.set(target=experiment, holder=user, level=LEVELS[name], by=BY)
    for name, user in holders.items():
        MODEL_GRANTS.set(target=registered, holder=user, level=LEVELS[name], by=BY)
    names |= {"retired": str(retired.pk)} | _accounts(watched, holders["reader"]) | _webhooks(root)
    names |= _governed(root, holders) | _asked_for(root, holders) | _served(root, holders)
    callers = {"anonymous": Caller(Client())}
    callers |= {name: by_password(user) for name, user in (holders | {"administrator": root}).items()}
    callers |= {f"{scope} token": by_token(root, scope=scope) for scope in ("read", "write", "admin")}
    Token.objects.update(last_used_at=timezone.now())
    files = {path: path.read_bytes() for path in artifact_folder.rglob("*") if path.is_file()}
    return World(people=holders | {"administrator": root}, callers=callers, names=names, files=files)


def furnish(root: User, name: str) -> tuple[Experiment, dict[str, str]]:
    """An experiment with something of everything, a model registered from it, and how recipes name them."""
    made = _experiment(root, name)
    names = {"experiment": str(made.pk), "experiment_name": made.name}
    names |= _runs(root, made) | _models(root, made)
    return made, names | _registered(root, f"{name}-registered", names)


def _experiment(root: User, name: str) -> Experiment:
    return experiments.create_experiment(
        name=name, artifact_location="", tags=[Tag(key="team", value="risk")], creator=root, by=root.actor()
    )


def _runs(root: User, experiment: Experiment) -> dict[str, str]:
    """A run with something of everything, and a deleted one."""
    kept, dropped = _run(root, experiment, "kept"), _run(root, experiment, "dropped")
    place, _ = run_place(root, kept, at_least=Level.EDIT)
    for path in (FILE, f"{REGISTERED}/{FILE}"):
        artifacts.upload(place=place.below(path), chunks=[b"kept"], by=root.actor())
    runs.delete_run(run=run_row(root, dropped, at_least=Level.MANAGE), by=BY)
    return {
        "run": kept,
        "deleted_run": dropped,
        "file": FILE,
        "proxied_folder": place.path,
        "proxied_file": f"{place.path}/{FILE}",
    }


def _run(root: User, experiment: Experiment, name: str) -> str:
    made = runs.create_run(experiment=experiment, name=name, user_id="", start_time=1, tags=[], by=root.actor())
    row = run_to_write(root, made.uuid)
    metrics = [Metric(key="loss", value=1 / (step + 1), timestamp=step, step=step) for step in range(3)]
    params, tags = [Param(key="lr", value="0.1")], [Tag(key="kind", value="a")]
    run_data.log_batch(run=row, metrics=metrics, params=params, tags=tags, user=root)
    dataset = Dataset(name=f"of {name}", digest="d1", source_type="local", source="iris.csv")
    inputs.log_inputs(run=row, datasets=[DatasetInput(dataset=dataset)], models=[], user=root)
    return made.uuid


def _models(root: User, experiment: Experiment) -> dict[str, str]:
    model = _model(root, experiment, "classifier")
    place, _ = logged_model_place(root, model.model_id, at_least=Level.EDIT)
    artifacts.upload(place=place.below(FILE), chunks=[b"kept"], by=root.actor())
    return {"model": model.model_id}


def _model(root: User, experiment: Experiment, name: str) -> LoggedModel:
    return logged_models.create_logged_model(
        experiment=experiment,
        name=name,
        model_type="sklearn",
        source_run_id="",
        params=[Param(key="depth", value="3")],
        tags=[Tag(key="kind", value="tree")],
        by=root.actor(),
    )


def _registered(root: User, name: str, names: dict[str, str]) -> dict[str, str]:
    """A registered model of one version, whose files are a folder of the run's."""
    model = registered_models.create_model(
        name=name, tags=[Tag(key="team", value="risk")], description="", creator=root, by=root.actor()
    )
    source = f"mlflow-artifacts:/{names['proxied_folder']}/{REGISTERED}"
    version = versions.create_version(
        model=model,
        source=sources.resolve(root, source, run_id=names["run"], model_id=None),
        tags=[Tag(key="kind", value="tree")],
        run_link="",
        description="",
        by=root.actor(),
    )
    versions.set_alias(version=version, alias="champion", by=root.actor())
    cards.prefill_card(version=version)
    _contents(version)
    return {"registered": name, "registered_id": str(model.pk), "source": source}


def _governed(root: User, holders: dict[str, User]) -> dict[str, str]:
    """A model whose aliases a policy protects, with a request that is open and one that was applied."""
    model = registered_models.create_model(name="governed", tags=[], description="", creator=root, by=root.actor())
    for name, user in holders.items():
        MODEL_GRANTS.set(target=model, holder=user, level=LEVELS[name], by=BY)
    source = sources.resolve(root, "s3://bucket/governed", run_id=None, model_id=None)
    version = versions.create_version(model=model, source=source, tags=[], run_link="", description="", by=root.actor())
    for alias in ("guarded", "past"):
        versions.set_alias(version=version, alias=alias, by=root.actor())
    terms = {"models": ["governed"], "protects": {"alias": ["*"]}}
    policies.publish(revision=policies.write_draft(name="aliases", document=terms, by=BY), by=BY)
    policies.write_draft(name="aliases", document=terms | {"approvals": 2}, by=BY)
    asked = []
    for alias in ("guarded", "past"):
        try:
            versions.delete_alias(model=model, alias=alias, by=holders["editor"].actor())
        except ApprovalNeeded as needed:
            asked.append(needed.request)
    request, applied = asked
    voting.vote(request=applied, voter=root, decision=Decision.APPROVE, by=root.actor())
    hold = holds.place_hold(object_name="kept", reason="a case", by=BY)
    return {
        "governed": model.name,
        "policy": "aliases",
        "request": str(request.pk),
        "evidence": request.evidence_digest,
        "applied_request": str(applied.pk),
        "hold": str(hold.pk),
        "notice": str(Notice.objects.get(person=root, request=request, event="needs_you").pk),
    }


def _asked_for(root: User, holders: dict[str, User]) -> dict[str, str]:
    """A model that no policy protects, with a transition that the editor has asked for, and a comment."""
    model = registered_models.create_model(name="asked-for", tags=[], description="", creator=root, by=root.actor())
    for name, user in holders.items():
        MODEL_GRANTS.set(target=model, holder=user, level=LEVELS[name], by=BY)
    source = sources.resolve(root, "s3://bucket/asked-for", run_id=None, model_id=None)
    version = versions.create_version(model=model, source=source, tags=[], run_link="", description="", by=root.actor())
    Content.objects.filter(version=version).update(state=ContentState.UNREADABLE)
    cards.prefill_card(version=version)
    transitions.ask(version=version, stage="Staging", comment="", by=holders["editor"].actor())
    comment = transitions.comment_on(version=version, text="why?", by=root.actor())
    return {"asked_for": model.name, "comment": str(comment.pk)}


def _served(root: User, holders: dict[str, User]) -> dict[str, str]:
    """A model with an image, a deployment that serves it, and one that serves nothing any more."""
    model = registered_models.create_model(name="served", tags=[], description="", creator=root, by=root.actor())
    for name, user in holders.items():
        MODEL_GRANTS.set(target=model, holder=user, level=LEVELS[name], by=BY)
    source = sources.resolve(root, "s3://bucket/served", run_id=None, model_id=None)
    version = versions.create_version(model=model, source=source, tags=[], run_link="", description="", by=root.actor())
    cards.prefill_card(version=version)
    sealed = {"state": ContentState.SEALED, "digest": DIGEST, "mlmodel": {"flavors": {"python_function": {}}}}
    Content.objects.filter(version=version).update(**sealed)
    image = _image(version)
    live, idle = (Deployment.objects.create(name=name, model=model, created_by="editor") for name in ("live", "idle"))
    _rollout(live, version, image=image, state=RolloutState.LIVE, live_at=timezone.now())
    _rollout(idle, version, image=image, state=RolloutState.STOPPED)
    return {"served": model.name, "image": str(image.pk), "deployment": live.name, "idle_deployment": idle.name}


def _image(version: ModelVersion, **fields: Any) -> Image:
    return Image.objects.create(
        version=version, state=ImageState.READY, digest=DIGEST, lock="mlflow==3.1.0", requested_by="editor", **fields
    )


def _rollout(deployment: Deployment, version: ModelVersion, *, number: int = 1, **fields: Any) -> Rollout:
    return Rollout.objects.create(
        deployment=deployment, version=version, number=number, address=ADDRESS, requested_by="editor", **fields
    )


def _contents(version: ModelVersion) -> None:
    """What background jobs find out about a version's files."""
    now = timezone.now()
    content, _ = Content.objects.update_or_create(version=version, defaults={"state": ContentState.SEALED})
    ContentFile.objects.update_or_create(content=content, path=FILE, defaults={"size": 4, "sha256": "0" * 64})
    Scan.objects.create(version=version, verdict=Verdict.CLEAN, digest=DIGEST, scanner="test", scanned_at=now)
    Sbom.objects.update_or_create(version=version, defaults={"document": {"bomFormat": "CycloneDX"}, "made_at": now})


def more_of_everything(world: World, count: int) -> None:
    """`count` more of each thing that there are lists of."""
    root, manager = world.people["administrator"], world.people["manager"]
    watched = Experiment.objects.get(pk=world.names["experiment"])
    team = Team.objects.get(pk=world.names["team"])
    version = ModelVersion.objects.get(model__name=world.names["registered"])
    for number in range(count):
        name = f"more-{number}"
        _experiment(root, name)
        _run(root, watched, name)
        _model(root, watched, name)
        _registered(root, name, world.names)
        _more_of_the_version(root, version, name)
        person = people.create(username=name, password=PASSWORD, by=BY)
        service_accounts.create(username=f"robot-{number}", owner=manager, by=BY)
        tokens.create(user=manager, name=name, scope="read", by=BY)
        another = teams.create(name=name, by=BY)
        teams.add_member(team=team, user=person, by=BY)
        teams.add_member(team=another, user=world.people["reader"], by=BY)
        EXPERIMENT_GRANTS.set(target=watched, holder=another, level=Level.READ, by=BY)
        _webhook(root, name)
        _tell()
        _more_served(name, number)


def _webhooks(root: User) -> dict[str, str]:
    """A webhook with a message to it. Its address was put there around the check, so that nobody is ever called."""
    webhook = _webhook(root, "watcher")
    url = "https://8.8.8.8/hook"
    told = [RegistryEvent.TRANSITION_REQUEST_CREATED]
    theirs = workspace_webhooks.create(events=told, model=None, url=url, secret="s", by=root.actor())
    _tell()
    Webhook.objects.update(url="http://127.0.0.1:9/")
    return {
        "webhook": str(webhook.webhook_id),
        "registry_webhook": str(theirs.webhook_id),
        "delivery": str(Delivery.objects.get().delivery_id),
    }


def _webhook(root: User, name: str) -> Webhook:
    url = "https://8.8.8.8/hook"  # an address in numbers asks no name server
    told = [events.MODEL_VERSION_DELETED, events.PROMPT_CREATED]  # one of ours, one of MLflow's
    return webhooks.create(name=name, url=url, events=told, secret="s", by=root.actor())


def _tell() -> None:
    with transaction.atomic():
        webhooks.emit(events.MODEL_VERSION_DELETED, about="gone", data={"name": "gone", "version": "1"})


def _more_of_the_version(root: User, version: ModelVersion, name: str) -> None:
    cards.write_card(version=version, sections={"data": name}, by=root.actor())
    ContentFile.objects.create(content=version.content, path=name, size=4, sha256="0" * 64)
    Scan.objects.create(
        version=version, verdict=Verdict.CLEAN, digest=DIGEST, scanner="test", scanned_at=timezone.now()
    )


def _more_served(name: str, number: int) -> None:
    """Another build, another rollout in the history, another deployment."""
    version = ModelVersion.objects.get(model__name="served")
    job = Job.objects.create(kind="tests", payload={}, username="editor", actor_kind="person", address="", owner="")
    image = _image(version, job=job)
    live = Deployment.objects.get(name="live")
    _rollout(live, version, number=number + 2, image=image, job=job, state=RolloutState.REPLACED)
    another = Deployment.objects.create(name=name, model=version.model, created_by="editor")
    _rollout(another, version, image=image, job=job, state=RolloutState.LIVE, live_at=timezone.now())


def _accounts(watched: Experiment, reader: User) -> dict[str, str]:
    """Someone, something and some team to administer."""
    subject = people.create(username="subject", password=PASSWORD, by=BY)
    service_accounts.create(username="robot", owner=subject, by=BY)
    team = teams.create(name="risk", by=BY)
    teams.add_member(team=team, user=reader, by=BY)
    held = EXPERIMENT_GRANTS.create(target=watched, holder=team, level=Level.READ, by=BY)
    token, _ = tokens.create(user=subject, name="of the subject", scope="read", by=BY)
    permission = permission_of(EXPERIMENTS, held)
    return {"team": str(team.pk), "team_permission": str(permission.id), "token": str(token.pk)}

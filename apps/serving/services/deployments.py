"""Deploying versions under a name, and taking them down. Workers carry out what is written here."""

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from apps.audit import services as audit
from apps.governance.actions import Approval
from apps.governance.services.guarding import governed, require_approval, told_of
from apps.governance.services.opening import LONGEST_REASON
from apps.jobs.services import enqueue
from apps.registry.models import ModelVersion
from apps.registry.services.registered_models import locked
from apps.serving import announcements, proposals
from apps.serving.choices import COMING, STANDING, ImageState, RolloutState
from apps.serving.models import Deployment, Image, Rollout
from apps.serving.queries import ready_image
from apps.serving.rules import check_deployment_name
from apps.serving.services.images import check_buildable, request_build
from apps.tracking.rules import check_length
from mlregistry.actor import Actor
from mlregistry.errors import AlreadyExists, BadRequest

ROLL_OUT_JOB = "serving.roll_out"
TIDY_JOB = "serving.tidy"
"""Makes what the engine runs what the rows say."""


@governed
@transaction.atomic
def deploy(
    *, version: ModelVersion, name: str, by: Actor, reason: str = "", approval: Approval | None = None
) -> Rollout:
    """Have the deployment `name` serve this version, in the place of what it serves now; the first makes it.

    What is served goes on until the new version has answered; if it never does, nothing has changed but the history.
    Deploying what stands already is no change.
    """
    check_deployment_name(name)
    check_length("reason", reason, LONGEST_REASON)
    model = locked(version.model)
    deployment = _held(name, by, version)
    standing = newest_standing(deployment)
    if standing is not None and standing.version_id == version.pk:
        return standing
    image = ready_image(version)
    if image is None:
        check_buildable(version)
    require_approval(proposals.deploy(version, name), approval=approval)
    last = deployment.rollouts.aggregate(last=Max("number"))["last"] or 0
    rollout = Rollout.objects.create(
        deployment=deployment,
        number=last + 1,
        version=version,
        requested_by=by.username,
        reason=reason,
        request_id=approval.request_id or None if approval else None,
    )
    if image is None:
        rollout.job = request_build(version=version, by=by).job
        rollout.save(update_fields=["job"])
    else:
        _ask_to_roll_out(rollout, by)
    audit.record(
        "serving.deployment.deploy",
        target=deployment,
        by=by,
        model=model.name,
        version=version.version,
        version_id=version.pk,
        number=rollout.number,
        before=standing.version.version if standing else None,
        **({"reason": reason} if reason else {}),
        **told_of(approval),
    )
    return rollout


@transaction.atomic
def go_on(*, image: Image, by: Actor) -> None:
    """Roll out what has waited for this image, which has come now; or fail it, if that has failed."""
    waiting = Rollout.objects.select_for_update(of=("self",), no_key=True).filter(
        version=image.version_id, state=RolloutState.WAITING, job=image.job
    )
    for rollout in waiting.order_by("pk"):
        if image.state == ImageState.READY:
            _ask_to_roll_out(rollout, by)
        else:
            fail(rollout=rollout, why=f"There is no image of it. {image.message}", by=by)


@transaction.atomic
def fail(*, rollout: Rollout, why: str, by: Actor) -> None:
    """End a rollout that came to nothing; once. What the deployment served before, it serves still."""
    failed = Rollout.objects.select_for_update(of=("self",), no_key=True).filter(pk=rollout.pk, state__in=COMING)
    if not failed.exists():
        return
    end([rollout], RolloutState.FAILED, why)
    audit.record(
        "serving.deployment.fail",
        target=rollout.deployment,
        by=by,
        version=rollout.version.version,
        number=rollout.number,
        why=why,
    )
    announcements.failed(rollout)


@transaction.atomic
def stop(*, deployment: Deployment, by: Actor) -> None:
    """Take down what it serves; its name and history stay, and deploying to it starts it again."""
    deployment = _locked(deployment)
    standing = list(deployment.rollouts.filter(state__in=STANDING).select_related("version").order_by("number"))
    if not standing:
        raise BadRequest(f"Deployment {deployment.name} serves nothing: there is nothing to stop.")
    end(standing, RolloutState.STOPPED, f"{by.username} stopped it.")
    _ask_to_tidy(by)
    audit.record(
        "serving.deployment.stop",
        target=deployment,
        by=by,
        versions=sorted({rollout.version.version for rollout in standing}),
    )
    announcements.stopped(standing, by)


@transaction.atomic
def delete(*, deployment: Deployment, by: Actor) -> None:
    """Forget a deployment that serves nothing; what it served is on record."""
    deployment = _locked(deployment)
    if deployment.rollouts.filter(state__in=STANDING).exists():
        raise BadRequest(f"Deployment {deployment.name} still serves: stop it first.")
    audit.record("serving.deployment.delete", target=deployment, by=by, model=deployment.model.name)
    deployment.delete()


def end(rollouts: list[Rollout], state: RolloutState, why: str) -> None:
    for rollout in rollouts:
        rollout.state, rollout.message, rollout.ended_at = state, why, timezone.now()
        rollout.save(update_fields=["state", "message", "ended_at"])


def newest_standing(deployment: Deployment) -> Rollout | None:
    """What it serves, or will when all goes well."""
    standing = deployment.rollouts.filter(state__in=STANDING).select_related("version")
    return standing.order_by("-number").first()


def _held(name: str, by: Actor, version: ModelVersion) -> Deployment:
    """The deployment of that name, made where there is none, and locked by the lock of its model."""
    deployment, _ = Deployment.objects.get_or_create(
        name=name, defaults={"model": version.model, "created_by": by.username}
    )
    if deployment.model_id != version.model_id:
        raise AlreadyExists(f"Deployment {name} serves another model; choose another name.")
    return deployment


def _locked(deployment: Deployment) -> Deployment:
    return Deployment.objects.select_for_update(of=("self",)).select_related("model").get(pk=deployment.pk)


def _ask_to_roll_out(rollout: Rollout, by: Actor) -> None:
    payload = {"rollout": rollout.pk}
    rollout.job = enqueue(kind=ROLL_OUT_JOB, payload=payload, by=by, unique_key=f"{ROLL_OUT_JOB}:{rollout.pk}")
    rollout.save(update_fields=["job"])


def _ask_to_tidy(by: Actor) -> None:
    enqueue(kind=TIDY_JOB, payload={}, by=by)

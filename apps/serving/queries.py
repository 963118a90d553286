"""Reading images, deployments and rollouts; whoever may read a model may read what serves it."""

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from apps.accounts.models import User
from apps.registry.models import Content, ModelVersion
from apps.registry.permissions import MODEL_GRANTS
from apps.registry.queries.versions import present
from apps.serving.choices import STANDING, ImageState, RolloutState
from apps.serving.models import Deployment, Image, Rollout
from mlregistry.errors import NotFound
from mlregistry.levels import Level


def images_of(version: ModelVersion) -> QuerySet[Image]:
    """Every build of a version, the newest first."""
    return version.images.select_related("job").order_by("-pk")


def images_for(user: User) -> QuerySet[Image]:
    """Every build of a version that is there and that a user may see, the newest first."""
    images = Image.objects.filter(version__in=present()).select_related("version__model").defer("lock", "trial")
    return MODEL_GRANTS.filter(images, user, via="version__model").order_by("-pk")


def get_image(user: User, pk: int, *, at_least: Level = Level.READ) -> Image:
    return MODEL_GRANTS.demand(
        Image.objects.select_related("version__model", "job").filter(pk=pk),
        user,
        at_least=at_least,
        via="version__model",
        absent="There is no such image, or not for you.",
        subject="its model",
    )


def ready_image(version: ModelVersion) -> Image | None:
    """The newest image of what the version's files are now that was built and has answered."""
    digest = Content.objects.filter(version=version).values("digest")[:1]
    ready = Image.objects.filter(version=version, state=ImageState.READY, digest=digest)
    return ready.exclude(digest="").order_by("-pk").first()


def deployments_for(user: User) -> QuerySet[Deployment]:
    """With `standing`: the rollouts that are live or coming, the newest first."""
    standing = Rollout.objects.filter(state__in=STANDING).select_related("version").order_by("-number")
    deployments = Deployment.objects.select_related("model").prefetch_related(
        Prefetch("rollouts", standing, to_attr="standing")  # type: ignore[no-redef]  # which it fills
    )
    return MODEL_GRANTS.filter(deployments, user, via="model").order_by("name")


def deployments_called(user: User, words: str) -> QuerySet[Deployment]:
    """Those whose name, or whose model's name, has these words in it."""
    called = Deployment.objects.filter(Q(name__icontains=words) | Q(model__name__icontains=words))
    return MODEL_GRANTS.filter(called.select_related("model"), user, via="model").order_by("name")


def failed_rollouts(user: User, *, at_least: Level) -> QuerySet[Rollout]:
    """The newest of their deployments, where these have failed; newest first."""
    newer = Rollout.objects.filter(deployment=OuterRef("deployment"), number__gt=OuterRef("number"))
    failed = Rollout.objects.filter(~Exists(newer), state=RolloutState.FAILED)
    failed = failed.select_related("deployment", "version")
    return MODEL_GRANTS.filter(failed, user, at_least=at_least, via="deployment__model").order_by("-pk")


def get_deployment(user: User, name: str, *, at_least: Level = Level.READ) -> Deployment:
    """By its name; absent and hidden look the same."""
    deployments = Deployment.objects.select_related("model")
    named = deployments.filter(name=name) if "\x00" not in name else deployments.none()
    return MODEL_GRANTS.demand(
        named,
        user,
        at_least=at_least,
        via="model",
        absent=f"There is no deployment named {name}, or not for you.",
        subject="its model",
    )


def rollouts_of(deployment: Deployment) -> QuerySet[Rollout]:
    """The history of a deployment, the newest first."""
    return deployment.rollouts.select_related("version", "image", "job").order_by("-number")


def live_rollout(deployment: Deployment) -> Rollout | None:
    return deployment.rollouts.filter(state=RolloutState.LIVE).select_related("version").first()


def rollouts_of_versions(versions: Iterable[ModelVersion]) -> QuerySet[Rollout]:
    """What is live, or about to be, of these versions."""
    standing = Rollout.objects.filter(version__in=list(versions), state__in=STANDING)
    return standing.select_related("deployment").order_by("deployment__name", "-number")


def rollout_numbered(deployment: Deployment, number: int) -> Rollout:
    found = deployment.rollouts.select_related("version__model").filter(number=number).first()
    if found is None:
        raise NotFound(f"Deployment {deployment.name} has no rollout {number}.")
    return found

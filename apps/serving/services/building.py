"""Building an image: what the job does.

Nothing is built of files that are not those that were registered: they are verified first, by all of their bytes, and
hashed once more as they are packed. A build may be cut short anywhere and run again.
"""

import re
import time
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.audit import services as audit
from apps.governance.services.gates import look_at_requests_about
from apps.jobs.running import RunningJob
from apps.registry.content.files import VersionFiles
from apps.registry.content.requirements import Requirements
from apps.registry.models import Content
from apps.registry.proposals import MODEL_TYPE
from apps.registry.services.verification import require_intact
from apps.serving.choices import ImageState
from apps.serving.engine import containers, packages
from apps.serving.engine.client import BuildFailed, Client, base_image, connected, remove, remove_image
from apps.serving.engine.context import context
from apps.serving.engine.images import build as build_image
from apps.serving.models import Image
from apps.serving.rules import example_of
from apps.serving.services import leftovers
from apps.serving.services.deployments import go_on
from apps.serving.services.images import check_buildable, fail
from apps.tracking.artifacts.locations import open_location
from mlregistry.actor import system
from mlregistry.errors import RegistryError

BY = system("builds")
SCORER = ("granian>=2.5,<3",)
"""What the program that answers needs, besides MLflow."""
STEPS = 4
TELL_EVERY_S = 1.0


def build(job: RunningJob) -> dict[str, Any]:
    """Build, try, and keep what came of it."""
    image = Image.objects.select_related("version__model").get(pk=job.payload["image"])
    if image.state == ImageState.BUILDING:
        try:
            _build(image, job, resolve=job.payload["resolve"])
        except Exception as error:
            fail(image, error.message if isinstance(error, RegistryError) else f"{type(error).__name__}: {error}")
            _tell(image)
            raise
        _tell(image)
    return {"image": image.pk, "state": image.state}


def _build(image: Image, job: RunningJob, *, resolve: bool) -> None:
    version, lines = image.version, _Lines(job)
    job.progress(0, STEPS, "Verifying the files")
    required = check_buildable(version)
    require_intact(version=version, deep=True)
    content = Content.objects.get(version=version)
    with connected() as client:
        leftovers.remove_of(client, image)
        base = base_image(client)
        image.digest, image.base, image.base_id = content.digest, settings.MLREGISTRY_SERVING_BASE, base.id
        job.progress(1, STEPS, "Installing packages")
        wanted = _wanted(image, content, required, resolve=resolve)
        installed = packages.install(
            client,
            base=base.id,
            wanted=wanted,
            labels=leftovers.labels_of(image),
            check=partial(_check_hashes, required),
            say=lines.say,
        )
        try:
            image.lock = installed.lock
            job.progress(2, STEPS, "Building the image")
            _put_together(client, image, content, installed.image, lines)
            job.progress(3, STEPS, "Trying the image")
            _try(client, image, content, lines)
        except BaseException:
            if image.engine_id:
                remove_image(client, image.engine_id)
            raise
        finally:
            lines.flush()
    _keep(image)


def _wanted(image: Image, content: Content, required: Requirements, *, resolve: bool) -> list[str]:
    """Lines for pip: the lock of the last image of the same on the same, or what the model asks for."""
    if not resolve:
        same = Image.objects.filter(version=image.version_id, digest=image.digest, base_id=image.base_id)
        lock = same.filter(state=ImageState.READY).order_by("-pk").values_list("lock", flat=True).first()
        if lock:
            return lock.splitlines()
    named = [*required.pinned, *required.unpinned]
    has_mlflow = any(re.sub(r"[-_.]+", "-", each.name).lower() in ("mlflow", "mlflow-skinny") for each in named)
    made_by = (content.mlmodel or {}).get("mlflow_version")
    mlflow = [] if has_mlflow else [f"mlflow=={made_by}" if made_by else "mlflow"]
    return [*map(str, named), *mlflow, *SCORER]


def _check_hashes(required: Requirements, lock: str) -> None:
    """Where the model's requirements say which files they mean, it has to be one of those."""
    came = dict(line.split(" --hash=") for line in lock.splitlines())
    hashes = {_known_as(pinned.partition("==")[0]): digest for pinned, digest in came.items()}
    for each in (*required.pinned, *required.unpinned):
        wanted = [digest for digest in each.hashes if digest.startswith("sha256:")]
        got = hashes.get(_known_as(each.name))
        if each.hashes and got and got not in wanted:
            raise BuildFailed(
                f"The file of {each.name} has none of the hashes that the requirements give: it has {got}."
            )


def _known_as(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _put_together(client: Client, image: Image, content: Content, installed: str, lines: "_Lines") -> None:
    version = image.version
    files = VersionFiles(*open_location(version.location))
    image.tag = f"mlregistry/{_slug(version.model.name)}-{version.model_id}:{version.version}-{content.digest[:12]}"
    labels = {
        "org.opencontainers.image.base.digest": image.base_id,
        "mlregistry.content": content.digest,
        "mlregistry.image": str(image.pk),
    }
    with context(content=content, files=files, check=lines.check) as packed:
        made = build_image(
            client,
            context=packed,
            dockerfile="model.Dockerfile",
            arguments={"PACKAGES": installed},
            tag=image.tag,
            labels=labels,
            say=lines.say,
        )
    image.engine_id, image.size = made.id, made.attrs["Size"]


def _try(client: Client, image: Image, content: Content, lines: "_Lines") -> None:
    container = containers.run_alone(client, image.engine_id, labels=leftovers.labels_of(image))
    try:
        image.trial = containers.first_answer(container, example=example_of(content), check=lines.check)
        lines.say(f"It answered {image.trial['status']}: {image.trial['answer']}")
    finally:
        remove(container)


@transaction.atomic
def _keep(image: Image) -> None:
    image.state, image.finished_at = ImageState.READY, timezone.now()
    kept = Image.objects.select_for_update(no_key=True).filter(pk=image.pk, state=ImageState.BUILDING)
    if kept.exists():
        image.save()
        audit.record("serving.image.ready", target=image, by=BY, engine_id=image.engine_id, digest=image.digest)


@transaction.atomic
def _tell(image: Image) -> None:
    """What has waited for it: rollouts, and gates that ask for an image."""
    image.refresh_from_db()
    go_on(image=image, by=BY)
    look_at_requests_about(object_type=MODEL_TYPE, object_id=image.version.model_id, subject_id=image.version_id)


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60] or "model"


class _Lines:
    """What the engine says, into the job's log; a second's lines at a time, since each time is a write."""

    def __init__(self, job: RunningJob) -> None:
        self._job, self._waiting, self._told = job, list[str](), time.monotonic()

    def say(self, line: str) -> None:
        self.check()
        self._waiting.append(line.replace("\0", ""))
        if time.monotonic() - self._told > TELL_EVERY_S:
            self.flush()

    def check(self) -> None:
        self._job.check()

    def flush(self) -> None:
        if self._waiting:
            self._told = time.monotonic()
            lines, self._waiting = self._waiting, []
            self._job.log("\n".join(lines))

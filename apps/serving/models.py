"""Images that serve model versions, and what runs of them."""

from django.db import models
from django.utils import timezone
from django.utils.functional import cached_property

from apps.jobs.models import Job
from apps.registry.models import ModelVersion, RegisteredModel
from apps.serving.choices import COMING, STANDING, ImageState, RolloutState


class Image(models.Model):
    """One build of a version: from which files and packages, on what, and what it answered when it was tried."""

    version = models.ForeignKey(ModelVersion, models.CASCADE, related_name="images", db_index=False)
    state = models.CharField(max_length=10, choices=ImageState, default=ImageState.BUILDING)
    message = models.TextField(blank=True, help_text="Why it failed")
    digest = models.CharField(max_length=64, blank=True, help_text="Of the content that it was built from")
    lock = models.TextField(blank=True, help_text="Every package in it, with version and SHA-256, as pip reads it")
    base = models.CharField(max_length=255, blank=True, help_text="The image that it was built on, by name")
    base_id = models.CharField(max_length=80, blank=True)
    engine_id = models.CharField(max_length=80, blank=True, help_text="By what the engine knows it: sha256:…")
    tag = models.CharField(max_length=255, blank=True)
    size = models.BigIntegerField(default=0, help_text="Bytes, of all its layers")
    trial = models.JSONField(
        null=True, blank=True, help_text="What it was asked, and what it answered: asked, status, seconds, answer"
    )
    requested_by = models.CharField(max_length=150)
    job = models.ForeignKey(Job, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["version"], condition=models.Q(state=ImageState.BUILDING), name="image_one_build_at_a_time"
            )
        ]
        indexes = [models.Index(fields=["version", "-id"], name="image_newest")]

    def __str__(self) -> str:
        return f"image {self.pk} of {self.version}"


class Deployment(models.Model):
    """A name under which a model answers; its rollouts say which version does, and which did."""

    name = models.CharField(max_length=63, unique=True)
    model = models.ForeignKey(RegisteredModel, models.CASCADE, related_name="deployments")
    created_by = models.CharField(max_length=150)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.name

    @cached_property
    def standing(self) -> list["Rollout"]:
        """The rollouts that are live or coming, the newest first; `queries.deployments_for` brings those of all."""
        standing = self.rollouts.filter(state__in=STANDING).select_related("version", "image", "job")
        return list(standing.order_by("-number"))

    @property
    def live(self) -> "Rollout | None":
        """What it serves."""
        return next((rollout for rollout in self.standing if rollout.state == RolloutState.LIVE), None)

    @property
    def coming(self) -> "Rollout | None":
        """What is to come in the place of that."""
        return next((rollout for rollout in self.standing if rollout.state in COMING), None)

    @property
    def state(self) -> str:
        """One word for both."""
        if self.coming is not None:
            return str(self.coming.state)
        return "live" if self.live else "stopped"


class Rollout(models.Model):
    """One version on its way into a deployment, or that was there: the history of the deployment."""

    deployment = models.ForeignKey(Deployment, models.CASCADE, related_name="rollouts", db_index=False)
    number = models.PositiveIntegerField()
    version = models.ForeignKey(ModelVersion, models.CASCADE, related_name="rollouts")
    image = models.ForeignKey(Image, models.SET_NULL, null=True, blank=True, related_name="rollouts")
    state = models.CharField(max_length=10, choices=RolloutState, default=RolloutState.WAITING)
    message = models.TextField(blank=True, help_text="Why it failed, or what came in its place")
    container_id = models.CharField(max_length=80, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True, help_text="Where its container answers")
    requested_by = models.CharField(max_length=150)
    reason = models.TextField(blank=True)
    request_id = models.BigIntegerField(null=True, blank=True, help_text="The change request that approved it")
    job = models.ForeignKey(Job, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False)
    created_at = models.DateTimeField(default=timezone.now)
    live_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["deployment", "number"], name="rollout_number_once"),
            models.UniqueConstraint(
                fields=["deployment"], condition=models.Q(state=RolloutState.LIVE), name="rollout_one_live"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.deployment} {self.number}"

    @property
    def stands(self) -> bool:
        return self.state in STANDING

"""What a version is made of: its files as they were registered, and what was found in them."""

from django.db import models

from apps.registry.choices import ContentState, Verdict
from apps.registry.models.versions import ModelVersion


class Content(models.Model):
    """The manifest of a version's files, signed by the server.

    `digest` is the SHA-256 of the canonical manifest; `signature` is the server's, by the key `key_id`, over what
    `apps.registry.content.manifest.statement` says of the version and the digest.
    """

    version = models.OneToOneField(ModelVersion, models.CASCADE, related_name="content")
    state = models.CharField(max_length=10, choices=ContentState, default=ContentState.PENDING)
    message = models.TextField(blank=True, help_text="Why it is in this state, where that needs saying")
    digest = models.CharField(max_length=64, blank=True, db_index=True)
    signature = models.TextField(blank=True)
    key_id = models.CharField(max_length=64, blank=True)
    size = models.BigIntegerField(default=0, help_text="Bytes of all files together")
    files_count = models.PositiveIntegerField(default=0)
    sealed_at = models.DateTimeField(null=True, blank=True)
    verified_at = models.DateTimeField(null=True, blank=True)
    differences = models.JSONField(default=list, blank=True, help_text="Paths that differ from the manifest, and how")
    mlmodel = models.JSONField(null=True, blank=True, help_text="What MLmodel says: flavors, signature, input example")
    requirements = models.TextField(blank=True)

    class Meta:
        verbose_name_plural = "content"
        default_permissions = ()

    def __str__(self) -> str:
        return f"content of {self.version}"


class ContentFile(models.Model):
    """A file of the manifest. `marker` is the store's word for this content, so that a look can tell a change."""

    content = models.ForeignKey(Content, models.CASCADE, related_name="files", db_index=False)
    path = models.CharField(max_length=1024)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    marker = models.CharField(max_length=100)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["content", "path"], name="content_file_once")]

    def __str__(self) -> str:
        return self.path


class Scan(models.Model):
    """One look through a version's files for what should not be in a model. The newest counts."""

    version = models.ForeignKey(ModelVersion, models.CASCADE, related_name="scans", db_index=False)
    verdict = models.CharField(max_length=10, choices=Verdict)
    digest = models.CharField(max_length=64, help_text="Of the content that was scanned")
    findings = models.JSONField(default=list, blank=True)
    files_count = models.PositiveIntegerField(default=0)
    scanner = models.CharField(max_length=50, help_text="Which rules were applied")
    scanned_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["version", "-id"], name="scan_newest")]

    def __str__(self) -> str:
        return f"{self.version}: {self.verdict}"


class Sbom(models.Model):
    """What a version needs to run, as a CycloneDX document."""

    version = models.OneToOneField(ModelVersion, models.CASCADE, related_name="sbom")
    document = models.JSONField()
    components_count = models.PositiveIntegerField(default=0)
    unpinned = models.JSONField(default=list, blank=True, help_text="Requirements that name no exact version")
    made_at = models.DateTimeField()

    class Meta:
        verbose_name = "SBOM"
        default_permissions = ()

    def __str__(self) -> str:
        return f"SBOM of {self.version}"

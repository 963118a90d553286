"""What is known of a version's files, as the native API shows it."""

from rest_framework import serializers

from apps.jobs.models import Job
from apps.registry.models import Content, ContentFile, Scan


class ContentSerializer(serializers.ModelSerializer[Content]):
    mlmodel = serializers.DictField(allow_null=True, help_text="What MLmodel says.")

    class Meta:
        model = Content
        fields = (
            "state",
            "message",
            "digest",
            "signature",
            "key_id",
            "size",
            "files_count",
            "sealed_at",
            "verified_at",
            "differences",
            "mlmodel",
            "requirements",
        )
        read_only_fields = fields


class ContentFileSerializer(serializers.ModelSerializer[ContentFile]):
    class Meta:
        model = ContentFile
        fields = ("path", "size", "sha256")
        read_only_fields = fields


class ScanSerializer(serializers.ModelSerializer[Scan]):
    class Meta:
        model = Scan
        fields = ("verdict", "digest", "findings", "files_count", "scanner", "scanned_at")
        read_only_fields = fields


class JobSerializer(serializers.ModelSerializer[Job]):
    """What is being done in the background."""

    class Meta:
        model = Job
        fields = ("id", "kind", "state", "created_at")
        read_only_fields = fields

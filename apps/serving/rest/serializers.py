"""Images, deployments and rollouts as the native API shows them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.registry.rest.content_serializers import JobSerializer
from apps.serving.choices import COMING
from apps.serving.models import Deployment, Image, Rollout


class ImageSerializer(serializers.ModelSerializer[Image]):
    model = serializers.CharField(source="version.model.name")
    version = serializers.CharField(source="version.version")
    job = JobSerializer(allow_null=True, help_text="What builds it.")

    class Meta:
        model = Image
        fields: tuple[str, ...] = (
            "id", "model", "version", "state", "message", "digest", "base", "base_id", "engine_id", "tag", "size",
            "requested_by", "job", "created_at", "finished_at",
        )  # fmt: skip
        read_only_fields: tuple[str, ...] = fields


class TrialSerializer(serializers.Serializer[Any]):
    asked = serializers.CharField(help_text="The path of the input example; empty: only whether it is there.")
    status = serializers.IntegerField()
    seconds = serializers.FloatField()
    answer = serializers.CharField(help_text="The beginning of it.")


class WholeImageSerializer(ImageSerializer):
    """The same with what is in it, and how it answered."""

    trial = TrialSerializer(allow_null=True, help_text="Null: it was not built so far that it could be asked.")

    class Meta(ImageSerializer.Meta):
        fields = (*ImageSerializer.Meta.fields, "lock", "trial")
        read_only_fields = fields


class BuildSerializer(serializers.Serializer[Any]):
    resolve = serializers.BooleanField(
        required=False, default=False, help_text="Look for packages anew, in the place of those of the last image."
    )


class LiveSerializer(serializers.Serializer[Rollout]):
    version = serializers.CharField(source="version.version")
    since = serializers.DateTimeField(source="live_at")
    rollout = serializers.IntegerField(source="number")


class ComingSerializer(serializers.Serializer[Rollout]):
    version = serializers.CharField(source="version.version")
    state = serializers.ChoiceField(choices=[(state.value, state.label) for state in COMING])
    since = serializers.DateTimeField(source="created_at")
    rollout = serializers.IntegerField(source="number")


class DeploymentSerializer(serializers.ModelSerializer[Deployment]):
    """A name under which a model answers."""

    model = serializers.CharField(source="model.name")
    live = serializers.SerializerMethodField(help_text="What answers now; null: nothing does.")
    coming = serializers.SerializerMethodField(help_text="What is on its way into the place of that.")

    class Meta:
        model = Deployment
        fields = ("name", "model", "live", "coming", "created_by", "created_at")
        read_only_fields = fields

    @extend_schema_field(LiveSerializer(allow_null=True))
    def get_live(self, deployment: Deployment) -> Any:
        return LiveSerializer(deployment.live).data if deployment.live else None

    @extend_schema_field(ComingSerializer(allow_null=True))
    def get_coming(self, deployment: Deployment) -> Any:
        return ComingSerializer(deployment.coming).data if deployment.coming else None


class RolloutSerializer(serializers.ModelSerializer[Rollout]):
    version = serializers.CharField(source="version.version")
    request = serializers.IntegerField(
        source="request_id", allow_null=True, help_text="The change request that approved it; null: it took none."
    )
    job = JobSerializer(allow_null=True, help_text="What carries it out, or builds the image that it waits for.")

    class Meta:
        model = Rollout
        fields = (
            "number", "version", "state", "message", "image", "requested_by", "reason", "request", "job", "created_at",
            "live_at", "ended_at",
        )  # fmt: skip
        read_only_fields = fields


class DeployingSerializer(serializers.Serializer[Any]):
    model = serializers.CharField(trim_whitespace=False, help_text="The registered model; of a deployment, always one.")
    version = serializers.CharField()
    reason = serializers.CharField(required=False, allow_blank=True, default="")

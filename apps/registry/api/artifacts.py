"""The wire's calls on the files of model versions."""

from django.http.response import HttpResponseBase

from apps.registry.api import schemas
from apps.registry.queries.versions import get_version, version_place
from apps.tracking.artifacts.downloads import file_response
from apps.tracking.artifacts.paths import safe_path
from mlregistry.levels import Level
from mlregistry.wire.answers import Stream
from mlregistry.wire.endpoint import WireRequest, endpoint
from mlregistry.wire.schema import missing


@endpoint(
    "GET",
    "/model-versions/get-artifact",
    schemas.ModelVersionArtifact,
    requires=Level.READ,
    returns=Stream(ranges=True),
)
def get_model_version_artifact(request: WireRequest[schemas.ModelVersionArtifact]) -> HttpResponseBase:
    """A file of a version, for whoever may read the version: its files need no level on the experiment they lie in."""
    body = request.body
    for field, value in (("name", body.name), ("version", body.version), ("path", body.path)):
        if not value:
            raise missing(field)
    path = safe_path(body.path)
    version = get_version(request.user, body.name, body.version, at_least=Level.READ)
    return file_response(request.http, version_place(version).below(path))

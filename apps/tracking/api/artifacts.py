"""The wire's calls on the artifacts of runs and logged models."""

from django.http import HttpResponse
from django.http.response import HttpResponseBase

from apps.tracking.api import artifact_render as render
from apps.tracking.api import artifact_schemas as schemas
from apps.tracking.artifacts import queries, services
from apps.tracking.artifacts.bodies import small_body
from apps.tracking.artifacts.downloads import file_response
from apps.tracking.artifacts.locations import check_direct
from apps.tracking.artifacts.paths import safe_file_path, safe_path
from apps.tracking.artifacts.places import logged_model_place, run_place
from apps.tracking.limits import PRESIGNED_SECONDS_MOST
from mlregistry.errors import BadRequest, InvalidParameter, Unsupported
from mlregistry.levels import Level
from mlregistry.wire.answers import Stream
from mlregistry.wire.endpoint import Wire, WireRequest, endpoint
from mlregistry.wire.schema import missing

FILE = Stream(ranges=True)


@endpoint("GET", "artifacts/list", schemas.ListRunArtifacts, requires=Level.READ, returns=schemas.FilesBelow)
def list_run_artifacts(request: WireRequest[schemas.ListRunArtifacts]) -> Wire:
    body = request.body
    path = safe_path(body.path)
    run_id = render.run_id(body.run_id, body.run_uuid)
    if not run_id:
        raise missing("run_id")
    place, run = run_place(request.user, run_id, at_least=Level.READ)
    return render.files(queries.list_below(place, path), root_uri=run.artifact_uri)


@endpoint("GET", "/get-artifact", schemas.RunArtifact, requires=Level.READ, returns=FILE)
def get_run_artifact(request: WireRequest[schemas.RunArtifact]) -> HttpResponseBase:
    body = request.body
    path = safe_path(_given(body.path, "path"))
    place, _ = run_place(request.user, render.run_id(body.run_id, body.run_uuid), at_least=Level.READ)
    return file_response(request.http, place.below(path))


@endpoint("POST", "upload-artifact", schemas.RunArtifact, requires=Level.EDIT, returns=None, streams_body=True)
def upload_run_artifact(request: WireRequest[schemas.RunArtifact]) -> HttpResponse:
    """A small file from the browser; programs use the proxy, which takes files of any size."""
    body = request.body
    run_id = _given(render.run_id(body.run_id, body.run_uuid), "run_uuid")
    path = safe_file_path(_given(body.path, "path"))
    content = small_body(request.http)
    place, _ = run_place(request.user, run_id, at_least=Level.EDIT)
    services.upload(place=place.below(path), chunks=[content], by=request.actor)
    return HttpResponse(content_type="application/json")


@endpoint(
    "GET",
    "logged-models/{model_id}/artifacts/directories",
    schemas.ListLoggedModelArtifacts,
    requires=Level.READ,
    returns=schemas.FilesBelow,
)
def list_logged_model_artifacts(request: WireRequest[schemas.ListLoggedModelArtifacts]) -> Wire:
    path = safe_path(request.body.artifact_directory_path)
    place, model = logged_model_place(request.user, request.body.model_id, at_least=Level.READ)
    return render.files(queries.list_below(place, path), root_uri=model.artifact_location)


@endpoint("GET", "logged-models/{model_id}/artifacts/files", schemas.LoggedModelFile, requires=Level.READ, returns=FILE)
def get_logged_model_file(request: WireRequest[schemas.LoggedModelFile]) -> HttpResponseBase:
    if not request.body.artifact_file_path:
        raise BadRequest('Request must include the "artifact_file_path" query parameter.')
    path = safe_path(request.body.artifact_file_path)
    place, _ = logged_model_place(request.user, request.body.model_id, at_least=Level.READ)
    return file_response(request.http, place.below(path))


@endpoint(
    "POST",
    "artifacts/presigned-upload-url",
    schemas.PresignUpload,
    requires=Level.EDIT,
    returns=schemas.PresignedUpload,
    raises=(Unsupported,),
)
def presign_upload(request: WireRequest[schemas.PresignUpload]) -> Wire:
    body = request.body
    if bool(body.run_id) == bool(body.model_id):
        raise InvalidParameter("Exactly one of run_id and model_id must be provided.")
    path = safe_file_path(body.path)
    _check_expiration(body.expiration)
    place = (
        run_place(request.user, body.run_id, at_least=Level.EDIT)[0]
        if body.run_id
        else logged_model_place(request.user, body.model_id, at_least=Level.EDIT)[0]
    )
    check_direct(place.uri, "upload", "a direct cloud storage artifact URI")
    target = place.below(path)
    return render.presigned(services.presign_upload(place=target, seconds=body.expiration), url="presigned_url")


@endpoint(
    "POST",
    "artifacts/presigned-download-url",
    schemas.PresignDownload,
    requires=Level.READ,
    returns=schemas.PresignedDownload,
    raises=(Unsupported,),
)
def presign_download(request: WireRequest[schemas.PresignDownload]) -> Wire:
    body = request.body
    path = safe_file_path(body.path)
    _check_expiration(body.expiration)
    place, _ = run_place(request.user, body.run_id, at_least=Level.READ)
    check_direct(place.uri, "download", "a run with a direct cloud storage artifact URI")
    target = place.below(path)
    return render.presigned(target.store.presign_download(target.path, body.expiration), url="presigned_url")


def _given(value: str, name: str) -> str:
    if not value:
        raise InvalidParameter(f"Request must specify {name}.")
    return value


def _check_expiration(seconds: int) -> None:
    if not 1 <= seconds <= PRESIGNED_SECONDS_MOST:
        raise InvalidParameter(f"expiration must be between 1 and {PRESIGNED_SECONDS_MOST} seconds (got {seconds}).")

"""The `mlflow-artifacts` proxy: files that clients send to and fetch from this server by their path."""

import posixpath

from django.http import HttpResponse
from django.http.response import HttpResponseBase

from apps.accounts.models import User
from apps.tracking.api import artifact_render as render
from apps.tracking.api import artifact_schemas as schemas
from apps.tracking.artifacts import queries, services
from apps.tracking.artifacts.bodies import body_chunks
from apps.tracking.artifacts.downloads import file_response
from apps.tracking.artifacts.paths import safe_file_path, safe_path
from apps.tracking.artifacts.places import Place, proxied_place
from apps.tracking.artifacts.stores.base import Part
from apps.tracking.limits import PRESIGNED_DOWNLOAD_SECONDS
from mlregistry.errors import Unsupported
from mlregistry.levels import Level
from mlregistry.wire.answers import Stream
from mlregistry.wire.endpoint import Wire, WireRequest, endpoint
from mlregistry.wire.halves import ARTIFACTS_BASE as BASE
from mlregistry.wire.schema import Empty

FILES = "artifacts/{artifact_path}"


@endpoint("GET", "artifacts", schemas.ListProxied, requires=Level.READ, returns=schemas.Files, base=BASE)
def list_proxied(request: WireRequest[schemas.ListProxied]) -> Wire:
    return render.names(queries.list_proxied(request.user, safe_path(request.body.path)))


@endpoint("GET", FILES, schemas.Proxied, requires=Level.READ, returns=Stream(ranges=True), base=BASE)
def download_proxied(request: WireRequest[schemas.Proxied]) -> HttpResponseBase:
    place = proxied_place(request.user, safe_path(request.body.artifact_path), at_least=Level.READ)
    return file_response(request.http, place)


@endpoint("PUT", FILES, schemas.Proxied, requires=Level.EDIT, returns=None, base=BASE, streams_body=True)
def upload_proxied(request: WireRequest[schemas.Proxied]) -> HttpResponse:
    path = safe_file_path(request.body.artifact_path)
    place = proxied_place(request.user, path, at_least=Level.EDIT)
    services.upload(place=place, chunks=body_chunks(request.http), by=request.actor)
    return HttpResponse(content_type="text/plain")


@endpoint("DELETE", FILES, schemas.Proxied, requires=Level.MANAGE, returns=Empty, base=BASE)
def delete_proxied(request: WireRequest[schemas.Proxied]) -> Wire:
    place = proxied_place(request.user, safe_path(request.body.artifact_path), at_least=Level.MANAGE)
    services.delete(place=place, by=request.actor)
    return {}


@endpoint(
    "POST",
    "mpu/create/{artifact_path}",
    schemas.CreateMultipart,
    requires=Level.EDIT,
    returns=schemas.MultipartStarted,
    base=BASE,
    raises=(Unsupported,),
)
def create_multipart(request: WireRequest[schemas.CreateMultipart]) -> Wire:
    place = _target(request.user, request.body)
    upload_id, parts = services.start_multipart(place=place, parts=request.body.num_parts)
    return render.multipart(upload_id, parts)


@endpoint(
    "POST",
    "mpu/complete/{artifact_path}",
    schemas.CompleteMultipart,
    requires=Level.EDIT,
    returns=Empty,
    base=BASE,
    raises=(Unsupported,),
)
def complete_multipart(request: WireRequest[schemas.CompleteMultipart]) -> Wire:
    body = request.body
    place = _target(request.user, body)
    parts = [Part(part.part_number, part.etag) for part in body.parts]
    services.complete_multipart(place=place, upload_id=body.upload_id, parts=parts, by=request.actor)
    return {}


@endpoint(
    "POST",
    "mpu/abort/{artifact_path}",
    schemas.AbortMultipart,
    requires=Level.EDIT,
    returns=Empty,
    base=BASE,
    raises=(Unsupported,),
)
def abort_multipart(request: WireRequest[schemas.AbortMultipart]) -> Wire:
    place = _target(request.user, request.body)
    services.abort_multipart(place=place, upload_id=request.body.upload_id)
    return {}


@endpoint(
    "GET",
    "presigned/{artifact_path}",
    schemas.Proxied,
    requires=Level.READ,
    returns=schemas.PresignedProxied,
    base=BASE,
    raises=(Unsupported,),
)
def presign_proxied_download(request: WireRequest[schemas.Proxied]) -> Wire:
    place = proxied_place(request.user, safe_file_path(request.body.artifact_path), at_least=Level.READ)
    services.check_presigns(place)
    return render.presigned(place.store.presign_download(place.path, PRESIGNED_DOWNLOAD_SECONDS), url="url")


def _target(user: User, body: schemas.CreateMultipart | schemas.CompleteMultipart | schemas.AbortMultipart) -> Place:
    """The file that a multipart upload makes: the last name of the client's own path, in the folder of the URL."""
    name = safe_file_path(posixpath.basename(body.path.replace("\\", "/")))
    folder = safe_path(body.artifact_path)
    return proxied_place(user, safe_file_path(f"{folder}/{name}"), at_least=Level.EDIT)

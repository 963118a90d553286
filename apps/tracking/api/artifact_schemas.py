"""Requests and answers of the artifact calls, field by field as in the wire's catalogue."""

from apps.tracking.limits import PRESIGNED_DOWNLOAD_SECONDS, PRESIGNED_UPLOAD_SECONDS
from mlregistry.wire.answers import Answer
from mlregistry.wire.schema import Int32, Int64, Required, Schema


class ListRunArtifacts(Schema, kw_only=True):
    run_id: str = ""
    run_uuid: str = ""
    path: str = ""
    page_token: str = ""


class RunArtifact(Schema, kw_only=True):
    run_id: str = ""
    run_uuid: str = ""
    path: str = ""


class ListLoggedModelArtifacts(Schema, kw_only=True):
    model_id: Required
    artifact_directory_path: str = ""
    page_token: str = ""


class LoggedModelFile(Schema, kw_only=True):
    model_id: Required
    artifact_file_path: str = ""


class PresignUpload(Schema, kw_only=True):
    run_id: str = ""
    model_id: str = ""
    path: Required
    expiration: Int64 = PRESIGNED_UPLOAD_SECONDS


class PresignDownload(Schema, kw_only=True):
    run_id: Required
    path: Required
    expiration: Int64 = PRESIGNED_DOWNLOAD_SECONDS


class ListProxied(Schema, kw_only=True):
    path: str = ""


class Proxied(Schema, kw_only=True):
    artifact_path: Required


class CreateMultipart(Schema, kw_only=True):
    artifact_path: Required
    path: Required
    num_parts: Int64 = 0


class UploadedPart(Schema, kw_only=True):
    part_number: Int32
    etag: str = ""
    url: str = ""


class CompleteMultipart(Schema, kw_only=True):
    artifact_path: Required
    path: Required
    upload_id: str = ""
    parts: list[UploadedPart]


class AbortMultipart(Schema, kw_only=True):
    artifact_path: Required
    path: Required
    upload_id: str = ""


class FileInfo(Answer, kw_only=True):
    path: str
    is_dir: bool
    file_size: int = 0


class Files(Answer, kw_only=True):
    files: list[FileInfo] = []


class FilesBelow(Answer, kw_only=True):
    root_uri: str
    files: list[FileInfo] = []


class PresignedUpload(Answer, kw_only=True):
    presigned_url: str
    headers: dict[str, str] = {}


class PresignedDownload(Answer, kw_only=True):
    presigned_url: str
    headers: dict[str, str] = {}
    file_size: int


class PresignedProxied(Answer, kw_only=True):
    url: str
    headers: dict[str, str] = {}
    file_size: int


class PartCredential(Answer, kw_only=True):
    url: str
    part_number: int
    headers: dict[str, str] = {}


class MultipartStarted(Answer, kw_only=True):
    upload_id: str
    credentials: list[PartCredential] = []

"""What clients ask of the server itself."""

from typing import Any

from apps.tracking.api import answers
from apps.tracking.artifacts.capabilities import moves_files_in_parts
from mlregistry.levels import Access
from mlregistry.wire.endpoint import Wire, WireRequest, endpoint
from mlregistry.wire.schema import Empty


@endpoint("GET", "server-info", Empty, requires=Access.PUBLIC, version="3.0", returns=answers.ServerInfo)
def server_info(request: WireRequest[Empty]) -> Wire:
    """What this server can do, in the genuine server's words; the same for everyone, so no one need sign in."""
    info: dict[str, Any] = {
        "store_type": "SqlStore",
        "workspaces_enabled": False,
        "trace_archival_enabled": False,
        "presigned_upload_run_id_supported": True,
        "presigned_upload_model_id_supported": True,
        "features_enabled": {"gateway": False},
    }
    return info | moves_files_in_parts()

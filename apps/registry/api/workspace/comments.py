"""A workspace registry's calls on comments about versions."""

from apps.governance.services import voting
from apps.registry.api.workspace import answers, render, schemas
from apps.registry.queries.transitions import comment_on_a_version
from apps.registry.queries.versions import get_version
from apps.registry.services import transitions
from mlregistry.levels import Level
from mlregistry.wire.endpoint import Wire, WireRequest, endpoint


@endpoint(
    "POST",
    "comments/create",
    schemas.CreateComment,
    requires=Level.READ,
    scope=Level.EDIT,
    returns=answers.CommentAnswer,
)
def create_comment(request: WireRequest[schemas.CreateComment]) -> Wire:
    body = request.body
    version = get_version(request.user, body.name, body.version, at_least=Level.READ)
    made = transitions.comment_on(version=version, text=body.comment, by=request.actor)
    return {"comment": render.comment(made, request.user)}


@endpoint(
    "PATCH",
    "comments/update",
    schemas.UpdateComment,
    requires=Level.READ,
    scope=Level.EDIT,
    returns=answers.CommentAnswer,
)
def update_comment(request: WireRequest[schemas.UpdateComment]) -> Wire:
    """Its author's alone."""
    comment = comment_on_a_version(request.user, request.body.id)
    changed = voting.edit_comment(comment=comment, text=request.body.comment, by=request.actor)
    return {"comment": render.comment(changed, request.user)}


@endpoint(
    "DELETE",
    "comments/delete",
    schemas.NameComment,
    requires=Level.READ,
    scope=Level.EDIT,
    returns=answers.CommentAnswer,
)
def delete_comment(request: WireRequest[schemas.NameComment]) -> Wire:
    """Its author's alone; the answer has it as it was."""
    comment = comment_on_a_version(request.user, request.body.id)
    told = render.comment(comment, request.user)
    voting.delete_comment(comment=comment, by=request.actor)
    return {"comment": told}

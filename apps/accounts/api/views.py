"""MLflow's user calls, as its own auth server answers them."""

from apps.accounts import queries
from apps.accounts.api import answers, render, schemas
from apps.accounts.models import Token
from apps.accounts.roles import roles_of_users
from apps.accounts.services import people
from mlregistry.levels import Access
from mlregistry.wire.endpoint import Wire, WireRequest, endpoint
from mlregistry.wire.schema import Empty


@endpoint("POST", "users/create", schemas.CreateUser, requires=Access.ADMIN, returns=answers.AccountAnswer)
def create_user(request: WireRequest[schemas.CreateUser]) -> Wire:
    user = people.create(username=request.body.username, password=request.body.password, by=request.actor)
    return {"user": render.user(user)}


@endpoint("GET", "users/get", schemas.NameUser, requires=Access.SIGNED_IN, returns=answers.AccountAnswer)
def get_user(request: WireRequest[schemas.NameUser]) -> Wire:
    return {"user": render.user(queries.get_account(request.user, username=request.body.username))}


@endpoint("GET", "users/current", Empty, requires=Access.SIGNED_IN, returns=answers.CurrentUser)
def get_current_user(request: WireRequest[Empty]) -> Wire:
    return {"user": render.identity(request.user), "is_basic_auth": True}


@endpoint("GET", "users/list", Empty, requires=Access.SIGNED_IN, returns=answers.ListedUsers)
def list_users(request: WireRequest[Empty]) -> Wire:
    """Everybody's name; of the roles one's own, and for administrators all."""
    users, asker = queries.users(), request.user
    held = roles_of_users(users if asker.is_superuser else users.filter(pk=asker.pk), asker)
    return {"users": [render.listed(user, held[user.pk]) for user in users]}


@endpoint("PATCH", "users/update-password", schemas.UpdatePassword, requires=Access.SIGNED_IN, returns=Empty)
def update_password(request: WireRequest[schemas.UpdatePassword]) -> Wire:
    token: Token | None = request.http.auth  # type: ignore[assignment]  # WireAuthentication's
    if token:
        token.check_scope(Access.ADMIN)  # a token that only reads or logs cannot take over its account
    body, by = request.body, request.actor
    user = queries.get_account(request.user, username=body.username)
    people.choose_password(user=user, password=body.password, current=body.current_password, by=by)
    return {}


@endpoint("PATCH", "users/update-admin", schemas.UpdateAdmin, requires=Access.ADMIN, returns=Empty)
def update_admin(request: WireRequest[schemas.UpdateAdmin]) -> Wire:
    user = queries.get_user(request.body.username)
    people.set_admin(user=user, is_admin=request.body.is_admin, by=request.actor)
    return {}


@endpoint("DELETE", "users/delete", schemas.NameUser, requires=Access.ADMIN, returns=Empty)
def delete_user(request: WireRequest[schemas.NameUser]) -> Wire:
    people.delete(user=queries.get_user(request.body.username), by=request.actor)
    return {}

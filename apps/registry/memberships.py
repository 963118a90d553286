"""Teams as a door to models: whoever joins one gets what it holds, so a policy on permissions protects that as well."""

from django.conf import settings
from django.contrib.auth.models import Group

from apps.accounts.models import User
from apps.governance.queries.policies import is_any_in_force
from apps.governance.services.guarding import refuse_protected
from apps.registry import proposals
from apps.registry.models import RegisteredModelTeamGrant, RegisteredModelUserGrant
from apps.registry.permissions import MODEL_GRANTS
from mlregistry.levels import Level


def check_membership(team: Group, user: User, *, joins: bool) -> None:
    """Refuse what would raise this user on a model to a level that a policy protects.

    It cannot be asked for, since a team may hold many models; granting the level to the user can. A level that the
    user holds by name is not touched by teams, so once that is approved, joining changes nothing and goes through. To
    leave a team takes something away, which waits for nobody, unless it was the team that kept the user down.
    """
    if user.is_superuser or not is_any_in_force():
        return
    held = RegisteredModelTeamGrant.objects.filter(group_id=team.pk).select_related("content_object", "permission")
    by_name = RegisteredModelUserGrant.objects.filter(user=user).values("content_object")
    for grant in held.exclude(content_object__in=by_name).order_by("content_object_id"):
        without = _by_other_teams(grant, user)
        level = MODEL_GRANTS.level_of(grant)
        default = Level(settings.MLREGISTRY_DEFAULT_PERMISSION)
        outside, inside = max(without, default=default), max([*without, level])
        before, after = (outside, inside) if joins else (inside, outside)
        if after > before:
            refuse_protected(
                proposals.change_permission(grant.content_object, user, after),
                instead=f"To {'put them into' if joins else 'take them out of'} {team.name} would do so unasked: grant"
                " it to them by name first, which asks for approval.",
            )


def _by_other_teams(grant: RegisteredModelTeamGrant, user: User) -> list[Level]:
    others = RegisteredModelTeamGrant.objects.filter(content_object=grant.content_object_id, group__user=user)
    return [MODEL_GRANTS.level_of(row) for row in others.exclude(pk=grant.pk).select_related("permission")]

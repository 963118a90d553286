"""People, service accounts, teams and tokens in the admin."""

from typing import Any

from allauth.account.models import EmailAddress
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db.models import ForeignKey, QuerySet
from django.forms import ModelChoiceField, ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from apps.accounts import queries
from apps.accounts.choices import TokenScope, UserKind
from apps.accounts.forms import TeamForm, TokenForm, UserForm
from apps.accounts.models import Preference, Team, Token, User
from apps.accounts.services import people, service_accounts, teams, tokens
from mlregistry.large_tables import ReadOnlyAdmin
from mlregistry.service_admin import ServiceAdmin, page_actor

admin.site.unregister(Group)  # teams take its place
admin.site.unregister(EmailAddress)  # nobody signs in by e-mail


@admin.register(User)
class UserAdmin(ServiceAdmin):
    form = UserForm
    list_display = ("username", "kind", "owner", "is_superuser", "is_active", "last_login")
    list_filter = ("kind", "is_superuser", "is_active")
    list_select_related = ("owner",)
    search_fields = ("username", "email")
    ordering = ("username",)
    fields = ("username", "kind", "owner", "email", "new_password", "is_superuser", "is_active")
    readonly_when_there = ("username", "kind")

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        return self.readonly_when_there if obj else ()

    def save_model(self, request: HttpRequest, obj: User, form: "ModelForm[User]", change: bool) -> None:
        said, by = form.cleaned_data, page_actor(request)
        if not change:
            self._adopt(obj, self._create(said, by=by))
            return
        user = User.objects.get(pk=obj.pk)  # the form has changed `obj` already
        if user.kind == UserKind.SERVICE_ACCOUNT:
            service_accounts.update(account=user, owner=said["owner"], is_active=said["is_active"], by=by)
        else:
            wanted = {"is_admin": said["is_superuser"], "is_active": said["is_active"], "email": said["email"]}
            people.update(user=user, **wanted, by=by)
            if said["new_password"]:
                people.set_password(user=user, password=said["new_password"], by=by)

    def _create(self, said: dict[str, Any], *, by: Any) -> User:
        if said["kind"] == UserKind.SERVICE_ACCOUNT:
            return service_accounts.create(username=said["username"], owner=said["owner"], by=by)
        return people.create(
            username=said["username"],
            password=said["new_password"],
            email=said["email"],
            is_admin=said["is_superuser"],
            by=by,
        )

    def _adopt(self, obj: User, made: User) -> None:
        obj.__dict__.update(made.__dict__)

    def response_post_save_add(self, request: HttpRequest, obj: User) -> HttpResponseRedirect:
        return redirect("person", obj.pk)

    def response_post_save_change(self, request: HttpRequest, obj: User) -> HttpResponseRedirect:
        return redirect("person", obj.pk)

    def delete(self, request: HttpRequest, row: User) -> None:
        people.delete(user=row, by=page_actor(request))


@admin.register(Team)
class TeamAdmin(ServiceAdmin):
    form = TeamForm
    list_display = ("name", "description")
    search_fields = ("name",)
    fields = ("name", "description", "members")

    def save_model(self, request: HttpRequest, obj: Team, form: "ModelForm[Team]", change: bool) -> None:
        said, by = form.cleaned_data, page_actor(request)
        if change:
            team = Team.objects.get(pk=obj.pk)
            teams.update(team=team, name=said["name"], description=said["description"], by=by)
        else:
            team = teams.create(name=said["name"], description=said["description"], by=by)
            obj.__dict__.update(team.__dict__)
        before, after = set(queries.members(team)), set(said["members"])
        for user in after - before:
            teams.add_member(team=team, user=user, by=by)
        for user in before - after:
            teams.remove_member(team=team, user=user, by=by)

    def response_post_save_add(self, request: HttpRequest, obj: Team) -> HttpResponseRedirect:
        return redirect("team", obj.pk)

    def response_post_save_change(self, request: HttpRequest, obj: Team) -> HttpResponseRedirect:
        return redirect("team", obj.pk)

    def delete(self, request: HttpRequest, row: Team) -> None:
        teams.delete(team=row, by=page_actor(request))


@admin.register(Token)
class TokenAdmin(ServiceAdmin):
    """Everyone's own tokens; they are made and revoked, never changed or deleted."""

    form = TokenForm
    list_display = ("name", "user", "shown_prefix", "scope", "expires_at", "revoked_at", "last_used_at", "created_at")
    list_filter = ("scope", ("revoked_at", admin.EmptyFieldListFilter))
    list_select_related = ("user",)
    search_fields = ("name", "prefix", "user__username")
    actions = ("revoke",)

    @admin.display(description="begins with", ordering="prefix")
    def shown_prefix(self, token: Token) -> str:
        return f"mlr_{token.prefix}"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Token]:
        return queries.tokens_visible_to(_person(request)).order_by("-pk")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and request.user.is_staff)

    def has_view_permission(self, request: HttpRequest, obj: Token | None = None) -> bool:
        return self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_module_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Token | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Token | None = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Token | None = None) -> tuple[str, ...]:
        if obj is None:
            return ("user", "name", "scope", "expires_at")
        return ("user", "name", "shown_prefix", "scope", "expires_at", "revoked_at", "last_used_at", "created_at")

    def formfield_for_foreignkey(
        self, db_field: "ForeignKey[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> "ModelChoiceField[Any] | None":
        if db_field.name == "user":
            kwargs["queryset"] = queries.users_answered_for_by(_person(request))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"user": request.user.pk, "scope": TokenScope.WRITE.value}

    def save_model(self, request: HttpRequest, obj: Token, form: "ModelForm[Token]", change: bool) -> None:
        token, text = tokens.create(**form.cleaned_data, by=page_actor(request))
        obj.__dict__.update(token.__dict__, text=text)

    def response_add(self, request: HttpRequest, obj: Token, post_url_continue: str | None = None) -> HttpResponse:
        """The one page that shows the token: in no message, cookie or address, and not to be stored."""
        context = {**self.admin_site.each_context(request), "title": "Your new token", "token": obj, "text": obj.text}  # type: ignore[attr-defined]  # from save_model
        page = TemplateResponse(request, "admin/accounts/token/made.html", context)
        page["Cache-Control"] = "no-store"
        return page

    @admin.action(description="Revoke", permissions=["view"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Token]) -> None:
        for token in queryset:
            tokens.revoke(token=token, by=page_actor(request))
        self.message_user(request, "Revoked: refused from now on.", messages.SUCCESS)


@admin.register(Preference)
class PreferenceAdmin(ReadOnlyAdmin):
    list_display = ("user", "key")
    list_select_related = ("user",)
    ordering = ("-pk",)
    raw_id_fields = ("user",)
    search_fields = ("user__username__exact", "key__exact")
    search_help_text = "A username or a key, in full."


def _person(request: HttpRequest) -> User:
    return request.user  # type: ignore[return-value]  # the admin lets no one else in

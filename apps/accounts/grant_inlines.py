"""Who holds what, on the page of the object: shown to those who manage it, written by the service."""

from functools import partial
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest

from apps.accounts import queries as accounts
from apps.accounts.granted_admin import GrantedAdmin, reader
from apps.accounts.grants import Holder, ObjectGrants
from mlregistry.levels import Level
from mlregistry.service_admin import page_actor

LEVELS = [(level.name, level.name.replace("_", " ").lower()) for level in Level]


class GrantForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for the type checker only
    """A holder by name, and a level: names are known to everyone who is signed in."""

    grants: ClassVar[ObjectGrants]
    holder_field: ClassVar[str]
    """The grant's key to whoever holds it."""

    # Named for those who do not see the head of the column.
    holder = forms.CharField(max_length=150, widget=forms.TextInput(attrs={"aria-label": "Holder"}))
    level = forms.ChoiceField(choices=LEVELS, widget=forms.Select(attrs={"aria-label": "Level"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            holder = getattr(self.instance, self.holder_field)
            level = self.grants.held(self.instance.content_object, holder)
            self.fields["holder"].disabled = True
            self.initial = {"holder": str(holder), "level": level.name if level is not None else ""}

    def clean_holder(self) -> Holder:
        found = self.find(self.cleaned_data["holder"])
        if found is None:
            raise forms.ValidationError("There is nobody of that name.")
        return found

    def find(self, name: str) -> Holder | None:
        raise NotImplementedError


class GrantFormSet(BaseInlineFormSet):  # type: ignore[type-arg]  # generic for the type checker only
    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        if "DELETE" in form.fields:  # named, too, for those who do not see the head of the column
            form.fields["DELETE"].widget.attrs["aria-label"] = "Take back"


class GrantInline(admin.TabularInline):  # type: ignore[type-arg]  # generic for the type checker only
    """Shown to those who manage the object."""

    grants: ClassVar[ObjectGrants]
    formset = GrantFormSet
    fields = ("holder", "level")
    extra = 1

    def _manages(self, request: HttpRequest, obj: Model | None) -> bool:
        """Without an object the question is whether there may be such rows at all."""
        return obj is None or self.grants.level(obj, reader(request)) >= Level.MANAGE

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._manages(request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._manages(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._manages(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._manages(request, obj)


def grant_inlines(grants: ObjectGrants) -> tuple[type[GrantInline], type[GrantInline]]:
    """The inlines of both kinds of holders."""

    class UserForm(GrantForm):
        holder_field = "user"

        def find(self, name: str) -> Holder | None:
            return accounts.users().filter(username=name).first()

    class TeamForm(GrantForm):
        holder_field = "group"

        def find(self, name: str) -> Holder | None:
            return accounts.teams().filter(name=name).first()

    class UserGrants(GrantInline):
        model = grants.users
        form = UserForm
        verbose_name = "person or service account"
        verbose_name_plural = "people and service accounts"

    class TeamGrants(GrantInline):
        model = grants.teams
        form = TeamForm
        verbose_name = "team"
        verbose_name_plural = "teams"

    for part in (UserForm, TeamForm, UserGrants, TeamGrants):
        part.grants = grants
    return UserGrants, TeamGrants


class GrantingAdmin(GrantedAdmin):
    """A page with `grant_inlines`. `managed` finds the object for somebody who manages it, or refuses."""

    def managed(self, request: HttpRequest, row: Model) -> Model:
        raise NotImplementedError

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Grant, change and take back what the form says, as whoever manages the object."""
        formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []
        if not formset.has_changed():
            return
        target = self.managed(request, formset.instance)
        for row in formset.forms:
            if not row.has_changed():
                continue
            named = {"target": target, "holder": row.cleaned_data["holder"], "by": page_actor(request)}
            if row in formset.deleted_forms:
                self.attempt(request, partial(self.grants.remove, **named))
            else:
                level = Level[row.cleaned_data["level"]]
                self.attempt(request, partial(self.grants.set, **named, level=level))

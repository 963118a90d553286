"""Model cards in the admin: read as people read them, and written revision by revision."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from apps.accounts.granted_admin import is_staff, reader
from apps.registry.admin.base import VersionPartAdmin
from apps.registry.cards import SECTIONS
from apps.registry.limits import CARD_SECTION
from apps.registry.models import CardRevision, ModelVersion
from apps.registry.permissions import MODEL_GRANTS
from apps.registry.queries.cards import current_card
from apps.registry.queries.versions import present
from apps.registry.services import cards
from mlregistry.levels import Level
from mlregistry.markdown import rendered
from mlregistry.service_admin import page_actor


class CardForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for the type checker only
    """Every section of the card as it is now, to be changed in a new revision."""

    version = forms.ModelChoiceField(present(), widget=forms.HiddenInput)
    based_on = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is None:
            for key, title in SECTIONS.items():
                box = forms.Textarea(attrs={"rows": 6, "cols": 100})
                text = forms.CharField(required=False, label=title, strip=False, max_length=CARD_SECTION, widget=box)
                self.fields[key] = text
                text.initial = self.initial.get(key, "")

    def clean(self) -> dict[str, Any]:
        """Somebody else may have written meanwhile: say so, keep the text, and let it be saved on top of theirs."""
        asked = super().clean() or {}
        version, based_on = asked.get("version"), asked.get("based_on")
        newest = current_card(version).number if version else based_on
        if based_on != newest:
            self.data = dict(self.data.items()) | {"based_on": str(newest)}
            raise forms.ValidationError(
                f"Somebody wrote revision {newest} meanwhile. Read it; saving again writes this on top of it."
            )
        return asked

    def written(self) -> dict[str, str]:
        return {key: self.cleaned_data[key] for key in SECTIONS}


@admin.register(CardRevision)
class CardRevisionAdmin(VersionPartAdmin):
    form = CardForm
    list_display = ("version", "number", "written_by", "written_at", "prefilled")
    order_in_owner = ("-number",)

    readonly_fields = ("card",)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT002  Django's
        """The sections are no fields of the row, so Django need not look for them there."""
        return super().get_form(request, obj, change, **kwargs | {"fields": ("version",)})

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ("version", "based_on", *SECTIONS)
        return ("version", ("number", "prefilled"), ("written_by", "written_at"), "card")

    @admin.display(description="Card")
    def card(self, revision: CardRevision) -> SafeString:
        parts = [(SECTIONS[key], rendered(text)) for key, text in revision.sections.items() if key in SECTIONS]
        return format_html_join("", "<section><h3>{}</h3>{}</section>", parts)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Where a version is named: a card is of something."""
        return is_staff(request) and bool(_named(request))

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        version = self._version(request)
        title = {"title": f"Model card of {version}"}
        return super().add_view(request, form_url, title | (extra_context or {}))

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        version = self._version(request)
        card = current_card(version)
        return {"version": version.pk, "based_on": card.number, **card.sections}

    def save_model(self, request: HttpRequest, obj: CardRevision, form: CardForm, change: bool) -> None:
        version, by = self._version(request), page_actor(request)
        based_on = form.cleaned_data["based_on"]
        made = cards.write_card(version=version, sections=form.written(), by=by, based_on=based_on)
        obj.__dict__.update(made.__dict__)

    def response_add(
        self, request: HttpRequest, obj: CardRevision, post_url_continue: str | None = None
    ) -> HttpResponse:
        """To the card, as everybody sees it now."""
        self.message_user(request, f"This is revision {obj.number}.", messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:registry_cardrevision_change", args=[obj.pk]))

    def _version(self, request: HttpRequest) -> ModelVersion:
        """The one whose card is written, for somebody who may; to others there is none."""
        named = _named(request)
        versions = MODEL_GRANTS.filter(present(), reader(request), at_least=Level.EDIT, via="model")
        found = versions.select_related("model").filter(pk=int(named)).first() if named.isdecimal() else None
        if found is None:
            raise Http404
        return found


def _named(request: HttpRequest) -> str:
    return request.POST.get("version") or request.GET.get("version") or ""

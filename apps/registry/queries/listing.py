"""What lists of models and versions show beside the rows themselves; each of it in one query, whatever the page."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import Max, Q, QuerySet

from apps.accounts.models import User
from apps.registry.choices import PRODUCTION, ContentState, Verdict
from apps.registry.models import (
    CardRevision,
    Content,
    ModelVersion,
    RegisteredModel,
    RegisteredModelTag,
    Scan,
)
from apps.registry.permissions import MODEL_GRANTS
from apps.registry.queries.registered_models import with_details
from apps.registry.queries.versions import present
from mlregistry.wire.keyset import Page, Term, fetch_page

ORDERS = {
    "name": (Term("name", str),),
    "-name": (Term("name", str, ascending=False),),
    "changed": (Term("last_updated_time", int, ascending=False), Term("id", int, ascending=False)),
    "-changed": (Term("last_updated_time", int), Term("id", int)),
}
"""What a list of models can be sorted by, as its address says it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a version's files, in one word each."""

    content: str = ""
    verdict: str = ""
    card: int = 0
    """The revision of its card, 0 without one."""
    is_card_prefilled: bool = False

    @property
    def content_words(self) -> str:
        return str(ContentState(self.content).label) if self.content else "no files"

    @property
    def verdict_words(self) -> str:
        return str(Verdict(self.verdict).label) if self.verdict else "not scanned"


def page_of_models(
    user: User, *, prompts: bool, words: str, tag: str, order: str, per_page: int, token: str
) -> Page[RegisteredModel]:
    """Models, or prompts, that the user may read and that `words` and `tag` ("key" or "key=value") leave."""
    models = MODEL_GRANTS.filter(RegisteredModel.objects.filter(is_prompt=prompts), user)
    if words:
        models = models.filter(called(words))
    if tag:
        models = models.filter(pk__in=_tagged(tag))
    return fetch_page(
        with_details(models),
        terms=ORDERS[order],
        limit=per_page,
        token=token,
        question=["models-page", prompts, words, tag, order],
    )


def called(words: str) -> Q:
    """Models with `words` in their name, at the beginning of their description, or as a tag."""
    tags = RegisteredModelTag.objects.filter(Q(key__iexact=words) | Q(value__istartswith=words))
    return Q(name__icontains=words) | Q(description__istartswith=words) | Q(pk__in=tags.values("model"))


def standing_of(versions: Collection[ModelVersion]) -> dict[int, Standing]:
    """By the primary keys of the versions."""
    pks = [version.pk for version in versions]
    states = dict(Content.objects.filter(version__in=pks).values_list("version_id", "state"))
    newest = Scan.objects.filter(version__in=pks).values("version").annotate(newest=Max("pk")).values("newest")
    verdicts = dict(Scan.objects.filter(pk__in=newest).values_list("version_id", "verdict"))
    cards = {
        version: (number, prefilled)
        for version, number, prefilled in CardRevision.objects.filter(version__in=pks)
        .order_by("number")
        .values_list("version_id", "number", "prefilled")
    }
    return {pk: Standing(states.get(pk, ""), verdicts.get(pk, ""), *cards.get(pk, (0, False))) for pk in pks}


def in_production(user: User, *, most: int) -> list[ModelVersion]:
    """Versions in Production that the user may read, those changed last first."""
    found = present().filter(current_stage=PRODUCTION, model__is_prompt=False).select_related("model")
    readable = MODEL_GRANTS.filter(found, user, via="model").prefetch_related("aliases")
    return list(readable.order_by("-last_updated_time", "-pk")[:most])


def registered_from(user: User, run_ids: Iterable[str]) -> QuerySet[ModelVersion]:
    """Versions that were registered from these runs, those that the user may read."""
    found = present().filter(run_id__in=list(run_ids)).select_related("model")
    return MODEL_GRANTS.filter(found, user, via="model").order_by("-pk")


def page_of_versions(model: RegisteredModel, *, per_page: int, token: str) -> Page[ModelVersion]:
    """The model's versions, the newest first, with their aliases."""
    return fetch_page(
        present().filter(model=model).prefetch_related("aliases"),
        terms=(Term("version", int, ascending=False),),
        limit=per_page,
        token=token,
        question=["versions-page", model.pk],
    )


def numbers_of(model: RegisteredModel, *, most: int) -> list[int]:
    """The numbers of its newest versions."""
    return list(present().filter(model=model).order_by("-version").values_list("version", flat=True)[:most])


def _tagged(tag: str) -> QuerySet[RegisteredModelTag, int]:
    key, equals, value = tag.partition("=")
    found = RegisteredModelTag.objects.filter(key=key.strip())
    if equals:
        found = found.filter(value=value.strip())
    return found.values_list("model_id", flat=True)

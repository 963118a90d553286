"""The registry in the admin: everyone sees what they may, services do the changing, forged requests do nothing."""

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Team, User
from apps.jobs.models import Job
from apps.registry import models
from apps.registry.cards import SECTIONS
from apps.registry.choices import ContentState, Verdict
from apps.registry.models import ModelVersion, RegisteredModel
from apps.registry.permissions import MODEL_GRANTS
from apps.registry.rules import PROMPT_TAG
from apps.registry.services import cards, versions
from apps.tracking.entities import Tag
from mlregistry.actor import system
from mlregistry.levels import Level
from tests.registry.making import actions, make_registered, make_version

MODELS = [model for model in admin.site._registry if model._meta.app_label == "registry"]  # noqa: SLF001  a public fact
FOR_ADMINISTRATORS = {models.Webhook, models.Delivery}
SEEN_BY_ALL = [model for model in MODELS if model not in FOR_ADMINISTRATORS]
BY = system("tests")


@pytest.fixture
def bob(db: None, settings: object) -> User:
    """Someone who was granted nothing, where nothing is given by default."""
    settings.MLREGISTRY_DEFAULT_PERMISSION = Level.NO_PERMISSIONS  # type: ignore[attr-defined]
    return User.objects.create_user("bob", is_staff=True)


@pytest.fixture
def version(ada: User) -> ModelVersion:
    """A version of a model of Ada's, with a row in every table that belongs to either."""
    model = make_registered(ada, "classifier", tags=[Tag(key="team", value="vision")])
    made = make_version(ada, model, tags=[Tag(key="kind", value="tree")])
    versions.set_alias(version=made, alias="champion", by=BY)
    MODEL_GRANTS.set(target=model, holder=Team.objects.create(name="reds"), level=Level.READ, by=BY)
    now = timezone.now()
    content, _ = models.Content.objects.update_or_create(version=made, defaults={"state": ContentState.SEALED})
    models.ContentFile.objects.create(content=content, path="MLmodel", size=1, sha256="0" * 64, marker="m")
    models.Scan.objects.create(version=made, verdict=Verdict.CLEAN, digest="", scanner="test", scanned_at=now)
    models.Sbom.objects.create(version=made, document={}, made_at=now)
    models.CardRevision.objects.create(version=made, number=1, sections={}, written_by="ada", written_at=now)
    return made


def signed_in(user: User, **options: bool) -> Client:
    client = Client(**options)  # type: ignore[arg-type]
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[-1])
    return client


def page(model: type, name: str = "changelist", *arguments: object) -> str:
    return reverse(f"admin:registry_{model._meta.model_name}_{name}", args=arguments)  # type: ignore[attr-defined]


def version_form(**fields: object) -> dict[str, object]:
    return {"description": "", "current_stage": "None", "aliases": "champion"} | fields


def test_every_model_is_registered() -> None:
    assert set(apps.get_app_config("registry").get_models()) == set(MODELS)


@pytest.mark.parametrize("model", SEEN_BY_ALL)
def test_lists_pages_and_searches_open_for_an_administrator(root: User, version: ModelVersion, model: type) -> None:
    client = signed_in(root)
    first = model._default_manager.order_by("-pk").first()  # type: ignore[attr-defined]
    assert client.get(page(model)).status_code == 200
    assert client.get(page(model), {"q": "a'b%_\\\0"}).status_code == 200
    assert client.get(page(model, "change", first.pk)).status_code == 200


@pytest.mark.parametrize("model", SEEN_BY_ALL)
def test_who_was_granted_nothing_sees_no_row(ada: User, bob: User, version: ModelVersion, model: type) -> None:
    hidden = model._default_manager.first()  # type: ignore[attr-defined]
    client = signed_in(bob)
    assert client.get(page(model)).context["cl"].result_count == 0
    assert signed_in(ada).get(page(model)).context["cl"].result_count > 0
    absent = client.get(page(model, "change", 10**9))
    found = client.get(page(model, "change", hidden.pk))
    assert (found.status_code, found["Location"]) == (absent.status_code, absent["Location"]) == (302, "/admin/")


@pytest.mark.parametrize("model", SEEN_BY_ALL)
def test_who_may_only_read_sees_the_page_and_changes_nothing(bob: User, version: ModelVersion, model: type) -> None:
    MODEL_GRANTS.set(target=version.model, holder=bob, level=Level.READ, by=BY)
    before = actions()
    client = signed_in(bob)
    if "grant" not in model._meta.model_name:  # type: ignore[attr-defined]  # those are for managers
        assert client.get(page(model, "change", model._default_manager.first().pk)).status_code == 200  # type: ignore[attr-defined]
    for address in (page(model, "add"), page(model, "change", 1), page(model, "delete", 1)):
        assert client.post(address, {"name": "x", "description": "forged", "post": "yes"}).status_code in (
            302,
            403,
            404,
        )
    assert actions() == before
    assert RegisteredModel.objects.get().name == "classifier"


def test_a_form_moves_a_version_and_its_aliases_by_the_services(ada: User, version: ModelVersion) -> None:
    other = make_version(ada, version.model)
    versions.set_stage(version=other, stage="Production", archive_existing=False, by=BY)
    form = version_form(
        description="better", current_stage="Production", archive_existing="on", aliases="challenger, best"
    )
    assert signed_in(ada).post(page(ModelVersion, "change", version.pk), form).status_code == 302
    version.refresh_from_db()
    assert (version.description, version.current_stage) == ("better", "Production")
    assert set(version.aliases.values_list("name", flat=True)) == {"best", "challenger"}
    other.refresh_from_db()
    assert other.current_stage == "Archived"
    assert actions()[-5:] == [
        "registry.version.describe",
        "registry.version.set_stage",
        "registry.alias.set",
        "registry.alias.set",
        "registry.alias.delete",
    ]


def test_a_refused_alias_is_told_on_the_page_and_nothing_is_kept(ada: User, version: ModelVersion) -> None:
    form = version_form(description="half", current_stage="Staging", aliases="champion, v1")
    answer = signed_in(ada).post(page(ModelVersion, "change", version.pk), form, follow=True)
    assert "Version alias name &#x27;v1&#x27; is reserved." in answer.content.decode()
    version.refresh_from_db()
    assert (version.description, version.current_stage) == ("", "None")


def test_an_editor_may_point_an_alias_elsewhere_but_not_take_it_away(bob: User, version: ModelVersion) -> None:
    MODEL_GRANTS.set(target=version.model, holder=bob, level=Level.EDIT, by=BY)
    client, address = signed_in(bob), page(ModelVersion, "change", version.pk)
    client.post(address, version_form(aliases="champion, other"))
    assert version.aliases.count() == 2
    answer = client.post(address, version_form(aliases=""), follow=True)
    assert "needs MANAGE on model classifier" in answer.content.decode()
    assert version.aliases.count() == 2


def test_a_model_is_renamed_described_and_given_to_others_on_its_page(ada: User, version: ModelVersion) -> None:
    client, address = signed_in(ada), page(RegisteredModel, "change", version.model.pk)
    form = {"name": "renamed", "description": "what it is for"}
    for prefix, initial in (("user_grants", 1), ("team_grants", 1)):
        form |= {f"{prefix}-TOTAL_FORMS": initial + 1, f"{prefix}-INITIAL_FORMS": initial}
    grants = {
        "user_grants": models.RegisteredModelUserGrant.objects.get(),
        "team_grants": models.RegisteredModelTeamGrant.objects.get(),
    }
    for prefix, held in grants.items():
        form |= {f"{prefix}-0-id": held.pk, f"{prefix}-0-content_object": version.model.pk}
    form |= {"user_grants-0-level": "MANAGE", "team_grants-0-level": "EDIT"}
    answer = client.post(address, form)
    assert answer.status_code == 302, answer.context["errors"]
    model = RegisteredModel.objects.get()
    assert (model.name, model.description) == ("renamed", "what it is for")
    assert MODEL_GRANTS.held(model, Team.objects.get()) == Level.EDIT


def test_prompts_are_listed_as_prompts_and_not_among_the_models(ada: User, version: ModelVersion) -> None:
    prompt = make_registered(ada, "greeting", tags=[Tag(key=PROMPT_TAG, value="true")])
    of_prompt = make_version(ada, prompt, tags=[Tag(key=PROMPT_TAG, value="true")])
    client = signed_in(ada)

    def listed(model: type, **query: object) -> list[object]:
        return list(client.get(page(model), query).context["cl"].result_list)

    for narrowed in ({}, {"kind": "models"}, {"kind": "no such kind"}):
        assert (listed(RegisteredModel, **narrowed), listed(ModelVersion, **narrowed)) == ([version.model], [version])
    assert (listed(RegisteredModel, kind="prompts"), listed(ModelVersion, kind="prompts")) == ([prompt], [of_prompt])
    assert listed(ModelVersion, model__id__exact=prompt.pk) == [of_prompt]


def test_deleting_in_lists_asks_the_services(ada: User, bob: User, version: ModelVersion) -> None:
    MODEL_GRANTS.set(target=version.model, holder=bob, level=Level.EDIT, by=BY)
    chosen = {"action": "delete_rows", "_selected_action": version.pk}
    answer = signed_in(bob).post(page(ModelVersion), chosen, follow=True)
    assert "needs MANAGE" in answer.content.decode()
    signed_in(ada).post(page(ModelVersion), chosen)
    version.refresh_from_db()
    assert version.is_deleted
    chosen = {"action": "delete_rows", "_selected_action": version.model.pk}
    signed_in(ada).post(page(RegisteredModel), chosen)
    assert not RegisteredModel.objects.exists()


def test_a_request_without_the_csrf_token_does_nothing(ada: User, version: ModelVersion) -> None:
    client = signed_in(ada, enforce_csrf_checks=True)
    answer = client.post(page(ModelVersion, "change", version.pk), version_form(current_stage="Production"))
    assert answer.status_code == 403
    version.refresh_from_db()
    assert version.current_stage == "None"


def card_form(version: ModelVersion, **sections: str) -> dict[str, object]:
    return {"version": version.pk, "based_on": 1, **dict.fromkeys(SECTIONS, "")} | sections


def test_a_card_is_written_on_a_page_that_shows_what_it_says_now(ada: User, version: ModelVersion) -> None:
    models.CardRevision.objects.update(sections={"data": "rows of <b>last</b> year"})
    client = signed_in(ada)
    asked = client.get(page(models.CardRevision, "add"), {"version": version.pk}).content.decode()
    assert "rows of &lt;b&gt;last&lt;/b&gt; year" in asked
    answer = client.post(page(models.CardRevision, "add"), card_form(version, data="rows", owner="*Ada*"))
    assert answer.status_code == 302
    newest = models.CardRevision.objects.get(number=2)
    assert (newest.sections, newest.written_by) == ({"data": "rows", "owner": "*Ada*"}, "ada")
    assert "<em>Ada</em>" in client.get(page(models.CardRevision, "change", newest.pk)).content.decode()


def test_a_card_that_somebody_else_wrote_meanwhile_is_not_overwritten_unseen(ada: User, version: ModelVersion) -> None:
    cards.write_card(version=version, sections={"data": "other"}, by=BY)
    client = signed_in(ada)
    told = client.post(page(models.CardRevision, "add"), card_form(version, data="mine")).content.decode()
    assert "Somebody wrote revision 2 meanwhile" in told
    assert "mine</textarea>" in told
    assert 'name="based_on" value="2"' in told
    assert models.CardRevision.objects.count() == 2


def test_a_card_is_written_by_those_who_may_edit(bob: User, version: ModelVersion) -> None:
    MODEL_GRANTS.set(target=version.model, holder=bob, level=Level.READ, by=BY)
    client = signed_in(bob)
    assert client.get(page(models.CardRevision, "add"), {"version": version.pk}).status_code == 404
    assert client.post(page(models.CardRevision, "add"), card_form(version, data="forged")).status_code == 404
    assert models.CardRevision.objects.count() == 1


def test_versions_are_verified_and_scanned_again_from_the_list(ada: User, version: ModelVersion) -> None:
    client = signed_in(ada)
    chosen = {"action": "scan_again", "_selected_action": version.pk}
    assert "as soon as a worker is free" in client.post(page(ModelVersion), chosen, follow=True).content.decode()
    assert Job.objects.get(kind="registry.inspect_content").payload == {"version": version.pk, "anew": True}
    models.Content.objects.update(state=ContentState.PENDING)
    answer = client.post(page(ModelVersion), chosen | {"action": "verify"}, follow=True)
    assert "has no sealed content to verify" in answer.content.decode()

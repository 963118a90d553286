"""The page of one version: everything that is known of it, and what can be changed there."""

from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.models import Entry
from apps.jobs.models import Job
from apps.registry.choices import ContentState
from apps.registry.models import Alias, Content, ContentFile, ModelVersion, RegisteredModel, Sbom, Scan
from apps.registry.pages import version_changes
from apps.registry.services import versions
from apps.tracking.models import Experiment
from tests.registry.making import make_registered, make_version, set_content
from tests.registry.pages.conftest import BY, made_version
from tests.registry.pages.visiting import changed, read, statements, words


def test_a_version_shows_all_that_is_known_of_it(ada: User, pair: tuple[ModelVersion, ...]) -> None:
    page = words(read(ada, "version", pair[0].model_id, 1))
    for said in (
        "classifier version 1 Production champion registered by ada",
        "1" * 64,
        "accuracy 0.6",
        "depth 1",
        "age long",
        "column 1 tensor of float32, -1 x 1",
        "pandas 2.1 pkg:pypi/pandas@2.1",
        "not pinned scipy",
        "sklearn_version 1.1",
        "Scan clean 2 files",
        "MLmodel 100 bytes aaaaaaaaaaaaaaaa…",
        "not after 1",
        "Not written: intended use, data, metrics, ethics, owner, contacts.",
        "run run 1 made logged model model",
        "version classifier version 1 is called alias champion",
        "load_model(&#x27;models:/classifier/1&#x27;)",
        "load_model(&#x27;models:/classifier@champion&#x27;)",
        "/api/v1/registered-models/classifier/versions/1/content",
        "Compare with v2",
        "ada moved model classifier version 1 from None to Production",
    ):
        assert said in page
    assert "<h1>Limits</h1>" in read(ada, "version", pair[0].model_id, 1)


def test_findings_are_told_file_by_file(ada: User, pair: tuple[ModelVersion, ...]) -> None:
    page = words(read(ada, "version", pair[0].model_id, 2))
    assert "Scan not clean 2 files" in page
    assert "model.pkl critical It calls os.system." in page


def test_long_lists_go_on_on_further_pages(ada: User, pair: tuple[ModelVersion, ...]) -> None:
    content = Content.objects.get(version=pair[0])
    ContentFile.objects.filter(content=content).delete()
    ContentFile.objects.bulk_create(
        ContentFile(content=content, path=f"part-{number:04}", size=1, sha256="a" * 64, marker="m")
        for number in range(450)
    )
    set_content(pair[0], files_count=450)
    Sbom.objects.filter(version=pair[0]).update(
        document={"components": [{"name": f"package-{number:04}"} for number in range(301)]}
    )
    findings = [{"path": f"file-{n:04}", "kind": "import", "severity": "info", "detail": "said"} for n in range(101)]
    Scan.objects.filter(version=pair[0]).update(findings=findings)
    first = read(ada, "version", pair[0].model_id, 1)
    assert "1 to 200 of 450 files Next" in words(first)
    assert "1 to 300 of 301 components Next" in words(first)
    assert "1 to 100 of 101 findings Next" in words(first)
    assert 'href="?files=2#files"' in first
    later = read(ada, "version", pair[0].model_id, 1, files="3", sbom="2", scan="2")
    for said in ("Before 401 to 450 of 450 files", "part-0449", "package-0300", "file-0100"):
        assert said in words(later)
    assert "part-0399" not in later
    assert 'href="?files=2&amp;sbom=2&amp;scan=2#files"' in later
    assert "401 to 450 of 450 files" in words(read(ada, "version", pair[0].model_id, 1, files="99"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"state": ContentState.PENDING}, "its files are being read"),
        ({"state": ContentState.UNREADABLE, "message": "It lies elsewhere."}, "It lies elsewhere."),
        ({"state": ContentState.SEALED, "mlmodel": {"unreadable": "no YAML"}}, "MLmodel cannot be read: no YAML"),
        (
            {"state": ContentState.DRIFTED, "digest": "d" * 64, "differences": [{"path": "a", "how": "changed"}]},
            "a changed",
        ),
    ],
)
def test_a_version_says_how_its_files_stand(
    ada: User, model: RegisteredModel, content: dict[str, Any], said: str
) -> None:
    set_content(make_version(ada, model), **content)
    assert said in words(read(ada, "version", model.pk, 1))


def test_a_page_takes_as_many_statements_however_much_is_known(
    ada: User, model: RegisteredModel, experiment: Experiment
) -> None:
    first = made_version(ada, model, experiment, 1)
    second = made_version(ada, model, experiment, 2)
    for number in range(20):
        versions.set_alias(version=second, alias=f"a{number}", by=BY)
        versions.set_tag(version=second, key=f"k{number}", value="v", by=BY)
        Scan.objects.create(version=second, verdict="clean", digest="", scanner="t", scanned_at=timezone.now())
    versions.set_alias(version=first, alias="one", by=BY)
    versions.set_tag(version=first, key="one", value="v", by=BY)
    statements(ada, "version", model.pk, 1)
    assert statements(ada, "version", model.pk, 1) == statements(ada, "version", model.pk, 2) <= 39


def test_a_version_moves_and_the_others_are_archived(ada: User, pair: tuple[ModelVersion, ...]) -> None:
    first, second = pair
    said = changed(ada, "version-stage", first.model_id, 2, stage="Production", archive_existing="on")
    assert said == ["Version 2 is in Production now."]
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.current_stage, second.current_stage) == ("Archived", "Production")
    assert Entry.objects.filter(action="registry.version.set_stage").last().details["archived"] == [1]


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"stage": "Nowhere"}, "Invalid Model Version stage: Nowhere"),
        ({}, "Invalid Model Version stage"),
        ({"stage": "Archived", "archive_existing": "on"}, "is not an Active stage"),
    ],
)
def test_a_stage_that_cannot_be_is_refused_in_words(
    ada: User, pair: tuple[ModelVersion, ...], form: dict[str, str], said: str
) -> None:
    assert said in changed(ada, "version-stage", pair[0].model_id, 1, **form)[0]
    pair[0].refresh_from_db()
    assert pair[0].current_stage == "Production"


def test_aliases_are_pointed_and_removed(ada: User, pair: tuple[ModelVersion, ...]) -> None:
    model = pair[0].model_id
    assert changed(ada, "version-alias", model, 2, alias=" champion ") == ["The alias points at this version now."]
    assert Alias.objects.get(model=model, name="champion").version == pair[1]
    assert "reserved" in changed(ada, "version-alias", model, 2, alias="latest")[0]
    assert changed(ada, "version-alias", model, 2, alias="") == ["An alias needs a name."]
    changed(ada, "version-unalias", model, 1, alias="champion")  # from a page that is older than the alias
    assert Alias.objects.filter(model=model, name="champion").exists()
    changed(ada, "version-unalias", model, 2, alias="champion")
    assert not Alias.objects.filter(model=model).exists()


def test_descriptions_and_tags_are_changed(ada: User, model: RegisteredModel) -> None:
    version = make_version(ada, model)
    assert changed(ada, "version-describe", model.pk, 1, description="*new*") == ["The description is saved."]
    assert changed(ada, "version-tag", model.pk, 1, key="k", value="v") == ["The tag is set."]
    assert changed(ada, "version-tag", model.pk, 1, key=" ", value="v") == ["A tag needs a key."]
    assert "<em>new</em>" in read(ada, "version", model.pk, 1)
    assert list(version.tags.values_list("key", "value")) == [("k", "v")]
    assert changed(ada, "version-untag", model.pk, 1, key="k") == ["The tag is removed."]
    assert not version.tags.exists()


def test_a_scan_is_asked_for(ada: User, pair: tuple[ModelVersion, ...]) -> None:
    assert "as soon as a worker is free" in changed(ada, "version-scan", pair[0].model_id, 1)[0]
    job = Job.objects.filter(kind="registry.inspect_content").latest("pk")
    assert (job.payload, job.username) == ({"version": pair[0].pk, "anew": True}, "ada")


@pytest.mark.parametrize(
    ("state", "said"),
    [(ContentState.SEALED, "Verified: its files are"), (ContentState.DRIFTED, "not what was registered: a is changed")],
)
def test_verifying_says_what_came_of_it(
    ada: User, model: RegisteredModel, monkeypatch: pytest.MonkeyPatch, state: ContentState, said: str
) -> None:
    """What verifying itself does, its own tests show, on real files."""
    content = set_content(make_version(ada, model), state=state, message="a is changed")
    monkeypatch.setattr(version_changes, "verify_content", lambda **_: content)
    assert said in changed(ada, "version-verify", model.pk, 1)[0]


def test_what_was_never_sealed_cannot_be_verified(ada: User, model: RegisteredModel) -> None:
    make_version(ada, model)
    assert "no sealed content to verify" in changed(ada, "version-verify", model.pk, 1)[0]


def test_a_version_is_deleted_and_gone_for_everybody(ada: User, pair: tuple[ModelVersion, ...]) -> None:
    assert "will not be given again" in changed(ada, "version-delete", pair[0].model_id, 1)[0]
    page = words(read(ada, "version", pair[0].model_id, 2))
    assert "Compare with v1" not in page
    assert "champion" not in words(read(ada, "model", pair[0].model_id)).partition("Activity")[0]


def test_code_to_load_a_version_is_code_whatever_its_name(ada: User) -> None:
    model = make_registered(ada, "it's \"$(x)` \\")
    make_version(ada, model)
    page = read(ada, "version", model.pk, 1)
    assert "load_model(&#x27;models:/it\\&#x27;s &quot;$(x)` \\\\/1&#x27;)" in page
    assert "/registered-models/it%27s%20%22%24%28x%29%60%20%5C/versions/1/content" in page

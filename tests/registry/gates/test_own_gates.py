"""The server's own gates: each says what it saw, with figures, and never passes what is not known."""

import json
import math
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from apps.accounts.models import User
from apps.governance.gates import Judged, Verdict, gate_named, read_gate_terms
from apps.governance.terms import GateTerms
from apps.registry import proposals
from apps.registry.actions import base
from apps.registry.choices import ContentState
from apps.registry.choices import Verdict as ScanVerdict
from apps.registry.models import ContentFile, ModelVersion, RegisteredModel, Sbom, Scan
from apps.registry.services import cards, versions
from apps.tracking.models import Dataset, DatasetInput, Experiment, LatestMetric, LoggedModel, LoggedModelMetric, Run
from tests.receiver import receiving
from tests.registry.making import make_version, move, set_content
from tests.tracking.making import log, make_model, point

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 3, tzinfo=UTC)


@pytest.fixture
def version(ada: User, model: RegisteredModel, run: Run) -> ModelVersion:
    made = make_version(ada, model, run_id=run.uuid)
    return ModelVersion.objects.select_related("model").get(pk=made.pk)


def verdict(version: ModelVersion, gate: str, *, alias: str = "", **terms: Any) -> Verdict:
    proposal = (
        proposals.set_alias(version, alias)
        if alias
        else proposals.set_stage(version, "Production", archive_existing=True)
    )
    asked = GateTerms(gate, terms)
    return gate_named(gate).look(Judged(proposal, base.version_of(proposal)), read_gate_terms(asked))


def said(version: ModelVersion, gate: str, **terms: Any) -> tuple[bool, str]:
    found = verdict(version, gate, **terms)
    json.dumps(dict(found.data), allow_nan=False)
    return found.passed, found.sentence


def test_a_metric_is_held_against_a_number(ada: User, run: Run, version: ModelVersion) -> None:
    log(ada, run, metrics=[point("accuracy", 0.93)])
    at_least = {"metric": "accuracy", "value": 0.9}
    assert said(version, "metric_at_least", **at_least) == (True, "accuracy is 0.93, at least 0.9 is asked.")
    assert said(version, "metric_at_most", **at_least) == (False, "accuracy is 0.93, at most 0.9 is asked.")
    assert said(version, "metric_at_least", metric="accuracy", value=0.93)[0]
    assert said(version, "metric_at_least", metric="f1", value=0) == (False, "No f1 was logged.")
    assert said(version, "metric_at_least", dataset="test", **at_least) == (False, "No accuracy on test was logged.")


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, sys.float_info.max, -sys.float_info.max])
@pytest.mark.parametrize("gate", ["metric_at_least", "metric_at_most"])
def test_what_is_no_figure_never_passes(
    value: float,
    gate: str,
    ada: User,
    run: Run,
    version: ModelVersion,
) -> None:
    log(ada, run, metrics=[point("loss", 1.0)])
    LatestMetric.objects.update(value=0 if math.isnan(value) else value, is_nan=math.isnan(value))
    assert not said(version, gate, metric="loss", value=0)[0]
    for direction in ("higher_is_better", "lower_is_better"):
        assert not said(version, "not_worse_than_production", metric="loss", direction=direction)[0]


def test_metrics_of_a_deleted_run_are_unknown(ada: User, run: Run, version: ModelVersion) -> None:
    log(ada, run, metrics=[point("accuracy", 0.93)])
    Run.objects.update(lifecycle_stage="deleted")
    assert not said(version, "metric_at_least", metric="accuracy", value=0.9)[0]


def test_the_logged_models_own_figures_count_the_least_favourable_first(
    ada: User,
    run: Run,
    experiment: Experiment,
    version: ModelVersion,
) -> None:
    logged: LoggedModel = make_model(experiment, ada)
    ModelVersion.objects.update(logged_model_id=logged.model_id)
    log(ada, run, metrics=[point("accuracy", 0.99)])
    for step, (name, value) in enumerate([("train", 0.98), ("test", 0.5), ("test", 0.8)]):
        LoggedModelMetric.objects.create(
            model=logged, run=run, key="accuracy", step=step, timestamp=0, value=value, is_nan=False,
            dataset_name=name, dataset_digest="ab",
        )  # fmt: skip
    passed, sentence = said(version, "metric_at_least", metric="accuracy", value=0.9)
    assert (passed, sentence) == (False, "accuracy on test (ab) is 0.8, at least 0.9 is asked.")
    assert said(version, "metric_at_least", metric="accuracy", value=0.9, dataset="train")[0]


@pytest.fixture
def compared(ada: User, model: RegisteredModel, experiment: Experiment, version: ModelVersion) -> Any:
    """Two versions with an accuracy each: the one that stands there, and the one that is to."""
    from tests.tracking.making import make_run  # noqa: PLC0415

    def make(theirs: float | None, mine: float) -> ModelVersion:
        other_run = make_run(experiment, ada, name="earlier")
        other = make_version(ada, model, run_id=other_run.uuid)
        if theirs is not None:
            log(ada, other_run, metrics=[point("accuracy", theirs)])
        log(ada, Run.objects.get(uuid=version.run_id), metrics=[point("accuracy", mine)])
        return other

    return make


HIGHER = {"metric": "accuracy", "direction": "higher_is_better"}
LOWER = {"metric": "accuracy", "direction": "lower_is_better"}


def test_it_is_held_against_the_version_in_the_stage(ada: User, version: ModelVersion, compared: Any) -> None:
    other = compared(0.8, 0.7)
    gate = "not_worse_than_production"
    assert said(version, gate, **HIGHER) == (
        True,
        "accuracy is 0.7; no other version is in Production, so there is none to be worse than.",
    )
    move(ada, other, "Production")
    assert said(version, gate, **HIGHER, margin=0.05) == (
        False,
        "accuracy is 0.7, version 2 in Production has 0.8: worse by 0.1, and 0.05 is allowed.",
    )
    assert said(version, gate, **HIGHER, margin=0.1)[0]
    assert said(version, gate, **LOWER) == (
        True,
        "accuracy is 0.7, version 2 in Production has 0.8: no worse, and 0 is allowed.",
    )


def test_it_is_held_against_the_version_under_the_alias(ada: User, version: ModelVersion, compared: Any) -> None:
    other = compared(0.8, 0.7)
    versions.set_alias(version=other, alias="champion", by=ada.actor())
    assert not verdict(version, "not_worse_than_production", alias="champion", **HIGHER).passed
    assert verdict(version, "not_worse_than_production", alias="challenger", **HIGHER).passed


def test_what_stands_there_without_the_metric_cannot_be_compared_with(
    ada: User,
    version: ModelVersion,
    compared: Any,
) -> None:
    move(ada, compared(None, 0.7), "Production")
    assert said(version, "not_worse_than_production", **HIGHER) == (
        False,
        "Version 2 in Production cannot be compared with. Of it, no accuracy was logged.",
    )


SIGNATURE = {"inputs": [{"name": "x", "type": "double", "required": True}], "outputs": []}
EXAMPLE = {"artifact_path": "input_example.json", "type": "dataframe", "serving_input_path": ""}
FILE_GATES = [
    "signature_present", "input_example_present", "scan_clean", "content_intact", "dependencies_pinned",
    "no_listed_vulnerabilities", "sbom_made",
]  # fmt: skip


@pytest.mark.parametrize("gate", FILE_GATES)
@pytest.mark.parametrize("state", [None, ContentState.PENDING, ContentState.UNREADABLE, ContentState.DRIFTED])
def test_files_that_are_not_known_pass_nothing(
    gate: str, state: ContentState | None, version: ModelVersion, settings: Any, tmp_path: Path
) -> None:
    settings.MLREGISTRY_ADVISORIES = str(advisories(tmp_path))
    if state:
        content = set_content(version, state=state, mlmodel={"signature": SIGNATURE}, requirements="a==1", digest="d")
        Scan.objects.create(version=version, verdict="clean", digest=content.digest, scanner="1", scanned_at=NOW)
        Sbom.objects.create(version=version, document={}, components_count=1, made_at=NOW)
    else:
        version.content.delete()
    assert not said(version, gate)[0]


def sealed(version: ModelVersion, **fields: Any) -> Any:
    return set_content(version, state=ContentState.SEALED, digest="d" * 64, **fields)


def test_signature_and_input_example(version: ModelVersion) -> None:
    content = sealed(version, mlmodel={"signature": SIGNATURE, "input_example": EXAMPLE})
    assert said(version, "signature_present") == (True, "The signature names 1 input and 0 outputs.")
    assert not said(version, "input_example_present")[0]  # named, and not there
    ContentFile.objects.create(content=content, path="input_example.json", size=12, sha256="", marker="")
    assert said(version, "input_example_present") == (True, "The input example is input_example.json, 12 bytes.")
    sealed(version, mlmodel={"signature": None, "input_example": None})
    assert not said(version, "signature_present")[0]
    assert not said(version, "input_example_present")[0]
    sealed(version, mlmodel={"unreadable": "it is no YAML"})
    assert said(version, "signature_present") == (False, "MLmodel cannot be read: it is no YAML")


def test_the_newest_scan_of_these_very_files_counts(version: ModelVersion) -> None:
    content = sealed(version)

    def scan(verdict: ScanVerdict, digest: str, *findings: Any) -> None:
        Scan.objects.create(
            version=version, verdict=verdict, digest=digest, findings=list(findings), files_count=3, scanner="rules 1",
            scanned_at=NOW,
        )  # fmt: skip

    scan(ScanVerdict.CLEAN, "of other files")
    assert said(version, "scan_clean") == (False, "The files of this version have not been scanned yet.")
    scan(ScanVerdict.CLEAN, content.digest)
    assert said(version, "scan_clean") == (
        True,
        "3 files looked into, nothing found by the scan of 3 May 2026 (rules 1).",
    )
    scan(ScanVerdict.SUSPICIOUS, content.digest, {"kind": "import", "path": "model.pkl"})
    passed, sentence = said(version, "scan_clean")
    assert not passed
    assert sentence.endswith("1 finding: import in model.pkl.")


def test_dependencies_are_pinned(version: ModelVersion) -> None:
    sealed(version, requirements="numpy==2.1.0\npandas>=2\n-e git+https://x/y\n")
    assert said(version, "dependencies_pinned") == (
        False,
        "2 of 3 requirements name no exact released version: pandas>=2, -e git+https://x/y.",
    )
    sealed(version, requirements="numpy==2.1.0\n")
    assert said(version, "dependencies_pinned") == (True, "Each of 1 requirement names one version.")
    for nothing in ("", "# none\n"):
        sealed(version, requirements=nothing)
        assert not said(version, "dependencies_pinned")[0]


def advisory(number: int, package: str = "Num.Py", **affected: Any) -> dict[str, Any]:
    return {
        "id": f"PYSEC-{number}", "aliases": [f"CVE-{number}"], "modified": "2026-04-01T00:00:00Z",
        "affected": [{"package": {"ecosystem": "PyPI", "name": package}, **affected}],
    }  # fmt: skip


def span(*events: dict[str, str], kind: str = "ECOSYSTEM") -> dict[str, Any]:
    return {"ranges": [{"type": kind, "events": list(events)}]}


def advisories(folder: Path, *listed: dict[str, Any]) -> Path:
    place = folder / "osv.json"
    place.write_text(json.dumps(listed or [advisory(0, "other", versions=["1"])]))
    return place


@pytest.mark.parametrize(
    ("affected", "pinned", "is_listed"),
    [
        (span({"introduced": "0"}, {"fixed": "2.0"}), "1.10", True),
        (span({"introduced": "0"}, {"fixed": "2.0"}), "2.0", False),
        (span({"introduced": "1.9"}, {"last_affected": "1.10"}), "1.10", True),
        (span({"introduced": "1.9"}, {"last_affected": "1.10"}), "1.11", False),
        (span({"introduced": "1.9"}), "1.8", False),
        (span({"fixed": "1.5"}, {"introduced": "0"}, {"introduced": "1.9"}), "1.7", False),
        (span({"fixed": "1.5"}, {"introduced": "0"}, {"introduced": "1.9"}), "1.10", True),
        (span({"introduced": "what?"}), "1.10", True),
        (span({"introduced": "0"}, kind="GIT"), "1.10", False),
        (span({"introduced": "0"}, {"last_affected": "1.10"}), "1.10+cu118", True),
        ({"versions": ["1.10.0"]}, "1.10", True),
        ({"versions": ["1.10"]}, "1.10+cu118", True),
        ({"versions": ["1.1", "old"]}, "1.10", False),
    ],
)
def test_packages_are_held_against_advisories_as_pypi_compares_versions(  # noqa: PLR0917  cases and fixtures
    affected: Any,
    pinned: str,
    is_listed: bool,
    version: ModelVersion,
    settings: Any,
    tmp_path: Path,
) -> None:
    settings.MLREGISTRY_ADVISORIES = str(advisories(tmp_path, advisory(1, **affected)))
    sealed(version, requirements=f"num_py=={pinned}\n")
    passed, sentence = said(version, "no_listed_vulnerabilities")
    among = "among 1 advisory, the newest of 1 April 2026."
    assert (passed, sentence) == (
        (False, f"Of 1 package, listed are num_py {pinned} (PYSEC-1), {among}")
        if is_listed
        else (True, f"None of 1 package is listed {among}")
    )
    if is_listed:
        assert said(version, "no_listed_vulnerabilities", ignored=["CVE-1"])[0]


def test_without_advisories_or_exact_versions_nothing_passes(
    version: ModelVersion, settings: Any, tmp_path: Path
) -> None:
    sealed(version, requirements="numpy==1\n")
    gate = "no_listed_vulnerabilities"
    settings.MLREGISTRY_ADVISORIES = ""
    assert said(version, gate) == (False, "No advisories are configured on this server (MLREGISTRY_ADVISORIES).")
    for place in (tmp_path, tmp_path / "nowhere.json"):
        settings.MLREGISTRY_ADVISORIES = str(place)
        assert not said(version, gate)[0]
    (tmp_path / "broken.json").write_text('{"id": 1}')
    settings.MLREGISTRY_ADVISORIES = str(tmp_path)
    assert said(version, gate)[1].startswith("broken.json is no advisory in OSV's format")
    (tmp_path / "broken.json").unlink()
    settings.MLREGISTRY_ADVISORIES = str(advisories(tmp_path))
    assert said(version, gate)[0]
    sealed(version, requirements="numpy==1\npandas\n")
    assert said(version, gate) == (False, "What has no exact version cannot be looked up: pandas.")


def test_advisories_are_read_from_zips_and_folders_and_anew_once_they_change(
    version: ModelVersion, settings: Any, tmp_path: Path
) -> None:
    sealed(version, requirements="numpy==1\n")
    settings.MLREGISTRY_ADVISORIES = str(tmp_path)
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("a.json", json.dumps(advisory(1, "numpy", versions=["2"])))
        archive.writestr("withdrawn.json", json.dumps(advisory(2, "numpy", versions=["1"]) | {"withdrawn": "2026"}))
    assert said(version, "no_listed_vulnerabilities")[0]
    (tmp_path / "new.json").write_text(json.dumps({"vulns": [advisory(3, "numpy", versions=["1"])]}))
    assert not said(version, "no_listed_vulnerabilities")[0]


def test_an_sbom_names_what_is_needed(version: ModelVersion) -> None:
    sealed(version)
    assert said(version, "sbom_made") == (False, "No SBOM of this version has been made yet.")
    Sbom.objects.create(version=version, document={}, made_at=NOW)
    assert not said(version, "sbom_made")[0]
    Sbom.objects.update(components_count=12)
    assert said(version, "sbom_made") == (True, "The SBOM names 12 components.")


def test_sections_of_the_card_are_written(ada: User, version: ModelVersion) -> None:
    cards.prefill_card(version=version)
    asked = {"sections": ["owner", "limits"]}
    assert said(version, "model_card_complete", **asked) == (
        False,
        "1 of 2 sections of the model card are written; lacking: Limits.",
    )
    cards.write_card(version=version, sections={"owner": "ada", "limits": "none known"}, by=ada.actor())
    assert said(version, "model_card_complete", **asked)[0]
    assert not said(version, "model_card_complete", prefilled_counts=False, **asked)[0]
    assert not said(version, "model_card_complete")[0]


def test_the_owner_is_a_person(ada: User, version: ModelVersion) -> None:
    assert said(version, "owner_set") == (False, "The model card names no owner.")
    cards.prefill_card(version=version)
    assert said(version, "owner_set") == (True, "The model card names the owner: ada")
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert not said(version, "owner_set")[0]
    cards.write_card(version=version, sections={"owner": "Team Risk"}, by=ada.actor())
    assert said(version, "owner_set")[0]


def test_description_data_set_and_tag(ada: User, run: Run, experiment: Experiment, version: ModelVersion) -> None:
    assert said(version, "description_set") == (False, "The version has no description.")
    assert said(version, "description_set", of="model") == (False, "The model has no description.")
    ModelVersion.objects.update(description="of May")
    assert said(version, "description_set") == (True, "The version has a description of 6 characters.")

    assert said(version, "dataset_recorded") == (False, "The run recorded no data set.")
    taken = Dataset.objects.create(experiment=experiment, name="iris", digest="ab", source_type="local", source="x")
    DatasetInput.objects.create(run=run, dataset=taken)
    assert said(version, "dataset_recorded") == (True, "The run recorded 1 data set: iris (ab).")

    asked = {"key": "checked", "value": "yes"}
    assert said(version, "tag_equals", **asked) == (False, 'The version has no tag checked; "yes" is asked.')
    versions.set_tag(version=version, key="checked", value="Yes", by=ada.actor())
    assert said(version, "tag_equals", **asked) == (False, 'Tag checked of the version is "Yes"; "yes" is asked.')
    versions.set_tag(version=version, key="checked", value="yes", by=ada.actor())
    assert said(version, "tag_equals", **asked)[0]
    assert not said(version, "tag_equals", of="model", **asked)[0]


@pytest.mark.parametrize(
    ("status", "answer", "passed", "sentence"),
    [
        (200, b'{"passed": true, "sentence": "fine by us"}', True, "127.0.0.1 said yes: fine by us"),
        (200, b'{"passed": false, "sentence": "no\\u0000 way"}', False, "127.0.0.1 said no: no\\x00 way"),
        (200, b'{"passed": "true", "sentence": "x"}', False, "127.0.0.1 answered something else than"),
        (200, b'{"passed": true}', False, "127.0.0.1 answered something else than"),
        (200, b"<html>secret</html>", False, "127.0.0.1 answered something else than"),
        (200, b'{"passed": true, "sentence": "' + b"x" * 70_000 + b'"}', False, "127.0.0.1 answered something else"),
        (201, b'{"passed": true, "sentence": "x"}', False, "127.0.0.1 answered 201 (Created)"),
        (302, b"", False, "127.0.0.1 answered 302 (Found)"),
        (500, b"secret", False, "127.0.0.1 answered 500"),
    ],
)
def test_somebody_else_is_asked_and_only_a_clear_yes_passes(  # noqa: PLR0917  cases and fixtures
    status: int,
    answer: bytes,
    passed: bool,
    sentence: str,
    version: ModelVersion,
    settings: Any,
) -> None:
    settings.MLREGISTRY_OUTGOING_ALLOW = ("127.0.0.1",)
    settings.MLREGISTRY_GATE_SECRET = "sixteen letters, or more"
    sealed(version)
    with receiving() as receiver:
        receiver.answer, receiver.body = (lambda _: status), answer
        found = said(version, "external_webhook", url=f"{receiver.address}/judge")
    assert found[0] == passed
    assert found[1].startswith(sentence)
    assert "secret" not in found[1]
    [got] = receiver.got
    assert got.is_signed_with("sixteen letters, or more")
    assert (got.data["name"], got.data["version"], got.data["target"]) == ("classifier", "1", "Production")
    assert got.data["evidence"]["manifest"]["digest"] == "d" * 64


def test_nobody_is_asked_without_a_secret_nor_where_it_is_not_allowed(version: ModelVersion, settings: Any) -> None:
    settings.MLREGISTRY_OUTGOING_ALLOW = ("127.0.0.1",)
    with receiving() as receiver:
        asked = {"url": f"{receiver.address}/judge"}
        terms = read_gate_terms(GateTerms("external_webhook", asked))
        assert "MLREGISTRY_GATE_SECRET" in said(version, "external_webhook", **asked)[1]
        settings.MLREGISTRY_GATE_SECRET = "sixteen letters, or more"
        settings.MLREGISTRY_OUTGOING_ALLOW = ()
        proposal = proposals.set_stage(version, "Production", archive_existing=True)
        found = gate_named("external_webhook").look(Judged(proposal, version), terms)
        assert not found.passed
    assert not receiver.got


def test_what_is_about_no_version_passes_no_gate_on_versions(model: RegisteredModel) -> None:
    proposal = proposals.delete_alias(model, "champion")
    for name in (*FILE_GATES, "owner_set", "dataset_recorded"):
        found = gate_named(name).look(Judged(proposal, None), read_gate_terms(GateTerms(name)))
        assert (found.passed, found.sentence) == (
            False,
            "This is not about a version, so there is nothing to look at.",
        )

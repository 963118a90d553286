"""A version's evidence as a zip, and the program that verifies it where neither our code nor any package is."""

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from apps.accounts.models import User
from apps.audit import triggers
from apps.audit.models import Entry
from apps.audit.verifier import INDEX, Wrong, read_keys, verify_evidence, verify_in_record, zipped
from apps.governance import triggers as governance_triggers
from apps.governance.choices import State
from apps.governance.models import ChangeRequest
from apps.governance.services.evidence import digest_of
from apps.registry.content.manifest import digest_of as digest_of_files
from apps.registry.content.manifest import statement
from apps.registry.models import Content, ModelVersion
from apps.registry.services import versions
from mlregistry import signing

pytestmark = pytest.mark.django_db


@pytest.fixture
def promoted(applied: ChangeRequest, version: ModelVersion) -> ModelVersion:
    """In Production: Bob asked, Rita and Ivan agreed."""
    assert applied.state == State.APPLIED
    return version


@pytest.fixture
def bundle(promoted: ModelVersion, root: User, client: Client) -> bytes:
    client.force_login(root)
    answer = client.get(f"/api/v1/model-versions/{promoted.model.name}/{promoted.version}/evidence")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/zip"
    return answer.content


def keys() -> dict[str, bytes]:
    return read_keys(json.dumps(signing.key_set()).encode())


def members(bundle: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rows(bundle: bytes, name: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in members(bundle)[f"{name}.jsonl"].splitlines()]


def alone(tmp_path: Path, bundle: bytes, *more: str) -> tuple[int, str]:
    """What the program that `audit verifier` prints says of it."""
    folder = tmp_path / "alone"
    folder.mkdir(exist_ok=True)
    with (folder / "verifier.py").open("w", encoding="utf-8") as file:
        call_command("audit", "verifier", stdout=file)
    (folder / "server.keys").write_text(json.dumps(signing.key_set()))
    (folder / "evidence.zip").write_bytes(bundle)
    command = [sys.executable, "-I", "-S", "verifier.py", "server.keys", "evidence.zip", *more]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    return ran.returncode, (ran.stdout + ran.stderr).strip()


def test_the_evidence_of_a_promoted_version_verifies_where_our_code_is_not(
    bundle: bytes, promoted: ModelVersion, tmp_path: Path
) -> None:
    status, said = alone(tmp_path, bundle)
    assert status == 0, said
    assert said.startswith(f"Evidence of {promoted.model.name} version {promoted.version}, 17 files, whole; signed at ")


def test_it_holds_who_agreed_on_what_and_what_the_record_says_of_it(bundle: bytes) -> None:
    (request,) = rows(bundle, "requests")
    assert (request["state"], request["requester"], request["target"]) == ("applied", "bob", "Production")
    assert [(vote["voter"], vote["decision"]) for vote in rows(bundle, "votes")] == [
        ("rita", "approve"),
        ("ivan", "approve"),
    ]
    assert {row["username"] for row in rows(bundle, "exclusions")} == {"root"}
    assert [row["number"] for row in rows(bundle, "policies")] == [1]
    recorded = [row["action"] for row in rows(bundle, "audit")]
    for action in (
        "registry.version.create",
        "governance.request.open",
        "governance.vote.approve",
        "registry.version.set_stage",
    ):
        assert action in recorded
    assert json.loads(members(bundle)["version.json"])["current_stage"] == "Production"
    assert json.loads(members(bundle)["lineage.json"])["nodes"]


def test_a_change_of_any_byte_is_found(bundle: bytes) -> None:
    known, random = keys(), Random(1)
    for at in {*range(60), *range(len(bundle) - 60, len(bundle)), *random.sample(range(len(bundle)), 400)}:
        changed = bytearray(bundle)
        changed[at] ^= 1 << random.randrange(8)
        with pytest.raises(Wrong):
            verify_evidence(bytes(changed), known)


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("votes.jsonl", (b'"voter":"ivan"', b'"voter":"igor"'), "row 2 is not the vote of ivan on change request"),
        ("requests.jsonl", (b'"requester":"bob"', b'"requester":"ann"'), "row 1 is not change request"),
        (
            "exclusions.jsonl",
            (b'"username":"root"', b'"username":"ann"'),
            "is not the exclusion of root on change request",
        ),
        ("policies.jsonl", (b'"Risk":1', b'"Risk":0'), "row 1 is not policy production revision 1"),
        ("audit.jsonl", (b'"username":"ada"', b'"username":"eve"'), "is not entry"),
        ("version.json", (b"Production", b"Prodaction"), "it is not what was signed"),
    ],
)
def test_what_was_changed_is_named(
    bundle: bytes, name: str, change: tuple[bytes, bytes], said: str, tmp_path: Path
) -> None:
    files = members(bundle)
    assert change[0] in files[name]
    files[name] = files[name].replace(*change, 1)
    status, complaint = alone(tmp_path, zipped(files.items()))
    assert status == 1
    assert complaint.startswith(f"{name} was changed: ")
    assert said in complaint


def _without(name: str) -> Callable[[dict[str, bytes]], None]:
    return lambda files: files.__delitem__(name)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_without("votes.jsonl"), "votes.jsonl is missing."),
        (_without(INDEX), f"{INDEX}, the signed index of the evidence, is missing."),
        (lambda files: files.update({"more.json": b"{}"}), "more.json is no part of the evidence"),
        (
            lambda files: files.update({"votes.jsonl": files["votes.jsonl"].splitlines(keepends=True)[0]}),
            "votes.jsonl was changed: row 2, the vote of ivan on change request",
        ),
        (
            lambda files: files.update({INDEX: files[INDEX].replace(b"rita", b"ruta")}),
            f"{INDEX} is not what the server",
        ),
    ],
)
def test_what_is_missing_or_added_is_named(
    bundle: bytes, change: Callable[[dict[str, bytes]], None], said: str
) -> None:
    files = members(bundle)
    change(files)
    with pytest.raises(Wrong, match=f"^{said}"):
        verify_evidence(zipped(files.items()), keys())


def test_its_entries_are_found_in_an_export_made_later(bundle: bytes, tmp_path: Path) -> None:
    whole, early = tmp_path / "audit.jsonl", tmp_path / "early.jsonl"
    call_command("audit", "export", str(whole))
    call_command("audit", "export", str(early), "--to", "3")
    status, said = alone(tmp_path, bundle, "--record", str(whole))
    assert status == 0, said
    assert f"Its {len(rows(bundle, 'audit'))} entries of the record are those of the export: " in said
    status, said = alone(tmp_path, bundle, "--record", str(early))
    assert status == 1
    assert "of the evidence is not in the export, which has 1 to 3." in said


def test_entries_of_another_record_are_not_those_of_the_export(bundle: bytes, tmp_path: Path) -> None:
    whole = tmp_path / "audit.jsonl"
    call_command("audit", "export", str(whole))
    files = members(bundle)
    entry = json.loads(files["audit.jsonl"].splitlines()[0])
    files["audit.jsonl"] = files["audit.jsonl"].replace(entry["hash"].encode(), b"0" * 64)
    with pytest.raises(Wrong, match=f"^Entry {entry['sequence']} of the evidence is not entry"):
        verify_in_record(zipped(files.items()), whole.read_bytes().splitlines(keepends=True), keys())


def test_what_was_applied_on_other_files_is_named(
    promoted: ModelVersion, root: User, client: Client, applied: ChangeRequest
) -> None:
    """As if somebody had put other evidence under the request and its votes, in a database without its triggers."""
    signature, key = signing.sign(statement(promoted, digest_of_files([])))
    Content.objects.filter(version=promoted).update(digest=digest_of_files([]), signature=signature, key_id=key)
    evidence = applied.evidence | {"manifest": {"state": "sealed", "digest": "b" * 64}}
    governance_triggers.remove(connection)
    ChangeRequest.objects.filter(pk=applied.pk).update(evidence=evidence, evidence_digest=digest_of(evidence))
    applied.votes.update(evidence_digest=digest_of(evidence))
    governance_triggers.install(connection)
    client.force_login(root)
    answer = client.get(f"/api/v1/model-versions/{promoted.model.name}/{promoted.version}/evidence")
    with pytest.raises(Wrong, match=f"^Change request {applied.pk} was applied on other files"):
        verify_evidence(answer.content, keys())


def test_another_servers_key_does_not_verify_it(bundle: bytes) -> None:
    with pytest.raises(Wrong, match=r"names the key .* which is none of those given"):
        verify_evidence(bundle, {"another": bytes(32)})


def test_nothing_is_signed_while_the_record_is_not_whole(promoted: ModelVersion, root: User, client: Client) -> None:
    entry = Entry.objects.get(action="registry.version.set_stage")
    triggers.remove(connection)
    Entry.objects.filter(pk=entry.pk).update(username="somebody-else")
    triggers.install(connection)
    client.force_login(root)
    client.raise_request_exception = False
    answer = client.get(f"/api/v1/model-versions/{promoted.model.name}/{promoted.version}/evidence")
    assert answer.status_code == 500
    assert f"Entry {entry.sequence} (registry.version.set_stage) was changed" in answer.content.decode()
    assert not Entry.objects.filter(action="registry.evidence.export").exists()


def test_taking_it_is_recorded_with_its_hash(bundle: bytes, promoted: ModelVersion) -> None:
    entry = Entry.objects.get(action="registry.evidence.export")
    assert (entry.username, entry.target_id, entry.details["size"]) == ("root", str(promoted.pk), len(bundle))


def test_only_who_may_read_the_record_may_have_it(promoted: ModelVersion, bob: User, client: Client) -> None:
    client.force_login(bob)
    answer = client.get(f"/api/v1/model-versions/{promoted.model.name}/{promoted.version}/evidence")
    assert answer.status_code == 403
    assert "only auditors may read" in answer.content.decode()


def test_the_command_writes_the_same_file(promoted: ModelVersion, root: User, tmp_path: Path) -> None:
    path = tmp_path / "evidence.zip"
    call_command("evidence", promoted.model.name, str(promoted.version), "--output", str(path))
    assert verify_evidence(path.read_bytes(), keys()).startswith("Evidence of ")
    with pytest.raises(CommandError, match="There is no administrator bob"):
        call_command("evidence", promoted.model.name, str(promoted.version), "--by", "bob")
    with pytest.raises(CommandError, match="not found"):
        call_command("evidence", promoted.model.name, "99")


def test_a_version_that_nobody_asked_anything_for_has_evidence_too(version: ModelVersion, root: User) -> None:
    versions.set_stage(version=version, stage="Staging", archive_existing=False, by=root.actor())
    client = Client()
    client.force_login(root)
    answer = client.get(f"/api/v1/model-versions/{version.model.name}/{version.version}/evidence")
    assert rows(answer.content, "requests") == []
    assert verify_evidence(answer.content, keys())

"""manage.py audit export, and the program that an auditor verifies it by: run alone, as she would."""

import ast
import json
import subprocess
import sys
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from random import Random
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from pytest_django import Settings

from apps.audit import chain, services, triggers, verifier
from apps.audit.models import GENESIS, Entry
from apps.audit.plain import canonical
from mlregistry import signing
from mlregistry.actor import system

pytestmark = pytest.mark.django_db

Lines = list[bytes]


@pytest.fixture(autouse=True)
def data(settings: Settings, tmp_path: Path) -> None:
    settings.MLREGISTRY_DATA = tmp_path / "data"
    settings.MLREGISTRY_SIGNING_KEY = ""


@pytest.fixture
def ten() -> None:
    record(10)


@pytest.fixture
def lines(ten: None, tmp_path: Path) -> Lines:
    """Ten entries, a checkpoint behind each third: the opening one is line 0, the closing one the last."""
    return exported(tmp_path, "--every", "3").read_bytes().splitlines(keepends=True)


def record(count: int) -> None:
    with transaction.atomic():
        for number in range(count):
            details: dict[str, Any] = {"number": number, "share": number / 3, "of": {"ö": [None, True]}}
            services.record("tests.entry", by=system("Müller\u2028猫\n"), **details)


def exported(tmp_path: Path, *options: str) -> Path:
    call_command("audit", "export", str(tmp_path / "audit.jsonl"), *options, stderr=StringIO())
    return tmp_path / "audit.jsonl"


def key_file(tmp_path: Path, content: str = "") -> Path:
    path = tmp_path / "server.keys"
    path.write_text(content or json.dumps(signing.key_set()))
    return path


def verdict(tmp_path: Path, export: Path, key: Path | None = None) -> tuple[int, str]:
    """What the program that `audit verifier` prints says, run where neither our code nor any package is."""
    program = tmp_path / "alone" / "verify.py"
    program.parent.mkdir(exist_ok=True)
    with program.open("w", encoding="utf-8") as file:
        call_command("audit", "verifier", stdout=file)
    command = [sys.executable, "-I", "-S", str(program), str(key or key_file(tmp_path)), str(export)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=program.parent)
    return ran.returncode, (ran.stdout + ran.stderr).strip()


def complaint(tmp_path: Path, lines: Lines) -> str:
    tampered = tmp_path / "tampered.jsonl"
    tampered.write_bytes(b"".join(lines))
    status, said = verdict(tmp_path, tampered)
    assert status == 1, said
    return said


def place(lines: Lines, sequence: int) -> int:
    """Which line holds the entry of that number."""
    return next(at for at, line in enumerate(lines) if json.loads(line).get("sequence") == sequence)


def checkpoints(lines: Lines) -> list[dict[str, Any]]:
    return [found["checkpoint"] for found in map(json.loads, lines) if "checkpoint" in found]


def rewritten(line: bytes, previous: str = "", **change: object) -> bytes:
    """The entry with other content, and a hash that fits it."""
    entry = json.loads(line) | change
    entry["previous"] = previous or entry["previous"]
    del entry["hash"]
    return canonical(entry | {"hash": verifier.hashlib.sha256(canonical(entry)).hexdigest()}) + b"\n"


def test_a_whole_export_is_verified_by_the_standard_library_alone(lines: Lines, tmp_path: Path) -> None:
    first, last = (json.loads(lines[place(lines, number)])["time"] for number in (1, 10))
    status, said = verdict(tmp_path, tmp_path / "audit.jsonl")
    assert status == 0
    assert said.startswith(f"10 entries, from 1 ({first}) to 10 ({last}), whole; signed at ")
    assert said.endswith(f"by key {next(iter(signing.public_keys()))}.")


def test_checkpoints_stand_where_they_were_asked_for(lines: Lines, tmp_path: Path) -> None:
    found = checkpoints(lines)
    assert [(said["sequence"], said["count"], said["end"]) for said in found] == [
        (0, 0, False), (3, 3, False), (6, 6, False), (9, 9, False), (10, 10, True),
    ]  # fmt: skip
    assert [said["hash"] for said in found] == [GENESIS] + [Entry.objects.get(pk=at).hash for at in (3, 6, 9, 10)]
    usual = exported(tmp_path).read_bytes().splitlines()
    assert [said["count"] for said in checkpoints(usual)] == [0, 10]


def test_a_checkpoint_asked_for_at_the_end_is_the_closing_one(ten: None, tmp_path: Path) -> None:
    found = checkpoints(exported(tmp_path, "--every", "5").read_bytes().splitlines())
    assert [(said["count"], said["end"]) for said in found] == [(0, False), (5, False), (10, True)]
    assert verdict(tmp_path, tmp_path / "audit.jsonl")[0] == 0


def test_the_keys_that_the_server_publishes_verify(lines: Lines, tmp_path: Path, client: Client) -> None:
    published = client.get("/.well-known/mlregistry-keys.json").content.decode()
    assert verdict(tmp_path, tmp_path / "audit.jsonl", key_file(tmp_path, published))[0] == 0


def test_a_key_in_pem_verifies(lines: Lines, tmp_path: Path) -> None:
    public = next(iter(signing.public_keys().values()))
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    assert verdict(tmp_path, tmp_path / "audit.jsonl", key_file(tmp_path, pem))[0] == 0


def test_another_key_does_not_verify(lines: Lines, tmp_path: Path) -> None:
    public = Ed25519PrivateKey.generate().public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    status, said = verdict(tmp_path, tmp_path / "audit.jsonl", key_file(tmp_path, pem))
    assert (status, said.split(" names ")[0]) == (1, "The opening checkpoint")


def test_what_cannot_be_read_is_not_called_wrong(lines: Lines, tmp_path: Path) -> None:
    status, said = verdict(tmp_path, tmp_path / "absent")
    assert (status, said.split(":")[0]) == (2, "Nothing was verified")
    for content in ("no key", '{"keys": []}', "{}", "[", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"):
        status, said = verdict(tmp_path, tmp_path / "audit.jsonl", key_file(tmp_path, content))
        assert (status, said.split(":")[0]) == (2, "Nothing was verified")


CHANGES: dict[str, object] = {
    "time": "2020-01-01T00:00:00.000000+00:00",
    "action": "tests.other",
    "actor": {"username": "mallory"},
    "target": {"type": "", "id": "9", "name": ""},
    "details": {"number": 4},
    "previous": GENESIS,
    "hash": GENESIS,
    "more": "than was written",
}


@pytest.mark.parametrize("field", CHANGES)
def test_a_changed_entry_is_named(lines: Lines, tmp_path: Path, field: str) -> None:
    at = place(lines, 5)
    lines[at] = canonical(json.loads(lines[at]) | {field: CHANGES[field]}) + b"\n"
    assert complaint(tmp_path, lines) == "Entry 5 was changed: its content has another hash."


def test_a_changed_entry_with_its_hash_made_anew_shows_in_the_next(lines: Lines, tmp_path: Path) -> None:
    at = place(lines, 5)
    lines[at] = rewritten(lines[at], action="tests.other")
    assert complaint(tmp_path, lines).startswith("Entry 6 does not follow entry 5")


@pytest.mark.parametrize(("forged", "said"), [(5, "Entry 4, or one after it up to 6,"), (10, "Entry 10, or one after")])
def test_a_chain_made_anew_contradicts_the_next_checkpoint(
    lines: Lines, tmp_path: Path, forged: int, said: str
) -> None:
    previous = ""
    for sequence in range(forged, 11):
        at = place(lines, sequence)
        lines[at] = rewritten(lines[at], previous, action="tests.forged")
        previous = json.loads(lines[at])["hash"]
    assert complaint(tmp_path, lines).startswith(said)


@pytest.mark.parametrize("sequence", [1, 3, 4, 5, 10])
def test_a_missing_entry_is_named(lines: Lines, tmp_path: Path, sequence: int) -> None:
    del lines[place(lines, sequence)]
    assert complaint(tmp_path, lines).startswith(f"Entry {sequence} is missing: ")


@pytest.mark.parametrize(("one", "other"), [(5, 6), (2, 8), (1, 10)])
def test_reordered_entries_are_named(lines: Lines, tmp_path: Path, one: int, other: int) -> None:
    here, there = place(lines, one), place(lines, other)
    lines[here], lines[there] = lines[there], lines[here]
    said = complaint(tmp_path, lines)
    assert said == f"Entry {one} is not where it belongs: entry {other} stands in its place."


def test_an_entry_that_stands_twice_is_named(lines: Lines, tmp_path: Path) -> None:
    lines.insert(place(lines, 5), lines[place(lines, 5)])
    assert complaint(tmp_path, lines) == "Entry 6 is not where it belongs: entry 5 stands in its place."


def test_an_export_cut_off_anywhere_is_not_whole(lines: Lines, tmp_path: Path) -> None:
    assert complaint(tmp_path, []) == "The opening checkpoint is missing."
    keys = verifier.read_keys(json.dumps(signing.key_set()).encode())
    left = 0
    for cut in range(1, len(lines)):
        left += "checkpoint" not in json.loads(lines[cut - 1])
        with pytest.raises(verifier.Wrong, match=f"^Entry {left + 1} or the closing checkpoint is missing"):
            verifier.verify(lines[:cut], keys)
    assert left == 10
    assert complaint(tmp_path, lines[:-1]).startswith("Entry 11 or the closing checkpoint is missing")


def test_a_line_cut_off_in_its_middle_is_not_whole(lines: Lines, tmp_path: Path) -> None:
    assert complaint(tmp_path, [*lines[:6], lines[6][:-20]]).startswith("Entry 5, or a checkpoint in its place,")
    assert complaint(tmp_path, [*lines[:-1], lines[-1][:-1]]).startswith("Entry 11, or a checkpoint in its place,")


def test_an_export_without_its_beginning_is_not_whole(lines: Lines, tmp_path: Path) -> None:
    assert complaint(tmp_path, lines[1:]) == "The opening checkpoint is missing."
    said = "The export does not begin with its opening checkpoint: its first entries are missing."
    assert complaint(tmp_path, lines[4:]) == said


def test_a_later_export_cannot_lend_its_beginning(lines: Lines, tmp_path: Path) -> None:
    later = exported(tmp_path, "--from", "4", "--every", "3").read_bytes().splitlines(keepends=True)
    said = complaint(tmp_path, [later[0], *lines[5:]])
    assert said == "The checkpoint behind entry 6 belongs behind entry 6, or to another export."


def test_a_checkpoint_that_was_changed_or_moved_is_found(lines: Lines, tmp_path: Path) -> None:
    early = lines[4].replace(b'"end":false', b'"end":true')
    assert complaint(tmp_path, [*lines[:4], early]) == "The checkpoint behind entry 3 is not what the server signed."
    moved = [*lines[:6], lines[4], *lines[6:]]
    assert complaint(tmp_path, moved) == "The checkpoint behind entry 4 belongs behind entry 3, or to another export."


def test_nothing_else_that_the_server_signed_passes_for_a_checkpoint(lines: Lines, tmp_path: Path) -> None:
    said = checkpoints(lines)[-1] | {"purpose": "another"}
    signature, key = signing.sign(canonical(said))
    lines[-1] = canonical({"checkpoint": said, "key": key, "signature": signature}) + b"\n"
    assert complaint(tmp_path, lines) == "The checkpoint behind entry 10 is not what the server signed."


def test_nothing_may_stand_behind_the_end(lines: Lines, tmp_path: Path) -> None:
    assert complaint(tmp_path, [*lines, lines[-1]]).startswith("Something stands behind the closing checkpoint")


def test_an_entry_is_written_in_one_way(lines: Lines, tmp_path: Path) -> None:
    at = place(lines, 5)
    for other in (b'{"action":"tests.innocent",' + lines[at][1:], lines[at].replace(b":", b": ", 1), b"[" * 99_999):
        said = complaint(tmp_path, [*lines[:at], other, *lines[at + 1 :]])
        assert said == "Entry 5, or a checkpoint in its place, is not written as the server writes it."


def test_no_byte_can_be_another(lines: Lines) -> None:
    keys = verifier.read_keys(json.dumps(signing.key_set()).encode())
    whole, random = b"".join(lines), Random(7)
    assert verifier.verify(lines, keys).startswith("10 entries")
    for at in random.sample(range(len(whole)), 150):
        changed = bytearray(whole)
        changed[at] ^= 1 << random.randrange(8)
        with pytest.raises(verifier.Wrong):
            verifier.verify(bytes(changed).splitlines(keepends=True), keys)


def test_a_range_of_entries_is_exported_and_verified(ten: None, tmp_path: Path) -> None:
    status, said = verdict(tmp_path, exported(tmp_path, "--from", "4", "--to", "7", "--every", "2"))
    assert status == 0
    assert said.startswith("4 entries, from 4 (")
    assert ") to 7 (" in said


def test_days_choose_a_range_without_gaps(tmp_path: Path) -> None:
    days = {1: 1, 2: 2, 3: 9, 4: 2, 5: 3, 6: 4}  # a clock was wrong at entry 3
    with transaction.atomic(), pytest.MonkeyPatch.context() as patch:
        for day in days.values():
            patch.setattr(services.timezone, "now", lambda day=day: datetime(2026, 3, day, 23, 59, 59, tzinfo=UTC))
            services.record("tests.day", by=system("tests"))
    assert verdict(tmp_path, exported(tmp_path, "--since", "2026-03-02", "--until", "2026-03-03"))[1].startswith(
        "4 entries, from 2 (2026-03-02"
    )
    assert verdict(tmp_path, exported(tmp_path, "--until", "2026-03-01"))[1].startswith("1 entries, from 1 (")
    assert verdict(tmp_path, exported(tmp_path, "--since", "2026-03-04"))[1].startswith("4 entries, from 3 (")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--from", "11"], "There is no entry in that range."),
        (["--from", str(2**70)], "There is no entry in that range."),
        (["--from", "5", "--to", "4"], "There is no entry in that range."),
        (["--until", "2001-01-01"], "There is no entry in that range."),
        (["--since", "2999-01-01"], "There is no entry in that range."),
        (["--since", "March"], "'March' is no day: write 2026-03-31."),
        (["--every", "0"], "'0' is no number from 1 on"),
        (["--from", "1", "--since", "2026-01-01"], "not allowed with argument --from"),
    ],
)
def test_a_range_that_is_none_is_refused(ten: None, tmp_path: Path, options: list[str], said: str) -> None:
    with pytest.raises(CommandError, match=said.replace(".", r"\.")):
        exported(tmp_path, *options)
    assert not (tmp_path / "audit.jsonl").exists()


def test_without_a_file_the_export_goes_to_standard_output(
    ten: None, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    call_command("audit", "export")
    export = tmp_path / "out"
    export.write_bytes(capsysbinary.readouterr().out)
    assert verdict(tmp_path, export)[0] == 0


def test_a_chain_that_is_wrong_is_not_signed(ten: None, tmp_path: Path) -> None:
    triggers.remove(connection)
    (tmp_path / "audit.jsonl").write_text("of yesterday")
    Entry.objects.filter(sequence=10).delete()
    with pytest.raises(CommandError, match=r"Entry 10 is missing: the chain ends at 9, its head counts 10\."):
        exported(tmp_path)
    Entry.objects.filter(sequence=1).delete()
    with pytest.raises(CommandError, match=r"Entry 1 is missing\."):
        exported(tmp_path, "--from", "2")
    Entry.objects.filter(sequence=5).update(username="mallory")
    with pytest.raises(CommandError, match=r"Entry 5 \(tests\.entry\) was changed"):
        exported(tmp_path, "--from", "3", "--to", "7", "--every", "1")
    assert (tmp_path / "audit.jsonl").read_text() == "of yesterday"
    assert not list(tmp_path.glob("*.part"))
    triggers.install(connection)


def test_a_file_that_cannot_be_written_is_told(ten: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"Cannot write .*: No such file or directory"):
        call_command("audit", "export", str(tmp_path / "absent" / "audit.jsonl"))


def test_an_export_is_read_in_stretches_and_not_at_once(
    ten: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain, "STRETCH", 3)
    assert verdict(tmp_path, exported(tmp_path))[1].startswith("10 entries")


def test_the_curve_agrees_with_the_library() -> None:
    random = Random(8032)
    for length in (0, 1, 31, 64, 300):
        key, message = Ed25519PrivateKey.from_private_bytes(random.randbytes(32)), random.randbytes(length)
        public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        signature = key.sign(message)
        assert verifier.ed25519_verifies(public, message, signature)
        assert not verifier.ed25519_verifies(public, message + b"x", signature)
        assert not verifier.ed25519_verifies(public, message, signature + b"x")
        for at in range(0, 64, 7):
            flipped = bytearray(signature)
            flipped[at] ^= 1 << random.randrange(8)
            assert not verifier.ed25519_verifies(public, message, bytes(flipped))
        scalar = int.from_bytes(signature[32:], "little") + verifier.ORDER
        assert not verifier.ed25519_verifies(public, message, signature[:32] + scalar.to_bytes(32, "little"))


def test_the_program_names_keys_as_the_server_does() -> None:
    for name, key in signing.public_keys().items():
        assert verifier.key_name(key.public_bytes(Encoding.Raw, PublicFormat.Raw)) == name


def test_the_program_is_written_in_what_python_3_8_knows() -> None:
    source = Path(verifier.__file__).read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 8))

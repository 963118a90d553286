"""Verifies what this server has signed, without the server: python3 -I verifier.py KEY FILE [--record EXPORT].

KEY is the server's public key: a PEM file, or what the server publishes at /.well-known/mlregistry-keys.json, fetched
by whoever verifies and not handed over together with the file. FILE is an export of the audit record (`manage.py audit
export`), or - for one on standard input, or the evidence of a version (`manage.py evidence`), which is a zip.
With --record, the entries in that evidence are looked up in an export, which is verified with it.
Exits with 0 if the file is whole, with 1 if it is not, and with 2 if it could not be read.

This file needs Python 3.8 and nothing else, so that it can be read in full before it is trusted.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import io
import json
import sys
import zipfile
from typing import Any, BinaryIO, Iterable, Iterator, Tuple  # noqa: UP035  as Python 3.8 knows them

GENESIS = "0" * 64
PURPOSE = "mlregistry audit checkpoint"
"""In every signed statement, so that nothing else that the server's key signs can pass for a checkpoint."""


class Wrong(Exception):
    """The file is not what was signed; the message names the first entry or row that is wrong."""


# Exports of the audit record.


def verify(lines: Iterable[bytes], keys: dict[str, bytes], wanted: dict[int, str] | None = None) -> str:
    """Read an export to its end, or raise `Wrong`; what it holds, in a sentence. `keys` are public keys by name.

    `wanted` are entries that it has to hold: their hashes, by number.
    """
    missing = dict(wanted or {})
    rest = iter(lines)
    said = _checkpoint(_read(next(rest, b""), "The opening checkpoint"), keys, "The opening checkpoint")
    if said["count"] != 0 or said["end"] or (said["sequence"] == 0 and said["hash"] != GENESIS):
        raise Wrong("The export does not begin with its opening checkpoint: its first entries are missing.")
    start = at = signed = said["sequence"]
    previous = said["hash"]
    times: list[Any] = []
    for line in rest:
        found = _read(line, f"Entry {at + 1}, or a checkpoint in its place,")
        if "checkpoint" not in found:
            _check_entry(found, previous, at, rest)
            at, previous = found["sequence"], found["hash"]
            if missing.pop(at, previous) != previous:
                raise Wrong(f"Entry {at} of the evidence is not entry {at} of the export.")
            times = [*times[:1], found.get("time")]
            continue
        said = _checkpoint(found, keys, f"The checkpoint behind entry {at}")
        _check_checkpoint(said, at, at - start, previous, signed)
        signed = at
        if said["end"]:
            if next(rest, None) is not None:
                raise Wrong(f"Something stands behind the closing checkpoint, which was signed behind entry {at}.")
            if missing:
                raise Wrong(
                    f"Entry {min(missing)} of the evidence is not in the export, which has {start + 1} to {at}."
                )
            return (
                f"{at - start} entries, from {start + 1} ({times[0]}) to {at} ({times[-1]}), whole; "
                f"signed at {said['time']} by key {found['key']}."
            )
    raise Wrong(f"Entry {at + 1} or the closing checkpoint is missing: the export was cut off behind entry {at}.")


def _check_entry(entry: dict[str, Any], previous: str, last: int, rest: Iterator[bytes]) -> None:
    """Whether `entry` is what was written, right behind entry `last`, whose hash is `previous`."""
    number = entry.get("sequence")
    if number != last + 1:
        later = any(b'"sequence":%d,"target":' % (last + 1) in line for line in rest)
        what = "not where it belongs" if later else "missing"
        raise Wrong(f"Entry {last + 1} is {what}: entry {number} stands in its place.")
    _check_hash(entry)
    if entry.get("previous") != previous:
        raise Wrong(f"Entry {number} does not follow entry {last}: one of them was written anew.")


def _check_hash(entry: dict[str, Any]) -> None:
    content = {name: value for name, value in entry.items() if name != "hash"}
    if entry.get("hash") != _sha256(_canonical(content)):
        raise Wrong(f"Entry {entry.get('sequence')} was changed: its content has another hash.")


def _check_checkpoint(said: dict[str, Any], at: int, count: int, previous: str, signed: int) -> None:
    """Whether what was signed is what led here: `count` entries up to entry `at`, whose hash is `previous`."""
    if said["sequence"] > at:
        raise Wrong(f"Entry {at + 1} is missing: the next checkpoint was signed behind entry {said['sequence']}.")
    if said["sequence"] < at or said["count"] != count:
        raise Wrong(f"The checkpoint behind entry {at} belongs behind entry {said['sequence']}, or to another export.")
    if said["hash"] != previous:
        raise Wrong(f"Entry {signed + 1}, or one after it up to {at}, was written anew: another hash was signed.")


def _checkpoint(found: dict[str, Any], keys: dict[str, bytes], name: str) -> dict[str, Any]:
    """What the checkpoint says, once its signature is verified."""
    return _signed(found, "checkpoint", PURPOSE, keys, name)


# The evidence of a version: a zip of JSON, whose first member is the signed index of the others.

INDEX = "index.json"
EVIDENCE = "mlregistry version evidence 1"
"""The purpose of its index."""
CONTENT = "mlregistry version content 1"
"""The purpose of the statement that was signed when the version was registered."""
RECORD = "audit.jsonl"
Member = Tuple[str, bytes]  # noqa: UP006  as Python 3.8 writes it


def zipped(members: Iterable[Member]) -> bytes:
    """The zip of these members; of the same ones always the same bytes, so that each byte of it can be held to them."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in members:
            member = zipfile.ZipInfo(name)  # of 1980, which is what a zip says for no time
            member.create_system, member.external_attr = 3, 0o644 << 16
            archive.writestr(member, content)
    return made.getvalue()


def verify_evidence(content: bytes, keys: dict[str, bytes]) -> str:
    """Hold all of a version's evidence against its signed index, or raise `Wrong`; what it is, in a sentence."""
    members = _members(content)
    files = dict(members)
    line = files[INDEX] + b"\n" if INDEX in files else b""
    found = _read(line, f"{INDEX}, the signed index of the evidence,")
    index = _signed(found, "index", EVIDENCE, keys, INDEX)
    for name in sorted({*files, *index["files"]} - {INDEX}):
        _check_member(name, files.get(name), index["files"].get(name))
    _check_bytes(content, members)
    _check_record(_rows(files[RECORD]), index["record"])
    digest = _check_manifest(files, keys)
    _check_requests({name: _rows(files[f"{name}.jsonl"]) for name in ("requests", "votes", "exclusions")}, digest)
    return (
        f"Evidence of {index['model']} version {index['version']}, {len(members)} files, whole; "
        f"signed at {index['time']} by key {found['key']}."
    )


def verify_in_record(content: bytes, lines: Iterable[bytes], keys: dict[str, bytes]) -> str:
    """Find what verified evidence holds of the record in an export, or raise `Wrong`; what that is, in a sentence."""
    files = dict(_members(content))
    end = json.loads(files[INDEX])["index"]["record"]
    wanted = {entry["sequence"]: entry["hash"] for entry in _rows(files[RECORD])}
    said = verify(lines, keys, wanted | {end["count"]: end["hash"]} if end["count"] else wanted)
    return f"Its {len(wanted)} entries of the record are those of the export: {said}"


def _members(content: bytes) -> list[Member]:
    """What the zip holds, read from its bytes and not by its checksums: a change is to be named by the row it is in."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            listed = archive.infolist()
        found = []
        for member in listed:
            head = member.header_offset + 30
            start = head + sum(int.from_bytes(content[head - at : head - at + 2], "little") for at in (4, 2))
            found.append((member.filename, content[start : start + member.file_size]))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError) as error:
        raise Wrong(f"The table of contents of the zip was changed: {error}") from None
    if len(dict(found)) != len(found):
        raise Wrong("The table of contents of the zip names a file twice.")
    return found


def _check_member(name: str, content: bytes | None, told: dict[str, Any] | None) -> None:
    """Whether a file is the one that the index tells of; where it is made of rows, which of them is not."""
    if told is None:
        raise Wrong(f"{name} is no part of the evidence: the index does not name it.")
    if content is None:
        raise Wrong(f"{name} is missing.")
    if _sha256(content) == told["sha256"]:
        return
    lines = content.splitlines(keepends=True)
    for number, row in enumerate(told.get("rows", []), 1):
        if number > len(lines):
            raise Wrong(f"{name} was changed: row {number}, {row['name']}, is missing.")
        if _sha256(lines[number - 1]) != row["sha256"]:
            raise Wrong(f"{name} was changed: row {number} is not {row['name']} as it was signed.")
    raise Wrong(f"{name} was changed: it is not what was signed.")


def _check_bytes(content: bytes, members: list[Member]) -> None:
    """Whether the zip around the files, too, is as the server made it."""
    made = zipped(members)
    if content != made:
        pairs = enumerate(zip(content, made))  # noqa: B905  Python 3.8 knows no strict=
        at = next((at for at, (one, other) in pairs if one != other), min(len(content), len(made)))
        raise Wrong(f"The zip was changed around its files, at byte {at}.")


def _check_record(entries: list[dict[str, Any]], end: dict[str, Any]) -> None:
    """Whether the entries are what was recorded: each by its hash, and neighbours by the hash of the one before."""
    last: dict[str, Any] = {"sequence": 0, "hash": GENESIS}
    for entry in entries:
        _check_hash(entry)
        if entry["sequence"] <= last["sequence"] or entry["sequence"] > end["count"]:
            raise Wrong(f"Entry {entry['sequence']} does not stand where it belongs in the record.")
        if entry["sequence"] == last["sequence"] + 1 and entry["previous"] != last["hash"]:
            raise Wrong(f"Entry {entry['sequence']} does not follow entry {last['sequence']}.")
        last = entry
    if last["sequence"] == end["count"] and last["hash"] != end["hash"]:
        raise Wrong(f"Entry {last['sequence']} is not the one that the record ended with.")


def _check_manifest(files: dict[str, bytes], keys: dict[str, bytes]) -> str:
    """Whether the list of the version's files is the one that was signed when it was registered; its digest."""
    sealed = json.loads(files["content.json"])
    if not sealed["signature"]:
        return ""  # a version without files, or with files that were never read: content.json says so
    said = _signed(sealed, "statement", CONTENT, keys, "The statement of content.json")
    listed = [{name: row[name] for name in ("path", "size", "sha256")} for row in _rows(files["files.jsonl"])]
    if _sha256(_canonical(listed)) != said["digest"]:
        raise Wrong("files.jsonl is not the manifest that was signed when the version was registered.")
    return str(said["digest"])


def _check_requests(rows: dict[str, Any], digest: str) -> None:
    """Whether what was applied had its approvals: by different people, none excluded, on exactly that evidence.

    `digest` is that of the version's files: what was applied was judged on these.
    """
    for request in rows["requests"]:
        name = f"Change request {request['id']}"
        if request["evidence_digest"] and _sha256(_canonical(request["evidence"])) != request["evidence_digest"]:
            raise Wrong(f"{name} was not judged on the evidence that it holds.")
        judged = (request["evidence"].get("manifest") or {}).get("digest")
        if request["state"] == "applied" and digest and judged and judged != digest:
            raise Wrong(f"{name} was applied on other files than content.json was signed for.")
        cast = [vote for vote in rows["votes"] if vote["request"] == request["id"]]
        excluded = {each["username"] for each in rows["exclusions"] if each["request"] == request["id"]}
        for vote in cast:
            if vote["evidence_digest"] != request["evidence_digest"]:
                raise Wrong(f"The vote of {vote['voter']} on change request {request['id']} was on other evidence.")
            if vote["voter"] in {*excluded, request["requester"]}:
                raise Wrong(f"{vote['voter']} was not to vote on change request {request['id']}.")
        approved = {vote["voter"] for vote in cast if vote["decision"] == "approve"}
        is_by_votes = request["state"] == "applied" and request["kind"] == "change"
        if is_by_votes and len(approved) < request["approvals_needed"]:
            raise Wrong(f"{name} was applied with {len(approved)} of {request['approvals_needed']} approvals.")


def _rows(content: bytes) -> list[Any]:
    return [json.loads(line) for line in content.splitlines()]


# Signed statements.


def _signed(found: dict[str, Any], what: str, purpose: str, keys: dict[str, bytes], name: str) -> dict[str, Any]:
    """What `found` says under `what`, once its signature is verified."""
    said, key, signature = found.get(what), found.get("key"), found.get("signature")
    if not isinstance(said, dict) or not isinstance(key, str) or not isinstance(signature, str):
        raise Wrong(f"{name} is missing.")
    if key not in keys:
        raise Wrong(f"{name} names the key {key}, which is none of those given.")
    try:
        decoded = base64.b64decode(signature, validate=True)
        one_way = base64.b64encode(decoded).decode() == signature
        signed = one_way and ed25519_verifies(keys[key], _canonical(said), decoded)
    except ValueError:
        signed = False
    if not signed or said.get("purpose") != purpose:
        raise Wrong(f"{name} is not what the server signed.")
    return said


def _read(line: bytes, name: str) -> dict[str, Any]:
    """What the line says, if it is written as the server writes it: one way for each value, nothing said twice."""
    try:
        found = json.loads(line)
        if isinstance(found, dict) and _canonical(found) + b"\n" == line:
            return found
    except (ValueError, RecursionError):
        pass
    raise Wrong(f"{name} is missing." if not line else f"{name} is not written as the server writes it.")


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


# Public keys.

DER = bytes.fromhex("302a300506032b6570032100")
"""What comes before the 32 bytes of an Ed25519 key in a PEM file (RFC 8410)."""


def read_keys(content: bytes) -> dict[str, bytes]:
    """The Ed25519 keys of a PEM file or a JSON Web Key Set, by their names (RFC 7638)."""
    if content.lstrip().startswith(b"{"):
        given = [_from_base64url(key["x"]) for key in json.loads(content)["keys"] if key.get("crv") == "Ed25519"]
    else:
        blocks = content.split(b"-----BEGIN PUBLIC KEY-----")[1:]
        whole = [base64.b64decode(block.split(b"-----END")[0]) for block in blocks]
        given = [der[len(DER) :] for der in whole if der.startswith(DER)]
    if not given or any(len(key) != 32 for key in given):  # noqa: PLR2004  bytes of a key
        raise ValueError("it holds no Ed25519 public key")
    return {key_name(key): key for key in given}


def key_name(key: bytes) -> str:
    described = {"crv": "Ed25519", "kty": "OKP", "x": _base64url(key)}
    return _base64url(hashlib.sha256(_canonical(described)).digest())


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _from_base64url(written: str) -> bytes:
    return base64.urlsafe_b64decode(written + "=" * (-len(written) % 4))


# Ed25519 (RFC 8032), verifying alone. Points are (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z.

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
Point = Tuple[int, int, int, int]  # noqa: UP006  as Python 3.8 writes it


def ed25519_verifies(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the holder of the public key signed exactly this message."""
    public, scalar = _decoded(key), int.from_bytes(signature[32:], "little")
    if public is None or len(signature) != 64 or scalar >= ORDER:  # noqa: PLR2004  bytes of a signature
        return False
    digest = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % ORDER
    x, y, z, t = public
    return _encoded(_plus(_times(scalar, BASE), _times(digest, (-x % P, y, z, -t % P)))) == signature[:32]


def _plus(one: Point, other: Point) -> Point:
    a = (one[1] - one[0]) * (other[1] - other[0]) % P
    b = (one[1] + one[0]) * (other[1] + other[0]) % P
    c = 2 * one[3] * other[3] * D % P
    d = 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def _times(scalar: int, point: Point) -> Point:
    total: Point = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            total = _plus(total, point)
        point = _plus(point, point)
        scalar >>= 1
    return total


def _decoded(written: bytes) -> Point | None:
    """The point of that encoding, if there is one."""
    number = int.from_bytes(written, "little")
    y, odd = number & (2**255 - 1), number >> 255
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or x * x % P != square or (x == 0 and odd):
        return None
    x = P - x if x & 1 != odd else x
    return (x, y, 1, x * y % P)


def _encoded(point: Point) -> bytes:
    inverse = pow(point[2], -1, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE: Any = _decoded((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def main() -> int:
    parser = argparse.ArgumentParser(description="Verify an export of the audit record, or the evidence of a version.")
    parser.add_argument("key", help="the server's public key, PEM or JSON Web Key Set")
    parser.add_argument("file", help="the export or the evidence, or - for an export on standard input")
    parser.add_argument("--record", metavar="EXPORT", help="with evidence: an export that its entries have to be in")
    given = parser.parse_args()
    try:
        with open(given.key, "rb") as file:  # noqa: PTH123  a path as it was typed
            keys = read_keys(file.read())
        with _opened(given.file) as file:
            is_zip = file is not sys.stdin.buffer and file.read(2) == b"PK"
            if file is not sys.stdin.buffer:
                file.seek(0)
            said = _evidence(file.read(), given.record, keys) if is_zip else verify(file, keys)
    except Wrong as wrong:
        sys.stderr.write(f"{wrong}\n")
        return 1
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        sys.stderr.write(f"Nothing was verified: {error}\n")
        return 2
    sys.stdout.write(f"{said}\n")
    return 0


def _evidence(content: bytes, record: str | None, keys: dict[str, bytes]) -> str:
    said = verify_evidence(content, keys)
    if record is None:
        return said
    with open(record, "rb") as lines:  # noqa: PTH123  a path as it was typed
        return f"{said}\n{verify_in_record(content, lines, keys)}"


def _opened(name: str) -> BinaryIO:
    return sys.stdin.buffer if name == "-" else open(name, "rb")  # noqa: PTH123  closed by whoever asked


if __name__ == "__main__":
    sys.exit(main())

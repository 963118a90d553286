"""Looking through the files of a model version for what should not be in a model, without running any of it."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from apps.registry.choices import Verdict
from apps.registry.content.files import VersionFile, VersionFiles
from apps.registry.content.scanning import archives, arrays, compressed, executables, keras, pickles, secrets, skops
from apps.registry.content.scanning.allowed import Allowed
from apps.registry.content.scanning.findings import Finding, Findings, LimitReached, Unreadable
from apps.registry.content.scanning.pieces import Budget, Examination, Piece
from mlregistry.errors import RegistryError

SCANNER = "mlregistry-scan 1"
"""Which rules were applied: the number rises whenever they change what is found."""
_LOOKED_AT = 4096

Rule = Callable[[Piece, Examination], None]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Report:
    """What a scan came to. Each finding has path, kind, severity and detail; the path of a member names its archives:
    `model.zip!/inner.tar!/evil.pkl`."""

    verdict: Verdict
    findings: list[Finding]
    files_count: int
    scanner: str = SCANNER


def scan(files: VersionFiles, flavors: Iterable[str]) -> Report:
    """Look into every file, and say what was found. Raises nothing: what goes wrong is a finding as well.

    `flavors` are those that MLmodel names. They decide what pickles may import.
    """
    examination, count = Examination(Allowed(flavors), Findings(), Budget(), _examine), 0
    findings = examination.findings
    try:
        for file in files:
            count += 1
            _scan_file(files, file, examination)
    except Exception as error:  # noqa: BLE001  a listing that fails makes a scan that failed
        findings.add_unreadable("", _told(error))
    if count == 0:
        findings.add_unreadable("", "There are no files.")
    return Report(findings.verdict(), findings.kept, count)


def _scan_file(files: VersionFiles, file: VersionFile, examination: Examination) -> None:
    examination.budget.add_file(file.size)
    try:
        with files.stream(file.path) as stream:
            _examine(Piece(file.path, stream, file.size), examination)
    except Exception as error:  # noqa: BLE001  the next file is looked into all the same
        examination.findings.add_unreadable(file.path, _told(error))


def _examine(piece: Piece, examination: Examination) -> None:
    """Look into a piece as everything that it can be taken for: loaders go by content, and a file may be two things."""
    for rule in _rules_for(piece, piece.start(_LOOKED_AT)):
        try:
            rule(piece, examination)
        except LimitReached:
            raise
        except Exception as error:  # noqa: BLE001  hostile files make parsers raise anything; the other rules still hold
            examination.findings.add_unreadable(piece.path, _told(error))


def _rules_for(piece: Piece, start: bytes) -> list[Rule]:
    make = compressed.decompressor(start)
    is_tar = archives.is_tar(start)
    is_zip = archives.begins_a_zip(start) or (not is_tar and archives.ends_as_zip(piece))
    called_pickle = piece.name.lower().endswith(pickles.EXTENSIONS) and not (make or is_zip or is_tar)
    claimed = called_pickle or pickles.begins_a_pickle(start)
    rules: list[Rule] = [
        executables.examine_program,
        compressed.refuse_unknown,
        partial(pickles.examine_pickles, claimed=claimed),
        secrets.examine_text,
    ]
    if make is not None:
        rules.append(partial(compressed.examine_compressed, make=make))
    if is_zip:
        rules.append(archives.examine_zip)
    if is_tar:
        rules.append(archives.examine_tar)
    if start.startswith(arrays.MAGIC):
        rules.append(arrays.examine_array)
    if start.startswith(keras.HDF5) or (piece.depth and piece.name == keras.CONFIG):
        rules.append(keras.examine_keras)
    if piece.depth and piece.name == skops.SCHEMA:
        rules.append(skops.examine_schema)
    return rules


def _told(error: Exception) -> str:
    """Why something was not read to its end. What nobody foresaw is for the operator to look at."""
    if isinstance(error, Unreadable):
        return str(error)
    if isinstance(error, RegistryError):
        return error.message
    _log.warning("A file could not be scanned.", exc_info=error)
    return f"It could not be read to its end: {type(error).__name__}."

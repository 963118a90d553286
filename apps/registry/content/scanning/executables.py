"""Programs: what a machine, a virtual machine or an interpreter runs."""

from apps.registry.content.scanning.findings import Remark, Severity
from apps.registry.content.scanning.pieces import Examination, Piece

CODE = "code"
PROGRAMS = {
    b"\x7fELF": "a program or library for Linux",
    b"\xfe\xed\xfa\xce": "a program or library for macOS",
    b"\xfe\xed\xfa\xcf": "a program or library for macOS",
    b"\xce\xfa\xed\xfe": "a program or library for macOS",
    b"\xcf\xfa\xed\xfe": "a program or library for macOS",
    b"\xca\xfe\xba\xbe": "a program for macOS, or a class of Java",
    b"\0asm": "a WebAssembly module",
    b"dex\n": "a program for Android",
}
_END_OF_PYTHON_MAGIC = b"\r\n"
_FLAGS_OF_BYTECODE = (b"\0\0\0\0", b"\1\0\0\0", b"\3\0\0\0")
_LOOKED_AT = 256
_SOURCES = (".py", ".pyw")


def examine_program(piece: Piece, examination: Examination) -> None:
    remark = _remark(piece.name.lower(), piece.start(_LOOKED_AT))
    if remark is not None:
        examination.findings.add(piece.path, remark)


def _remark(name: str, start: bytes) -> Remark | None:
    for magic, what in PROGRAMS.items():
        if start.startswith(magic):
            return Remark("executable", Severity.WARNING, f"It is {what}.")
    if start.startswith(b"MZ") and b"\0" in start:
        return Remark("executable", Severity.WARNING, "It is a program or library for Windows.")
    if name.endswith(_SOURCES):
        return Remark(CODE, Severity.INFO, "It is Python source, which runs if the model imports it.")
    if start.startswith(b"#!"):
        return Remark("executable", Severity.WARNING, "It is a script.")
    if name.endswith(".pyc") or (start[2:4] == _END_OF_PYTHON_MAGIC and start[4:8] in _FLAGS_OF_BYTECODE):
        return Remark(
            CODE, Severity.WARNING, "It is compiled Python, which nobody can read, and which runs if imported."
        )
    return None

"""Files that are pickles, and what unpickling others would do before it fails."""

from contextlib import suppress

from apps.registry.content.scanning.findings import Remark
from apps.registry.content.scanning.instances import RawArray
from apps.registry.content.scanning.machine import Machine
from apps.registry.content.scanning.opcodes import follow
from apps.registry.content.scanning.pieces import Examination, Piece
from apps.registry.content.scanning.tape import Malformed, Tape

STEPS_TO_BEGIN = 1_000
TORCH_MAGIC = 0x1950A86A20F9469CFC6C
TORCH_PICKLES = 5
"""PyTorch's old files: the magic number, a version, the machine, the model, names of storages; then the storages."""
EXTENSIONS = (".pkl", ".pickle", ".joblib", ".dill", ".pt", ".pth")


def begins_a_pickle(start: bytes) -> bool:
    """Whether a file says of itself that it is a pickle, of protocol 2 or later.

    The files of safetensors begin with the length of their header, which may look the same, and then the header.
    """
    return start[:1] == b"\x80" and start[1:2] in (b"\0", b"\1", b"\2", b"\3", b"\4", b"\5") and start[8:9] != b"{"


def examine_pickles(piece: Piece, examination: Examination, *, claimed: bool, start: int = 0) -> None:
    """Follow the pickles in `piece`, from byte `start` to its end.

    If it is `claimed` to be one, by its first bytes or its name, it must be one to its end. Anything else is one if
    every byte of it belongs to a pickle, as with protocols 0 and 1, which have no mark of their own. If not, it counts
    what unpickling it would do before that fails.
    """
    pickles = _Pickles(piece, examination)
    why_not = "it was not followed to its end"
    try:
        why_not = pickles.follow_all(start)
        pickles.follow_as_if_without_arrays()
    finally:
        remarks = pickles.harms | (pickles.oddities if claimed or not why_not else {})
        for remark in remarks:
            examination.findings.add(piece.path, remark)
    if claimed and why_not:
        examination.findings.add_unreadable(piece.path, why_not)


class _Pickles:
    def __init__(self, piece: Piece, examination: Examination) -> None:
        self._piece = piece
        self._examination = examination
        self._with_arrays: list[tuple[int, RawArray]] = []
        self.harms: dict[Remark, None] = {}
        self.oddities: dict[Remark, None] = {}

    def follow_all(self, start: int) -> str:
        """Follow one pickle after another. Why not every byte belongs to one; nothing if every byte does."""
        at, values = start, 0
        has_torch_magic = False
        while at < self._piece.size and not (has_torch_magic and values == TORCH_PICKLES):
            machine = self._machine(joblib=True)
            machine.oddities = self.oddities
            try:
                value = self._follow(machine, at)
            except Malformed as why:
                return f"From byte {at} on it is no whole pickle: {why}."
            finally:
                if machine.first_array is not None:
                    self._with_arrays.append((at, machine.first_array))
            has_torch_magic = has_torch_magic or (values == 0 and value == TORCH_MAGIC)
            at, values = self._piece.stream.tell(), values + 1
        if at < self._piece.size:
            self._follow_for_harm(self._machine(joblib=False), at)
        return "" if values else "It is an empty file."

    def follow_as_if_without_arrays(self) -> None:
        """What a reader does that knows nothing of joblib, and takes for opcodes what is in the first array.

        If that is of objects, it holds opcodes indeed, which then take from the wrong memo: words become names of
        modules. No reader gets behind it, for it ends with a STOP.
        """
        for at, array in self._with_arrays:
            machine = self._machine(joblib=False)
            machine.doubts_modules = array.is_pickle
            self._follow_for_harm(machine, at)

    def _machine(self, *, joblib: bool) -> Machine:
        machine = Machine(self._examination.allowed, self._examination.budget.take_steps, joblib=joblib)
        machine.harms = self.harms
        return machine

    def _follow_for_harm(self, machine: Machine, at: int) -> None:
        """Follow what is probably no pickle, for what it would do if it were one."""
        with suppress(Malformed):
            self._follow(machine, at)

    def _follow(self, machine: Machine, at: int) -> object:
        machine.take_steps(STEPS_TO_BEGIN)
        self._piece.stream.seek(at)
        return follow(machine, Tape(self._piece.stream, self._piece.size))

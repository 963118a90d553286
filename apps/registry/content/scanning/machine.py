"""The machine that a pickle is a program for, with stand-ins for the values.

What an opcode does to the stack and memo is done exactly, so every import is seen under the name that the genuine
unpickler would use, however the pickle puts it together. What a call does is not done, but judged.
"""

from collections.abc import Callable

from apps.registry.content.scanning.allowed import Allowed
from apps.registry.content.scanning.findings import Remark, Severity
from apps.registry.content.scanning.imports import CODE_IN_PICKLE, may_exist, remark_on
from apps.registry.content.scanning.instances import (
    ARRAY_WRAPPERS,
    DTYPE,
    MODEL_DATA,
    NDARRAY,
    WITH_A_TELLING_STATE,
    Obscure,
    RawArray,
    complete_type,
    describe_array,
    formula_in,
    numpy_type,
)
from apps.registry.content.scanning.tape import LongText, Malformed
from apps.registry.content.scanning.values import Fields, Global, Instance

MOST_REMARKS = 1_000
"""On one file. A pickle can import millions of things."""
_RECONSTRUCTORS = frozenset([("copyreg", "_reconstructor"), ("copy_reg", "_reconstructor")])
_ENCODE = ("_codecs", "encode")
_NEVER_TEXT = ARRAY_WRAPPERS | {DTYPE, NDARRAY}
_FORMULA = Remark(
    CODE_IN_PICKLE, Severity.WARNING, "It holds a formula, which statsmodels evaluates as Python when it is loaded."
)
_EXTENSION = Remark("unclear pickle", Severity.WARNING, "It imports by number from the registry of extensions.")
_OUTSIDE = Remark("unclear pickle", Severity.WARNING, "It refers to objects that the program which loads it supplies.")


def unclear(detail: str) -> Remark:
    """Of a pickle that does what pickles of models do not, in a way that leaves open what happens."""
    return Remark("unclear pickle", Severity.CRITICAL, f"It cannot be told what loading it does: {detail}.")


_COMPUTED_NAME = unclear("the name of an import is put together while it is loaded")


class Machine:
    """The state of following one pickle.

    `harms` are what unpickling does on the way, up to wherever one has come; `oddities` matter if what is followed
    really is a pickle. `joblib` says whether arrays are taken out of the stream, as joblib's reader does and no other.
    `doubts_modules`: importing a module that hardly exists fails, as it would.
    `take_steps` is told now and then how many opcodes were followed, and raises when that is enough.
    """

    def __init__(self, allowed: Allowed, take_steps: Callable[[int], None], *, joblib: bool) -> None:
        self.stack: list[object] = []
        self.memo: dict[int, object] = {}
        self.harms: dict[Remark, None] = {}
        self.oddities: dict[Remark, None] = {}
        self.joblib = joblib
        self.first_array: RawArray | None = None
        self.doubts_modules = False
        self.frame_end = 0
        self.take_steps = take_steps
        self._allowed = allowed
        self._marked: list[list[object]] = []
        self._below_marks = 0

    def nested(self) -> "Machine":
        """One for a pickle within this one: it has a stack and a memo of its own, and notes what it finds here."""
        machine = Machine(self._allowed, self.take_steps, joblib=False)
        machine.harms, machine.oddities = self.harms, self.oddities
        return machine

    def note_harm(self, remark: Remark) -> None:
        _note(self.harms, remark)

    def values_count(self) -> int:
        return len(self.stack) + self._below_marks + len(self._marked) + len(self.memo)

    def mark(self) -> None:
        self._below_marks += len(self.stack)
        self._marked.append(self.stack)
        self.stack = []

    def pop_mark(self) -> list[object]:
        """What was pushed since the last mark."""
        above, self.stack = self.stack, self._marked.pop()
        self._below_marks -= len(self.stack)
        return above

    def pop(self) -> None:
        if self.stack:
            self.stack.pop()
        else:
            self.pop_mark()

    def import_global(self, module: object, name: object) -> Global:
        """What `module.name` is. Anything but two texts is refused by unpicklers, if they see them as we do."""
        if not isinstance(module, str) or not isinstance(name, str):
            if not _may_be_text(module) or not _may_be_text(name):
                raise Malformed("it imports what is no name")
            self.note_harm(_COMPUTED_NAME)
            return Global("", "", _COMPUTED_NAME)
        if (module, name) in self._allowed:
            return Global(module, name, None)
        if self.doubts_modules and not may_exist(module):
            raise Malformed("it imports what there is not")
        remark = remark_on(module, name)
        _note(self.oddities, remark)
        return Global(module, name, remark)

    def import_by_number(self) -> None:
        _note(self.oddities, _EXTENSION)
        self.stack.append(Global("", "", _EXTENSION))

    def call(self, called: object, args: object) -> None:
        """Judge a call and push what it gives."""
        if not isinstance(called, Global | Instance) or not isinstance(args, tuple | Instance):
            raise Malformed("it calls what cannot be called")
        if isinstance(called, Instance):
            if called.of is None or called.of.remark is None:
                self.note_harm(unclear("it calls what another call gave"))
            self.stack.append(Instance(called.of))
            return
        result = Instance(called)
        if called.remark is not None:
            self.note_harm(called.remark)
        elif isinstance(args, Instance):
            self.note_harm(unclear("the arguments of a call are put together by another call"))
        elif called.key in _RECONSTRUCTORS:
            result.of = args[0] if args and isinstance(args[0], Global) else called
        else:
            try:
                self._judge_allowed(called, args, result)
            except Obscure as why:
                self.note_harm(unclear(str(why)))
        self.stack.append(result)

    def _judge_allowed(self, called: Global, args: tuple[object, ...], result: Instance) -> None:
        result.was_given = bool(args)
        if called.key == DTYPE:
            result.numpy_type = numpy_type(args)
        elif called.key == NDARRAY:
            raise Obscure("it makes an array in a way that pickles do not")
        elif called.key == _ENCODE and args[1:] != ("latin1",):
            raise Obscure("it encodes text in a way that pickles do not")
        elif any(isinstance(value, Global) and value.key in WITH_A_TELLING_STATE for value in args):
            raise Obscure("it makes an object whose state matters in a roundabout way")

    def build(self) -> Instance | None:
        """Set the state of what is below it on the stack. If it describes an array of joblib's, give that."""
        state = self.stack.pop()
        target = self.stack[-1]
        if isinstance(target, Global):
            self.note_harm(unclear(f"it changes {target.module}.{target.name} itself"))
        if not isinstance(target, Instance) or target.of is None:
            return None
        try:
            if target.numpy_type is not None:
                complete_type(target.numpy_type, state)
            elif target.of.key in MODEL_DATA and formula_in(state):
                self.note_harm(_FORMULA)
            elif target.of.key in ARRAY_WRAPPERS:
                describe_array(target, state)
                return target
        except Obscure as why:
            self.note_harm(unclear(str(why)))
        return None

    def fill(self, items: list[object]) -> None:
        """Put `items`, keys and values in turn, into what is on top of the stack."""
        target = self.stack[-1]
        self.refuse_global(target)
        if not isinstance(target, Fields):
            return
        for key, value in zip(items[::2], items[1::2], strict=False):
            target.put(key, value)

    def refuse_global(self, target: object) -> None:
        """Opcodes that fill lists and sets call methods of what they find; a class's own are none of theirs."""
        if isinstance(target, Global):
            self.note_harm(unclear(f"it calls a method of {target.module}.{target.name} itself"))

    def supplied(self, name: object) -> None:
        """What the loading program supplies under this name: in PyTorch's files, the memory of tensors."""
        match name:
            case ("storage", Global(remark=None) as kind, *_) if kind.name.endswith("Storage"):
                pass
            case _:
                _note(self.oddities, _OUTSIDE)
        self.stack.append(Instance(None))


def _note(remarks: dict[Remark, None], remark: Remark) -> None:
    if len(remarks) < MOST_REMARKS:
        remarks[remark] = None


def _may_be_text(value: object) -> bool:
    """Whether unpicklers could take it for a name. Instances of classes are none; what functions give may be one."""
    if isinstance(value, Instance):
        return value.of is None or (value.of.key not in _NEVER_TEXT and not value.of.name[:1].isupper())
    return isinstance(value, str | LongText)

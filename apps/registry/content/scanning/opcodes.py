"""Every opcode of pickle protocols 0 to 5: what it reads, and what it has the machine do."""

from apps.registry.content.scanning import operands
from apps.registry.content.scanning.findings import LimitReached
from apps.registry.content.scanning.instances import Obscure, raw_array, tuple_of
from apps.registry.content.scanning.machine import Machine, unclear
from apps.registry.content.scanning.operands import Opcode
from apps.registry.content.scanning.tape import LongText, Malformed, Tape
from apps.registry.content.scanning.values import PLAIN, Fields, Instance

MOST_VALUES = 3_000_000
"""On the stack and in the memo of one pickle: some hundred bytes each."""
STEPS_BETWEEN_CHECKS = 65_536
HIGHEST_PROTOCOL = 5


def follow(machine: Machine, tape: Tape) -> object:
    """Follow a pickle to its STOP and give what stands on the stack there.

    `Malformed` where unpicklers would give up too; what the machine has noted until then still holds.
    """
    read, opcodes, left = tape.read, OPCODES, STEPS_BETWEEN_CHECKS
    try:
        while (code := read(1)) != b".":
            opcodes[code](machine, tape)
            left -= 1
            if not left:
                left = STEPS_BETWEEN_CHECKS
                machine.take_steps(STEPS_BETWEEN_CHECKS)
                if machine.values_count() > MOST_VALUES:
                    raise LimitReached(f"A pickle has more than {MOST_VALUES:,} values.")
        return machine.stack.pop()
    except KeyError:
        raise Malformed("it ends early, has an unknown opcode, or asks for what it did not keep") from None
    except IndexError:
        raise Malformed("it takes more from its stack than there is") from None
    except ValueError:
        raise Malformed("it has a text or a number that is none") from None


# Tuples, lists, sets, dictionaries.


def _tuple(length: int) -> Opcode:
    def opcode(machine: Machine, tape: Tape) -> None:
        if len(machine.stack) < length:
            raise IndexError
        machine.stack[-length:] = [tuple_of(machine.stack[-length:])]

    return opcode


def _marked_tuple(machine: Machine, tape: Tape) -> None:
    items = tuple_of(machine.pop_mark())
    machine.stack.append(items)


def _marked_plain(machine: Machine, tape: Tape) -> None:
    machine.pop_mark()
    machine.stack.append(PLAIN)


def _empty_dictionary(machine: Machine, tape: Tape) -> None:
    machine.stack.append(Fields())


def _marked_dictionary(machine: Machine, tape: Tape) -> None:
    items = machine.pop_mark()
    machine.stack.append(Fields())
    machine.fill(items)


def _append(machine: Machine, tape: Tape) -> None:
    machine.stack.pop()
    machine.refuse_global(machine.stack[-1])


def _appends(machine: Machine, tape: Tape) -> None:
    machine.pop_mark()
    machine.refuse_global(machine.stack[-1])


def _set_item(machine: Machine, tape: Tape) -> None:
    value, key = machine.stack.pop(), machine.stack.pop()
    machine.fill([key, value])


def _set_items(machine: Machine, tape: Tape) -> None:
    machine.fill(machine.pop_mark())


# The stack and the memo.


def _mark(machine: Machine, tape: Tape) -> None:
    machine.mark()


def _pop(machine: Machine, tape: Tape) -> None:
    machine.pop()


def _pop_mark(machine: Machine, tape: Tape) -> None:
    machine.pop_mark()


def _duplicate(machine: Machine, tape: Tape) -> None:
    machine.stack.append(machine.stack[-1])


def _memoize(machine: Machine, tape: Tape) -> None:
    machine.memo[len(machine.memo)] = machine.stack[-1]


def _index_line(tape: Tape) -> int:
    line = tape.line()
    if isinstance(line, LongText):
        raise Malformed("it has a number that is none")
    return int(line)


def _put_line(machine: Machine, tape: Tape) -> None:
    machine.memo[_index_line(tape)] = machine.stack[-1]


def _get_line(machine: Machine, tape: Tape) -> None:
    machine.stack.append(machine.memo[_index_line(tape)])


def _put(width: int) -> Opcode:
    def opcode(machine: Machine, tape: Tape) -> None:
        machine.memo[tape.number(width)] = machine.stack[-1]

    return opcode


def _get(width: int) -> Opcode:
    def opcode(machine: Machine, tape: Tape) -> None:
        machine.stack.append(machine.memo[tape.number(width)])

    return opcode


# Imports and calls.


def _name_line(tape: Tape) -> str:
    line = tape.line()
    if isinstance(line, LongText):
        raise Malformed("it imports what is no name")
    return line.decode()


def _global(machine: Machine, tape: Tape) -> None:
    module, name = _name_line(tape), _name_line(tape)
    machine.stack.append(machine.import_global(module, name))


def _stack_global(machine: Machine, tape: Tape) -> None:
    name, module = machine.stack.pop(), machine.stack.pop()
    machine.stack.append(machine.import_global(module, name))


def _extension(width: int) -> Opcode:
    def opcode(machine: Machine, tape: Tape) -> None:
        tape.exactly(width)
        machine.import_by_number()

    return opcode


def _instance(machine: Machine, tape: Tape) -> None:
    module, name = _name_line(tape), _name_line(tape)
    args = tuple_of(machine.pop_mark())
    machine.call(machine.import_global(module, name), args)


def _object(machine: Machine, tape: Tape) -> None:
    called, *args = machine.pop_mark() or [PLAIN]
    machine.call(called, tuple_of(args))


def _reduce(machine: Machine, tape: Tape) -> None:
    args, called = machine.stack.pop(), machine.stack.pop()
    machine.call(called, args)


def _new_object_with_keywords(machine: Machine, tape: Tape) -> None:
    machine.stack.pop()
    _reduce(machine, tape)


def _persistent_line(machine: Machine, tape: Tape) -> None:
    machine.supplied(tape.line())


def _persistent(machine: Machine, tape: Tape) -> None:
    machine.supplied(machine.stack.pop())


# Protocol, frames, state.


def _protocol(machine: Machine, tape: Tape) -> None:
    if tape.number(1) > HIGHEST_PROTOCOL:
        raise Malformed("it has a protocol that is not known")


def _frame(machine: Machine, tape: Tape) -> None:
    length = tape.number(8)
    machine.frame_end = tape.position + length


def _build(machine: Machine, tape: Tape) -> None:
    wrapper = machine.build()
    if wrapper is not None:
        pass_array(machine, tape, wrapper)


def pass_array(machine: Machine, tape: Tape, wrapper: Instance) -> None:
    """Pass over the array that joblib's reader takes out of the stream here."""
    if not machine.joblib:
        return
    if machine.frame_end > tape.position:  # joblib would take the array from behind the frame
        machine.note_harm(unclear("an array is not where joblib writes it"))
        return
    try:
        array = raw_array(wrapper)
    except Obscure as why:
        machine.note_harm(unclear(str(why)))
        return
    machine.first_array = machine.first_array or array
    if array.is_pickle:
        machine.stack[-1] = follow(machine.nested(), tape)
    else:
        tape.skip(tape.number(1) if array.is_padded else 0)
        tape.skip(array.size)
        machine.stack[-1] = PLAIN


def _nothing(machine: Machine, tape: Tape) -> None:
    """Of opcodes that change what a buffer is, not what stands on the stack."""


OPCODES: dict[bytes, Opcode] = {
    b"(": _mark,
    b"0": _pop,
    b"1": _pop_mark,
    b"2": _duplicate,
    b"F": operands.line_passed_over,
    b"I": operands.integer_line,
    b"J": operands.sized(4, signed=True),
    b"K": operands.sized(1),
    b"L": operands.integer_line,
    b"M": operands.sized(2),
    b"N": operands.pushed(None),
    b"P": _persistent_line,
    b"Q": _persistent,
    b"R": _reduce,
    b"S": operands.string_line,
    b"T": operands.old_text(4),
    b"U": operands.old_text(1),
    b"V": operands.unicode_line,
    b"X": operands.text(4),
    b"a": _append,
    b"b": _build,
    b"c": _global,
    b"d": _marked_dictionary,
    b"}": _empty_dictionary,
    b"e": _appends,
    b"g": _get_line,
    b"h": _get(1),
    b"i": _instance,
    b"j": _get(4),
    b"l": _marked_plain,
    b"]": operands.pushed(PLAIN),
    b"o": _object,
    b"p": _put_line,
    b"q": _put(1),
    b"r": _put(4),
    b"s": _set_item,
    b"t": _marked_tuple,
    b")": operands.pushed(()),
    b"u": _set_items,
    b"G": operands.passed_over(8),
    b"\x80": _protocol,
    b"\x81": _reduce,  # NEWOBJ: `__new__` instead of a call, which is judged alike
    b"\x82": _extension(1),
    b"\x83": _extension(2),
    b"\x84": _extension(4),
    b"\x85": _tuple(1),
    b"\x86": _tuple(2),
    b"\x87": _tuple(3),
    b"\x88": operands.pushed(PLAIN),
    b"\x89": operands.pushed(PLAIN),
    b"\x8a": operands.long_integer(1),
    b"\x8b": operands.long_integer(4),
    b"B": operands.bytes_passed_over(4),
    b"C": operands.bytes_passed_over(1),
    b"\x8c": operands.text(1),
    b"\x8d": operands.text(8),
    b"\x8e": operands.bytes_passed_over(8),
    b"\x8f": operands.pushed(PLAIN),
    b"\x90": _appends,
    b"\x91": _marked_plain,
    b"\x92": _new_object_with_keywords,
    b"\x93": _stack_global,
    b"\x94": _memoize,
    b"\x95": _frame,
    b"\x96": operands.bytes_passed_over(8),
    b"\x97": operands.pushed(PLAIN),
    b"\x98": _nothing,
}

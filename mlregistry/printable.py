"""Words out of uploaded files, made fit to be stored and shown."""


def printable(text: str, longest: int = 200) -> str:
    """`text` on one line, without what cannot be seen or stored, cut at `longest`."""
    shown = "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text[:longest])
    return shown if len(text) <= longest else f"{shown}…"


def storable(text: str) -> str:
    """`text` as every database takes it: PostgreSQL refuses NUL, and UTF-8 half a pair of surrogates."""
    return text.replace("\0", "\ufffd").encode(errors="replace").decode()

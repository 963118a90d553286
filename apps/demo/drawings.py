"""Figures, drawn by hand: a plotting library would be a dependency for the demo alone."""

import struct
import zlib
from collections.abc import Sequence
from html import escape

import numpy as np

from apps.demo.tables import Array, Table

CELL, LEFT, TOP = 64, 130, 40
SIDE, EDGE = 360, 50
PIXELS = 12
"""Of a cell's side, in the small picture."""
INK, PALE, STRONG = "#22303c", (232, 238, 244), (31, 94, 153)


def confusion(table: Table, predicted: Array) -> Array:
    counts = np.zeros((len(table.classes), len(table.classes)), dtype=int)
    np.add.at(counts, (table.y_test, predicted), 1)
    return counts


def confusion_svg(table: Table, predicted: Array) -> bytes:
    """How often which class was taken for which: true ones downwards, predicted ones across."""
    counts = confusion(table, predicted)
    size = len(table.classes)
    parts = [f'<text x="{LEFT}" y="16" font-weight="bold">{escape(table.target)}: true (rows), predicted</text>']
    for row, name in enumerate(table.classes):
        middle = TOP + row * CELL + CELL // 2
        parts.append(f'<text x="{LEFT - 8}" y="{middle + 4}" text-anchor="end">{escape(name)}</text>')
        parts.append(
            f'<text x="{LEFT + row * CELL + CELL // 2}" y="{TOP + size * CELL + 16}" text-anchor="middle"'
            f' font-size="9">{escape(name)}</text>'
        )
        for column in range(size):
            share = counts[row, column] / max(counts[row].sum(), 1)
            x = LEFT + column * CELL
            parts.append(
                f'<rect x="{x}" y="{TOP + row * CELL}" width="{CELL - 2}" height="{CELL - 2}"'
                f' fill="rgb{_shade(share)}"/><text x="{x + CELL // 2}" y="{middle + 4}" text-anchor="middle"'
                f' fill="{"#fff" if share > 0.5 else INK}">{counts[row, column]}</text>'  # noqa: PLR2004  half dark
            )
    return _svg(LEFT + size * CELL + 20, TOP + size * CELL + 30, parts)


def residuals_svg(table: Table, predicted: Array) -> bytes:
    """What was predicted, against how far off that was."""
    off = table.y_test - predicted
    across = _scaled(predicted, SIDE)
    reach = float(np.abs(off).max()) or 1.0
    up = EDGE + SIDE / 2 - off / reach * SIDE / 2
    parts = [
        f'<text x="{EDGE}" y="20" font-weight="bold">{escape(table.target)}: residuals over predictions</text>',
        f'<line x1="{EDGE}" x2="{EDGE + SIDE}" y1="{EDGE + SIDE / 2}" y2="{EDGE + SIDE / 2}" stroke="{INK}"/>',
        f'<text x="4" y="{EDGE + 6}">{reach:.3g}</text><text x="4" y="{EDGE + SIDE}">{-reach:.3g}</text>',
        f'<text x="{EDGE}" y="{EDGE + SIDE + 20}">{predicted.min():.4g}</text>',
        f'<text x="{EDGE + SIDE}" y="{EDGE + SIDE + 20}" text-anchor="end">{predicted.max():.4g}</text>',
    ]
    parts += [
        f'<circle cx="{EDGE + x:.1f}" cy="{y:.1f}" r="2.5" fill="rgb{STRONG}" fill-opacity="0.55"/>'
        for x, y in zip(across, up, strict=True)
    ]
    return _svg(SIDE + 2 * EDGE, SIDE + 2 * EDGE, parts)


def small_picture(table: Table, predicted: Array) -> bytes:
    """The same without words, as PNG: the matrix, or how often which truth met which prediction."""
    if table.classes:
        counts, pixels = confusion(table, predicted), PIXELS * 4
    else:
        bins = np.histogram_bin_edges(table.y_test, 24)
        counts, pixels = np.histogram2d(predicted, table.y_test, bins=[bins, bins])[0], PIXELS
    shares = counts / max(counts.max(), 1)
    colours = np.array([[_shade(share) for share in row] for row in shares], dtype=np.uint8)
    return png(np.kron(colours, np.ones((pixels, pixels, 1), dtype=np.uint8)))


def png(pixels: Array) -> bytes:
    """An image of rows of red, green and blue, as PNG."""
    height, width, _ = pixels.shape
    rows = np.concatenate([np.zeros((height, 1), dtype=np.uint8), pixels.reshape(height, width * 3)], axis=1)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )


def _shade(share: float) -> tuple[int, ...]:
    """From pale to strong."""
    return tuple(round(light + (dark - light) * float(share)) for light, dark in zip(PALE, STRONG, strict=True))


def _scaled(values: Array, length: int) -> Array:
    spread = float(values.max() - values.min()) or 1.0
    return (values - values.min()) / spread * length


def _svg(width: int, height: int, parts: Sequence[str]) -> bytes:
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
        f' font-family="sans-serif" font-size="12" fill="{INK}">\n'
        f'<rect width="100%" height="100%" fill="#fff"/>\n{body}\n</svg>\n'
    ).encode()

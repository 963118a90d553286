"""Tables: the first rows of a file, as texts."""

import csv
import io
from typing import Any

from apps.tracking.pages.previews.documents import Unreadable

MOST_ROWS = 200
MOST_COLUMNS = 60
LONGEST_CELL = 300
LARGEST_GROUP = 256 * 1024 * 1024
"""What the rows of a Parquet file that are read together may take once they are unpacked."""


def comma_separated(raw: bytes) -> dict[str, Any]:
    return _separated(raw, ",")


def tab_separated(raw: bytes) -> dict[str, Any]:
    return _separated(raw, "\t")


def parquet(raw: bytes) -> dict[str, Any]:
    """The first rows."""
    import pyarrow as pa  # noqa: PLC0415  40 MB, which few processes need
    import pyarrow.parquet as pq  # noqa: PLC0415  likewise

    try:
        file = pq.ParquetFile(pa.BufferReader(raw))
        names = [str(name) for name in file.schema_arrow.names[:MOST_COLUMNS]]
        groups = file.metadata.num_row_groups
        if groups and file.metadata.row_group(0).total_byte_size > LARGEST_GROUP:
            raise Unreadable("Its rows take too much memory to be shown; download it.")
        batches = file.iter_batches(batch_size=MOST_ROWS, row_groups=[0], columns=names) if groups else iter(())
        first = next(batches, None)
        columns = [first.column(place).to_pylist() for place in range(first.num_columns)] if first is not None else []
        rows = [[_cell(value) for value in row] for row in zip(*columns, strict=True)]
        return _table(names, rows, total=file.metadata.num_rows, columns=len(file.schema_arrow.names))
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        raise Unreadable(f"pyarrow cannot read it: {type(error).__name__}.") from None


def _separated(raw: bytes, delimiter: str) -> dict[str, Any]:
    text = raw.decode("utf-8-sig", errors="replace").replace("\0", "\ufffd")
    rows: list[list[str]] = []
    widest = 0
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            widest = max(widest, len(row))
            rows.append([_cell(value) for value in row[:MOST_COLUMNS]])
            if len(rows) > MOST_ROWS:
                break
    except csv.Error:
        raise Unreadable("It is no table.") from None
    if not rows:
        raise Unreadable("It is empty.")
    head, *body = rows
    return _table(head, body, total=None if len(rows) > MOST_ROWS else len(body), columns=widest)


def _table(head: list[str], rows: list[list[str]], *, total: int | None, columns: int) -> dict[str, Any]:
    """`total` is how many rows there are; None if nobody counted."""
    more = total is None or total > len(rows)
    return {
        "head": head,
        "rows": rows,
        "total": total,
        "more": more,
        "columns_left_out": max(0, columns - MOST_COLUMNS),
    }


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= LONGEST_CELL else f"{text[:LONGEST_CELL]}…"

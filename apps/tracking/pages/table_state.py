"""What a table of runs shows and how, as its address says it: anybody can share it, and anybody may have written it.

filter   a filter in the search language
sort     a column's id, with "-" before it from the greatest to the smallest
column   a column's id, once for each column; without any, what the person chose last, else the most used
group    the id of a param or tag column, by whose value runs are gathered
view     "deleted" for runs that were deleted
flat     "1" to show nested runs among the others, rather than folded under their parents
size     runs on a page
page     where the page begins: the token of the one before
"""

from dataclasses import dataclass, replace
from typing import Any

from django.http import QueryDict

from apps.tracking.columns import Column, column_of, columns_of
from mlregistry.wire.schema import ViewType

SIZES = (50, 100)
DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class TableState:
    filter: str = ""
    sort: str = ""
    columns: tuple[Column, ...] = ()
    group: str = ""
    view: str = ""
    flat: bool = False
    size: int = SIZES[0]
    page: str = ""

    @classmethod
    def of(cls, asked: QueryDict) -> "TableState":
        sort = asked.get("sort", "")
        group = column_of(asked.get("group", ""))
        size = asked.get("size", "")
        return cls(
            filter=asked.get("filter", "").strip(),
            sort=sort if column_of(sort.removeprefix("-")) else "",
            columns=columns_of(asked.getlist("column")),
            group=group.id if group and group.prefix in ("params", "tags") else "",
            view=DELETED if asked.get("view") == DELETED else "",
            flat=asked.get("flat") == "1",
            size=int(size) if size in map(str, SIZES) else SIZES[0],
            page=asked.get("page", ""),
        )

    @classmethod
    def written_as(cls, query: str) -> "TableState":
        return cls.of(QueryDict(query[:100_000]))

    @property
    def query(self) -> str:
        """The query of the address: only what differs from an untouched table."""
        written = QueryDict(mutable=True)
        for name, value in self.pairs:
            written.appendlist(name, value)
        return written.urlencode()

    @property
    def pairs(self) -> list[tuple[str, str]]:
        default = TableState()
        columns = [("column", column.id) for column in self.columns]
        single = [
            (name, str(int(value)) if isinstance(value, bool) else str(value))
            for name in ("filter", "sort", "group", "view", "flat", "size", "page")
            if (value := getattr(self, name)) != getattr(default, name)
        ]
        return [*single, *columns]

    def but(self, **changes: Any) -> str:
        """The query of the address of the same table but for `changes`; it begins at its first page again."""
        return replace(self, **{"page": "", **changes}).query

    @property
    def stages(self) -> ViewType:
        return ViewType.DELETED_ONLY if self.view == DELETED else ViewType.ACTIVE_ONLY

    @property
    def is_folded(self) -> bool:
        """Whether nested runs wait under their parents: not where a filter asks for whichever runs match."""
        return not (self.flat or self.filter or self.group or self.view)

    @property
    def order_by(self) -> list[str]:
        column = column_of(self.sort.removeprefix("-"))
        if column is None or not column.reference:
            return []
        return [f"{column.reference} {'DESC' if self.sort.startswith('-') else 'ASC'}"]

    def sorted_by(self, column: Column) -> str:
        """The query after a click on the column's header: one way, the other way, and as before."""
        first = f"-{column.id}" if column.begins_with_the_most else column.id
        second = column.id if column.begins_with_the_most else f"-{column.id}"
        return self.but(sort={first: second, second: ""}.get(self.sort, first))

    def direction(self, column: Column) -> str:
        """As `aria-sort` says it; empty where the table is sorted by something else."""
        return {column.id: "ascending", f"-{column.id}": "descending"}.get(self.sort, "")

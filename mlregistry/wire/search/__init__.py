"""The search language of the MLflow wire: text in, typed comparisons and orderings out.

It knows nothing of models. An app describes what can be asked about its objects by a `Grammar`; `parse_filter` and
`parse_order_by` turn text into `Comparison`s and `Ordering`s, and the app maps those to its own columns, so a user's
words never become an ORM keyword.

    clauses    = { "AND" } [ clause { { "AND" } clause } ] { "AND" }
    clause     = reference operator [ value ]
    reference  = [ prefix "." ] key            bare keys are attributes; prefixes are case-sensitive
    key        = letters, digits, "_", ".", "::", with an index `[…]` or a call `(…)` at its end
               | anything in backticks, double quotes or, after a prefix, single quotes
    operator   = "=" "!=" "<" "<=" ">" ">=" | LIKE ILIKE RLIKE IN "NOT IN" "IS NULL" "IS NOT NULL"
    value      = text in single or double quotes | number | list of quoted texts in parentheses
    order_by   = reference [ "ASC" | "DESC" ]

What MLflow's server accepts is accepted with the same meaning, and what it refuses is refused; words are recognised
in either case. Two of its habits may surprise: quotes doubled or escaped inside a text stay as they are written
(`'it''s'` holds two quotes), but in a list Python's rules hold (`\\'` is a quote, and adjacent texts are one).
"""

from mlregistry.wire.search.filters import parse_filter
from mlregistry.wire.search.grammar import Entity, Field, Grammar
from mlregistry.wire.search.orders import parse_order_by, parse_order_field
from mlregistry.wire.search.scanner import Misread
from mlregistry.wire.search.syntax import Comparison, Operator, Ordering, Value

__all__ = [
    "Comparison",
    "Entity",
    "Field",
    "Grammar",
    "Misread",
    "Operator",
    "Ordering",
    "Value",
    "parse_filter",
    "parse_order_by",
    "parse_order_field",
]

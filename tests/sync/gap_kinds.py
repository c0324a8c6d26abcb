"""The kinds of differences that a comparison may report."""

KINDS = frozenset(
    {
        "missing_row", "extra_row", "status", "price", "body", "fields", "unread_row", "callback", "spend",
        "unlisted_day", "removed_day", "foreign_row", "total",
    }
)  # fmt: skip

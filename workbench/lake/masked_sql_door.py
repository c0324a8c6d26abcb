"""The door for SQL of whoever may not see whole numbers: views that mask at the source, nothing else.

Masking what a query gives would be no protection: `substr(contact, 8, 1)` gives digits one by one. So a query
sees only the views below, in which an address already is what pages show of it, and which have no texts. Two
walls: the query's syntax tree may name these views only, without a catalog or schema before them; and the
engine's search path holds these views and not the lake.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, LiteralString

import duckdb

from workbench.errors import UnknownName, UsageError
from workbench.lake.query_check import parse_query
from workbench.lake.shown_address import shown_address_sql
from workbench.lake.sql_door import SqlDoor

MASKED_VIEWS: Mapping[LiteralString, LiteralString] = {
    "messages": """select
        message_sid, account_sid, messaging_service_sid, direction, is_outbound, status, is_final, error_code,
        shown(from_address) as from_address, shown(to_address) as to_address, shown(sender) as sender,
        shown(contact) as contact, country, encoding, segments, media_count, spend, currency, date_created,
        date_sent, date_updated, conversation_id
        from lake.main.messages""",
    "message_facts": """select
        message_sid, account_sid, messaging_service_sid, direction, is_outbound, status, is_final, error_code,
        shown(from_address) as from_address, shown(to_address) as to_address, shown(sender) as sender,
        sender_type, shown(contact) as contact, country, keyword, encoding, segments, media_count, spend,
        currency, date_created, date_sent, date_updated, conversation_id
        from lake.main.message_facts""",
    "delivery_facts": """select
        message_sid, account_sid, messaging_service_sid, direction, is_outbound, status, is_final, error_code,
        shown(from_address) as from_address, shown(to_address) as to_address, shown(sender) as sender,
        sender_type, shown(contact) as contact, country, keyword, encoding, segments, media_count, spend,
        currency, date_created, date_sent, date_updated, conversation_id, delivered_seen_at
        from lake.main.delivery_facts""",
    "conversations": """select
        conversation_id, account_sid, shown_side(our_side) as our_side, shown(contact) as contact, country,
        messages, received, first_at, last_at, last_message_sid, state, snoozed_until, is_reopened, notes,
        waiting_since
        from lake.main.conversations""",
    "status_events": """select message_sid, account_sid, status, error_code, source, received_at
        from lake.main.status_events""",
    "media": """select media_sid, message_sid, account_sid, content_type, date_created
        from lake.main.media""",
    "consent_state": """select shown(address) as address, shown_side(scope) as scope, state, source, since
        from lake.main.consent_state""",
    "senders": """select
        account_sid, shown(sender) as sender, sender_sid, sender_type, country, can_sms, can_mms,
        messaging_service_sid, registration, registration_status, mps_limit, removed_at
        from lake.main.senders""",
    "messaging_services": """select
        account_sid, messaging_service_sid, usecase, campaign_status, removed_at,
        regexp_replace(friendly_name, '[+0-9][-0-9 ().]{4,}[0-9]', '***', 'g') as friendly_name
        from lake.main.messaging_services""",
    "usage_days": """select
        account_sid, day, category, count, usage, usage_unit, price, currency, is_leaf
        from lake.main.usage_days""",
    "prices": """select
        account_sid, country, direction, carrier, number_type, base_price, current_price, currency
        from lake.main.prices""",
    "balances": "select account_sid, balance, currency, read_at from lake.main.balances",
}
"""Every view by its name. Only the columns that stand here are there; `shown` masks an address."""

_MACROS: tuple[LiteralString, ...] = (
    f"create macro memory.main.shown(address) as {shown_address_sql('address')}",
    # Our side of a conversation, or what a consent is about: the SID of a service, everything, an address.
    "create macro memory.main.shown_side(side) as "
    "case when regexp_full_match(side, 'MG[0-9a-fA-F]{32}|\\*') then side else shown(side) end",
)
_TABLE_FUNCTIONS = frozenset({"generate_series", "range", "unnest"})
#: They tell of settings, or of a column's values before it is masked.
_TELLING = frozenset({"stats", "current_setting", "getvariable"})
_MEMORY, _THREADS = "1GB", 2


class MaskedSqlDoor(SqlDoor):
    """Answers queries over :data:`MASKED_VIEWS`.

    Args:
        settings: of the lake, which is opened for reading.

    Raises:
        LakeError: as :func:`workbench.lake.opening.open_lake`.
    """

    def _prepare(self, cursor: duckdb.DuckDBPyConnection) -> None:
        for macro in _MACROS:
            cursor.execute(macro)
        for name, sql in MASKED_VIEWS.items():
            cursor.execute(f"create view memory.main.{name} as {sql}")
        cursor.execute(f"SET GLOBAL memory_limit = '{_MEMORY}'")
        cursor.execute(f"SET GLOBAL threads = {_THREADS}")

    def columns(self) -> dict[str, list[str]]:
        """The columns of every view, in their order."""
        with self._lake.memory() as cursor:
            rows = cursor.execute(
                "select table_name, list(column_name order by column_index) from duckdb_columns() "
                "where database_name = 'memory' group by table_name"
            ).fetchall()
        columns = dict(rows)
        return {name: columns[name] for name in MASKED_VIEWS}

    @contextmanager
    def _query_cursor(self, query: str) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._lake.memory() as cursor:
            require_masked_query(cursor, query)
            yield cursor


def require_masked_query(cursor: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Refuse all but one SELECT over the masked views.

    Raises:
        UsageError: names what is refused, and what is allowed.
    """
    tree = parse_query(cursor, sql)
    names = {*MASKED_VIEWS, *_common_tables(tree)}
    for node in _nodes(tree):
        _require_plain(node)
        kind = node.get("type")
        if str(node.get("function_name", "")).lower() in _TELLING:
            raise UsageError(f"SQL uses {node['function_name']}(), which tells of the engine. {_REMEDY}")
        if kind == "BASE_TABLE" and str(node["table_name"]).lower() not in names:
            raise UnknownName("table", str(node["table_name"]), MASKED_VIEWS, remedy=_REMEDY)
        if kind == "TABLE_FUNCTION":
            function = str(node["function"].get("function_name", "")).lower()
            if function not in _TABLE_FUNCTIONS:
                raise UsageError(
                    f"SQL uses {function}() as a table; allowed are {', '.join(sorted(_TABLE_FUNCTIONS))}, "
                    f"and the tables {', '.join(MASKED_VIEWS)}."
                )
        if kind == "SHOW_REF":
            raise UsageError("DESCRIBE, SHOW and SUMMARIZE are refused here; write one SELECT. " + _REMEDY)


_REMEDY = "These tables have numbers masked and no texts; list_tables names their columns."


def _require_plain(node: Mapping[str, Any]) -> None:
    """Refuse a name with a catalog or schema before it: it would reach past the masked views."""
    for part in ("catalog_name", "schema_name", "catalog", "schema"):
        value = node.get(part)
        # The parser itself writes "main" before the function of a list such as [1].
        is_of_engine = "function_name" in node and value == "main"
        if isinstance(value, str) and value and not is_of_engine:
            name = node.get("table_name") or node.get("function_name") or "…"
            raise UsageError(
                f"SQL names {value}.{name}; write names of tables and functions alone. {_REMEDY}"
            )


def _common_tables(tree: object) -> set[str]:
    """The names that the query gives to parts of itself."""
    names: set[str] = set()
    for node in _nodes(tree):
        entries = node.get("cte_map")
        for entry in entries.get("map", ()) if isinstance(entries, dict) else ():
            names.add(str(entry["key"]).lower())
        if node.get("type") in ("CTE_NODE", "RECURSIVE_CTE_NODE"):
            names.add(str(node["cte_name"]).lower())
    return names


def _nodes(node: object) -> Iterator[Mapping[str, Any]]:
    """Every object of a syntax tree."""
    if isinstance(node, list):
        for item in node:
            yield from _nodes(item)
    elif isinstance(node, dict):
        yield node
        for value in node.values():
            yield from _nodes(value)

"""An engine with the columns of `message_facts` and no row: SQL that somebody wrote is tried here first.

Nothing of an installation is open to it, and neither are files and the network.
"""

from __future__ import annotations

import json
from types import TracebackType
from typing import Any, Self

import duckdb

from workbench.lake.quoting import quoted

FACT_COLUMNS = {
    "message_sid": "varchar", "account_sid": "varchar", "messaging_service_sid": "varchar",
    "direction": "varchar", "is_outbound": "boolean", "status": "varchar", "is_final": "boolean",
    "error_code": "integer", "from_address": "varchar", "to_address": "varchar", "sender": "varchar",
    "sender_type": "varchar", "contact": "varchar", "country": "varchar", "body": "varchar",
    "keyword": "varchar", "revocation": "varchar", "revocation_language": "varchar", "encoding": "varchar",
    "segments": "integer", "media_count": "integer", "spend": "decimal(12, 6)", "currency": "varchar",
    "date_created": "timestamp with time zone", "date_sent": "timestamp with time zone",
    "date_updated": "timestamp with time zone", "conversation_id": "varchar", "template": "varchar",
}  # fmt: skip
"""The columns of the view `message_facts` with their types; a test compares them with a lake's."""

_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
    "threads": "1",
    "lock_configuration": "true",
}


class InvalidSql(ValueError):
    """The engine refuses a text; the message is its own, in one line."""


class EmptyLake:
    """Parses and tries expressions over `message_facts`. Close it, or use it in a ``with``."""

    def __init__(self) -> None:
        self._connection = duckdb.connect(":memory:", config=_CONFIG)
        columns = ", ".join(f"{name} {type_}" for name, type_ in FACT_COLUMNS.items())
        self._connection.execute(f"create table message_facts ({columns})")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def parse(self, sql: str) -> list[dict[str, Any]]:
        """The statements of a text as DuckDB's parser sees them; nothing is run.

        Raises:
            InvalidSql: it cannot be parsed, or holds something else than queries.
        """
        rows = self._run(f"select json_serialize_sql({quoted(sql)})")
        answer: dict[str, Any] = json.loads(rows[0][0])
        if answer.get("error"):
            raise InvalidSql(_one_line(str(answer.get("error_message"))))
        statements: list[dict[str, Any]] = answer["statements"]
        return statements

    def parse_expression(self, expression: str) -> list[dict[str, Any]]:
        """As :meth:`parse`, for an expression over `message_facts`."""
        return self.parse(f"select {expression} from message_facts")

    def parse_name(self, name: str) -> None:
        """Refuse with InvalidSql what cannot be the name of a column, such as a word of SQL."""
        self.parse(f"select 1 as {name} order by {name} nulls last")

    def type_of(self, expression: str) -> str:
        """The type of what an expression over `message_facts` gives, which is run over no row.

        Raises:
            InvalidSql: it cannot be compiled: a column that there is not, a function of the wrong type …
        """
        select = f"select ({expression}) as value from message_facts"
        self._run(select)
        return str(self._run(f"describe {select}")[0][1])

    def _run(self, sql: str) -> list[tuple[Any, ...]]:
        # Without parameters: for those DuckDB loads pandas, which takes seconds.
        try:
            return self._connection.execute(sql).fetchall()
        except duckdb.Error as error:
            raise InvalidSql(_one_line(str(error))) from error


def _one_line(text: str) -> str:
    """What the engine says, without its drawing of the place."""
    return " ".join(text.split("\n\nLINE")[0].split("\nLINE")[0].split())

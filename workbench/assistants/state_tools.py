"""Tools about the installation: status, doctor, and SQL on the lake, read-only."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from workbench.assistants.answers import (
    CheckEntry,
    DoctorAnswer,
    InstallationStatus,
    SqlAnswer,
    TableEntry,
    TableList,
)
from workbench.assistants.backing import Backing, moment_text, now_text
from workbench.assistants.outside_text import outside_value
from workbench.assistants.rows import MOST_ROWS, cut, plain
from workbench.display.formats import plural
from workbench.messaging.number_masking import mask_numbers

SQL_SECONDS = 10.0
_MACHINE_LINES = ("home", "lake")
"""Lines of the status that name places of the machine."""


class StateTools:
    """The installation itself."""

    def __init__(self, backing: Backing) -> None:
        self._backing = backing

    def status(self) -> InstallationStatus:
        """Say how far the sync is, how fresh the numbers are, and what is still in flight."""
        from workbench.api.status import read_status

        status = read_status(self._backing.installation)
        fresh = status.freshness
        lines = [
            self._backing.own_text(f"{name}: {text}" if name else text)
            for name, text in status.lines()
            if name not in _MACHINE_LINES
        ]
        last = next((line for line in lines if line.startswith("last sync: ")), "last sync: never")
        return InstallationStatus(
            summary="; ".join(lines[:4]) + ".", as_of=moment_text(status.sync.as_of) or now_text(),
            is_simulated=status.is_simulated, messages=fresh.messages if fresh else None,
            in_flight=fresh.open_messages if fresh else None,
            priced_share=plain(fresh.priced_share) if fresh else None,
            newest_message_at=moment_text(fresh.newest_message_at) if fresh else None,
            last_sync=last.removeprefix("last sync: "), lines=lines,
        )  # fmt: skip

    def doctor(
        self,
        ask_twilio: Annotated[bool, Field(description="Also ask Twilio and the public address.")] = False,
        all_checks: Annotated[bool, Field(description="Also those that are fine.")] = False,
    ) -> DoctorAnswer:
        """Examine account, webhooks, lake and machine: what is wrong, with its repair. Changes nothing."""
        from workbench.api.doctor import diagnose
        from workbench.doctor.check_result import count_line

        diagnosis = diagnose(self._backing.installation, offline=not ask_twilio)
        shown = self._backing.own_text
        checks = [
            CheckEntry(
                state=result.state, check=result.check, subject=shown(result.subject),
                evidence=shown(result.evidence), repair=shown(result.repair),
                since=moment_text(result.began_at), link=result.link,
            )
            for result in diagnosis.results
            if all_checks or result.state not in ("fine", "skipped")
        ]  # fmt: skip
        return DoctorAnswer(
            summary=count_line(diagnosis), as_of=moment_text(diagnosis.as_of) or now_text(),
            counts={str(state): number for state, number in diagnosis.counts.items()}, checks=checks,
        )  # fmt: skip

    def list_tables(self) -> TableList:
        """List the tables that the tool sql may ask, with their columns."""
        backing = self._backing
        columns = backing.masked_door().columns() if backing.is_masked else self._whole_columns()
        words = "numbers masked, no texts" if backing.is_masked else "numbers and texts whole"
        return TableList(
            summary=f"{plural(len(columns), 'table')}, {words}. Times are in UTC; spend is positive and null "
            "until priced.",
            as_of=now_text(), is_masked=backing.is_masked,
            tables=[TableEntry(name=name, columns=names) for name, names in columns.items()],
        )  # fmt: skip

    def sql(
        self,
        query: Annotated[str, Field(description="One SELECT of DuckDB over the tables of list_tables.")],
        limit: Annotated[int, Field(ge=1, le=MOST_ROWS, description="At most so many rows.")] = 100,
    ) -> SqlAnswer:
        """Run one SELECT on the lake, read-only, for at most ten seconds.

        Prefer query_metric: its numbers are those of the pages. Here phone numbers are masked and there are
        no texts, unless the owner allowed more.
        """
        backing = self._backing
        if backing.is_masked:
            door: Any = backing.masked_door()
        else:
            self._audit(query)
            door = backing.installation.sql_door
        columns, rows = door.first_rows(query, limit + 1, SQL_SECONDS)
        cells = [
            [outside_value(plain(cell), is_masked=backing.is_masked) for cell in row] for row in rows[:limit]
        ]
        shown = cut(cells)
        is_cut = len(rows) > len(shown)
        return SqlAnswer(
            summary=f"{plural(len(shown), 'row')}" + (", and there are more." if is_cut else "."),
            as_of=now_text(), columns=columns, untrusted_rows=shown, rows=len(shown), truncated=is_cut,
            rest="Count or group in the query, or page with order by, limit and offset." if is_cut else None,
            is_masked=backing.is_masked,
        )  # fmt: skip

    def _audit(self, query: str) -> None:
        """That somebody reads whole numbers and texts is in the trail before they do."""
        from workbench.lake.audit import append_audit

        installation = self._backing.installation
        detail = {"by": "sql", "query": mask_numbers(query)[:500]}
        installation.lake.write(
            lambda cursor: append_audit(cursor, "reveal", actor=installation.actor, detail=detail)
        )

    def _whole_columns(self) -> dict[str, list[str]]:
        from workbench.lake.masked_sql_door import MASKED_VIEWS

        rows = self._backing.installation.reader.rows(
            "select table_name, list(column_name order by column_index) from duckdb_columns() "
            "where database_name = 'lake' and schema_name = 'main' group by table_name"
        )
        columns = dict(rows)
        return {name: list(columns[name]) for name in MASKED_VIEWS}

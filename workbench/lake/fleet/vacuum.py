"""Takes deleted rows out of a PostgreSQL catalog for good: the server keeps them until a vacuum writes anew.

DuckLake keeps small writes as rows of the catalog, and the smallest and largest value of each column. What it
deletes there stays in the server's files, as long as any transaction may still look at it, and after that
until the space is used again. `VACUUM FULL` writes each table into a new file without it.
"""

from __future__ import annotations

import psycopg
from psycopg import sql
from psycopg.errors import InsufficientPrivilege, LockNotAvailable

from workbench.errors import LakeBusy, LakeError
from workbench.lake.address import LakeAddress
from workbench.lake.fleet.database import connected

_LOCK_SECONDS = 2

_CATALOG_TABLES = """
select c.oid::regclass::text, pg_has_role(c.relowner, 'usage') from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and c.relname like 'ducklake\\_%' order by 1
"""

#: The statistics of a table's columns stay when it becomes empty. They go with each column's type, given anew
#: as it is.
_FORGET_STATISTICS = """
select format('alter table %s %s', c.oid::regclass, string_agg(
    format('alter column %I type %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', '))
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
join pg_stats s on s.schemaname = n.nspname and s.tablename = c.relname and s.attname = a.attname
where c.relkind = 'r' and c.relname like 'ducklake\\_inlined\\_data\\_%'
group by c.oid
"""

#: Whoever may still see a row that was deleted before transaction %(since)s began.
_STILL_LOOKING = """
select 'process ' || pid || ' (' || coalesce(nullif(application_name, ''), usename, 'unknown') || '), in a '
    || 'transaction since ' || to_char(xact_start at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS') || ' UTC'
from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and backend_xmin::text::bigint < %(since)s
union all
select 'the prepared transaction ' || gid from pg_prepared_xacts
where database = current_database() and transaction::text::bigint < %(since)s
union all
select 'the replication slot ' || slot_name from pg_replication_slots
where least(xmin::text::bigint, catalog_xmin::text::bigint) < %(since)s
limit 1
"""

KEPT_BY_SERVER = (
    "The database server keeps its write-ahead log until it is used again, and its archives and backups as "
    "long as it is told to: what was erased goes with them."
)
STATISTICS_KEPT = (
    "The database server's statistics of columns may hold single values until its next vacuum: this user is "
    "not the database's owner and may not write them anew."
)


def vacuum_catalog(address: LakeAddress) -> list[str]:
    """Write every table of the catalog anew; returns what stays all the same, in sentences.

    Raises:
        LakeBusy: somebody still looks at what was deleted, or uses a table without a pause.
        LakeError: a table belongs to somebody else, or the server does not answer.
    """
    with connected(address) as connection:
        tables = connection.execute(_CATALOG_TABLES).fetchall()
        foreign = [name for name, is_ours in tables if not is_ours]
        if foreign:
            raise LakeError(
                f"The table {foreign[0]} of {address.shown} belongs to another user of the server, so what "
                "was deleted could not be removed from it. Run the same as its owner, or grant this user the "
                "owner's role."
            )
        connection.execute(f"set lock_timeout = '{_LOCK_SECONDS}s'")
        try:
            _refuse_while_seen(connection)
            for (statement,) in connection.execute(_FORGET_STATISTICS).fetchall():
                connection.execute(str(statement).encode())
            for name, _ in tables:
                # From `regclass`, so it is quoted already where it must be.
                connection.execute(b"vacuum (full, analyze) " + str(name).encode())
            return [KEPT_BY_SERVER, *_write_statistics_anew(connection)]
        except LockNotAvailable as error:
            raise LakeBusy(
                f"The catalog {address.shown} is being used without a pause, so deleted rows could not be "
                "removed from it yet. Run the same again when servers and notebooks have less to do."
            ) from error


def _refuse_while_seen(connection: psycopg.Connection) -> None:
    """`VACUUM FULL` carries over what an older transaction may still see, so none may be left."""
    since = connection.execute("select pg_current_xact_id()::xid::text::bigint").fetchall()[0][0]
    seen_by = connection.execute(_STILL_LOOKING, {"since": since}).fetchall()
    if seen_by:
        raise LakeBusy(
            f"Deleted rows could not be removed from the catalog yet, because {seen_by[0][0]} may still see "
            "them. End it, or wait for it, and run the same again."
        )


def _write_statistics_anew(connection: psycopg.Connection) -> list[str]:
    """The server's own samples of values, from which rows of dropped tables are deleted only."""
    try:
        notices: list[str] = []
        connection.add_notice_handler(lambda notice: notices.append(notice.message_primary or ""))
        connection.execute(sql.SQL("vacuum (full) pg_catalog.pg_statistic"))
    except InsufficientPrivilege:
        return [STATISTICS_KEPT]
    return [STATISTICS_KEPT] if any("skipping" in notice for notice in notices) else []

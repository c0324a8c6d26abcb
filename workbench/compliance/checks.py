"""Works out what the audits need and SQL alone cannot: places, hours, business days, phrases.

The audits are views (`audit_*`, see `sent_facts.sql`). What they stand on is made here, in small tables, by
the same pure rules that decide before sending; made again only where the rules or the log have moved on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, LiteralString

import duckdb
import pyarrow as pa

from workbench.lake.connect import Lake
from workbench.messaging.opt_out_clock import opt_out_clock
from workbench.messaging.quiet_hours import (
    Place,
    QuietHoursRules,
    country_places,
    load_rules,
    possible_places,
)
from workbench.messaging.quiet_spans import allowed_spans
from workbench.messaging.revocations import find_revocation, phrases_as_of

RULES_FILE = "quiet_hours.toml"
_DAYS_AHEAD = 60
_BODIES_AT_ONCE = 50_000


@dataclass(frozen=True)
class JudgedPlace:
    """What is known of one place; a row of `quiet_places` with the places behind it."""

    place: str
    profile: str
    zones: str
    zone_source: str
    rules: str
    found: tuple[Place, ...]


def quiet_hours_rules(home: Path) -> QuietHoursRules:
    """The rules of this installation: its own ``quiet_hours.toml``, else those that come with us.

    Raises:
        ConfigError: its file cannot be meant.
    """
    own = home / RULES_FILE
    return load_rules(own if own.exists() else None)


def prepare_audits(lake: Lake, now: datetime | None = None) -> None:
    """Bring what the audits stand on up to date with the log and the rules; cheap when nothing moved.

    Raises:
        ConfigError: ``WORKBENCH_HOME/quiet_hours.toml`` cannot be meant.
    """
    now = now or datetime.now(UTC)
    _read_bodies_again(lake, now)
    _judge_places(lake, quiet_hours_rules(lake.home), now)
    _wind_clock(lake, now)


def judge_place(place: str, rules: QuietHoursRules) -> JudgedPlace:
    """What a place of `address_place` (see its file) means: an area, a number's head, a country."""
    if place.startswith("country:"):
        source = "country"
        found = country_places(place.removeprefix("country:") or None, rules)
        zones = tuple(dict.fromkeys(zone for zone, _ in found))
    else:
        address = place + ("5550123" if place.startswith("+1") else "234")
        found, zones, source = possible_places(address, None, None, rules)
    texts = sorted({rule.text for _, rule in found})
    pairs = sorted({(zone, rule.name) for zone, rule in found})
    return JudgedPlace(
        place=place,
        profile=hashlib.blake2s(repr(pairs).encode(), digest_size=8).hexdigest(),
        zones=", ".join(zones),
        zone_source=source if found else "unknown",
        rules="; ".join(texts) or "unknown place: every hour counts as quiet",
        found=found,
    )


def _judge_places(lake: Lake, rules: QuietHoursRules, now: datetime) -> None:
    """Add the places that are new; all of them again when the rules or the days have changed."""
    first, last = lake.rows("select min(sent_at), max(sent_at) from sent_facts")[0]
    if first is None:
        return
    held = lake.rows("select rules_key, first_day, last_day from quiet_judged")
    is_fresh = (
        len(held) == 1
        and held[0][0] == rules.key
        and held[0][1] < first.date()
        and max(last, now).date() < held[0][2]
    )
    days = (
        (held[0][1], held[0][2])
        if is_fresh
        else (first.date() - timedelta(days=2), max(last, now).date() + timedelta(days=_DAYS_AHEAD))
    )
    known = {row[0] for row in lake.rows("select place from quiet_places")} if is_fresh else set()
    places = [row[0] for row in lake.rows(_PLACES_SQL) if row[0] not in known]
    if is_fresh and not places:
        return
    judged = [judge_place(place, rules) for place in places]

    def save(cursor: duckdb.DuckDBPyConnection) -> None:
        if not is_fresh:
            for table in ("quiet_places", "quiet_spans", "quiet_judged"):
                cursor.execute(f"delete from {table}")
            cursor.execute(
                "insert into quiet_judged values (?, ?, ?, ?, ?, ?)",
                [rules.key, rules.as_of, rules.source, *days, now],
            )
        _save_places(cursor, judged, days)

    lake.write(save)


def _save_places(
    cursor: duckdb.DuckDBPyConnection, judged: Sequence[JudgedPlace], days: tuple[date, date]
) -> None:
    held = {row[0] for row in cursor.execute("select distinct profile from quiet_spans").fetchall()}
    profiles = {found.profile: found.found for found in judged if found.profile not in held}
    spans = [
        {"profile": profile, "opens_at": begin, "closes_at": end}
        for profile, found in profiles.items()
        for begin, end in allowed_spans(found, *days)
    ]
    places = [
        {name: getattr(found, name) for name in ("place", "profile", "zones", "zone_source", "rules")}
        for found in judged
    ]
    _insert(cursor, "quiet_places", places)
    _insert(cursor, "quiet_spans", spans)


_PLACES_SQL = "select distinct address_place(contact, country) from sent_facts where contact is not null"


def _wind_clock(lake: Lake, now: datetime) -> None:
    """When ten business days are over, for every day from the first wish to today."""
    first = lake.value("select min(date_created) from raw_messages where revocation is not null")
    if first is None:
        return
    known = {row[0] for row in lake.rows("select day from opt_out_clock")}
    day, end = first.astimezone(UTC).date(), now.date() + timedelta(days=1)
    missing = [day + timedelta(days=n) for n in range((end - day).days + 1)]
    rows = [{"day": day, "due_at": opt_out_clock().due_at(day)} for day in missing if day not in known]
    if rows:
        lake.write(lambda cursor: _insert(cursor, "opt_out_clock", rows))


def _read_bodies_again(lake: Lake, now: datetime) -> None:
    """Look through the texts that are here once for each list of phrases; newer messages come in read."""
    as_of = phrases_as_of()
    if lake.rows("select 1 from revocation_lists where as_of = ?", [as_of]):
        return
    with lake.cursor() as cursor:
        told = list(_candidates(cursor))
    lake.write(lambda cursor: _save_candidates(cursor, told, as_of, now))


def _candidates(cursor: duckdb.DuckDBPyConnection) -> Iterable[dict[str, Any]]:
    found = cursor.execute(
        "select message_sid, date_created, body from raw_messages "
        "where not is_outbound and keyword is null and body <> '' and revocation is null"
    )
    while rows := found.fetchmany(_BODIES_AT_ONCE):
        for message_sid, date_created, body in rows:
            wish = find_revocation(body)
            if wish:
                yield {
                    "message_sid": message_sid,
                    "date_created": date_created,
                    "phrase": wish.phrase,
                    "language": wish.language,
                }


def _save_candidates(
    cursor: duckdb.DuckDBPyConnection, told: list[dict[str, Any]], as_of: date, now: datetime
) -> None:
    cursor.execute("insert into revocation_lists values (?, ?)", [as_of, now])
    if not told:
        return
    cursor.register("wishes", pa.Table.from_pylist(told))
    try:
        span = [min(row["date_created"] for row in told), max(row["date_created"] for row in told)]
        cursor.execute(
            "merge into raw_messages t using wishes w "
            "on t.message_sid = w.message_sid and t.date_created between ? and ? "
            "when matched then update set revocation = w.phrase, revocation_language = w.language",
            span,
        )
    finally:
        cursor.unregister("wishes")


def _insert(cursor: duckdb.DuckDBPyConnection, table: LiteralString, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    schema = cursor.execute(f"select * from {table} limit 0").to_arrow_table().schema
    cursor.register("made", pa.Table.from_pylist(rows, schema=schema))
    try:
        cursor.execute(f"insert into {table} select * from made")
    finally:
        cursor.unregister("made")

"""Computes what the audits need and SQL alone cannot: places, hours, business days, phrases.

The audits are views (`audit_*`, see `sent_facts.sql`). This module fills the small tables that they read,
with the same pure rules that decide before sending. It computes only what is new since the last time, or
everything if the rules have changed.
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
    """One place with its zones and rules: a row of `quiet_places`, and its pairs of zone and rule."""

    place: str
    profile: str
    zones: str
    zone_source: str
    rules: str
    places: tuple[Place, ...]


def quiet_hours_rules(home: Path) -> QuietHoursRules:
    """The rules of this installation: its own ``quiet_hours.toml``, else the built-in ones.

    Raises:
        ConfigError: its file cannot be read, or has an entry that is not allowed.
    """
    own = home / RULES_FILE
    return load_rules(own if own.exists() else None)


def prepare_audits(lake: Lake, now: datetime | None = None) -> None:
    """Bring the tables of the audits up to date with the log and the rules; quick if nothing has changed.

    Raises:
        ConfigError: as :func:`quiet_hours_rules`.
    """
    now = now or datetime.now(UTC)
    _read_bodies_again(lake, now)
    _judge_places(lake, quiet_hours_rules(lake.home), now)
    _wind_clock(lake, now)


def judge_place(place: str, rules: QuietHoursRules) -> JudgedPlace:
    """The zones and rules of a place of `address_place`: an area, a number's prefix or a country."""
    if place.startswith("country:"):
        source = "country"
        places = country_places(place.removeprefix("country:") or None, rules)
        zones = tuple(dict.fromkeys(zone for zone, _ in places))
    else:
        address = place + ("5550123" if place.startswith("+1") else "234")
        places, zones, source = possible_places(address, None, None, rules)
    texts = sorted({rule.text for _, rule in places})
    pairs = sorted({(zone, rule.name) for zone, rule in places})
    return JudgedPlace(
        place=place,
        profile=hashlib.blake2s(repr(pairs).encode(), digest_size=8).hexdigest(),
        zones=", ".join(zones),
        zone_source=source if places else "unknown",
        rules="; ".join(texts) or "unknown place: every hour counts as quiet",
        places=places,
    )


def _judge_places(lake: Lake, rules: QuietHoursRules, now: datetime) -> None:
    """Add the new places; compute all of them again if the rules or the days have changed."""
    first, last = lake.rows("select min(sent_at), max(sent_at) from sent_facts")[0]
    if first is None:
        return
    judged_before = lake.rows("select rules_key, first_day, last_day from quiet_judged")
    is_fresh = (
        len(judged_before) == 1
        and judged_before[0][0] == rules.key
        and judged_before[0][1] < first.date()
        and max(last, now).date() < judged_before[0][2]
    )
    days = (
        (judged_before[0][1], judged_before[0][2])
        if is_fresh
        else (first.date() - timedelta(days=2), max(last, now).date() + timedelta(days=_DAYS_AHEAD))
    )
    stored_places = {row[0] for row in lake.rows("select place from quiet_places")} if is_fresh else set()
    places = [row[0] for row in lake.rows(_PLACES_SQL) if row[0] not in stored_places]
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
    stored_profiles = {
        row[0] for row in cursor.execute("select distinct profile from quiet_spans").fetchall()
    }
    profiles = {
        judged_place.profile: judged_place.places
        for judged_place in judged
        if judged_place.profile not in stored_profiles
    }
    spans = [
        {"profile": profile, "opens_at": begin, "closes_at": end}
        for profile, places_of_profile in profiles.items()
        for begin, end in allowed_spans(places_of_profile, *days)
    ]
    places = [
        {name: getattr(judged_place, name) for name in ("place", "profile", "zones", "zone_source", "rules")}
        for judged_place in judged
    ]
    _insert(cursor, "quiet_places", places)
    _insert(cursor, "quiet_spans", spans)


_PLACES_SQL = "select distinct address_place(contact, country) from sent_facts where contact is not null"


def _wind_clock(lake: Lake, now: datetime) -> None:
    """Save the end of the ten business days for every day from the first revocation to today."""
    first = lake.value("select min(date_created) from raw_messages where revocation is not null")
    if first is None:
        return
    stored_days = {row[0] for row in lake.rows("select day from opt_out_clock")}
    day, end = first.astimezone(UTC).date(), now.date() + timedelta(days=1)
    missing = [day + timedelta(days=n) for n in range((end - day).days + 1)]
    rows = [{"day": day, "due_at": opt_out_clock().due_at(day)} for day in missing if day not in stored_days]
    if rows:
        lake.write(lambda cursor: _insert(cursor, "opt_out_clock", rows))


def _read_bodies_again(lake: Lake, now: datetime) -> None:
    """Search the stored texts once for each new list of phrases; newer messages are searched when saved."""
    as_of = phrases_as_of()
    if lake.rows("select 1 from revocation_lists where as_of = ?", [as_of]):
        return
    with lake.cursor() as cursor:
        candidates = list(_candidates(cursor))
    lake.write(lambda cursor: _save_candidates(cursor, candidates, as_of, now))


def _candidates(cursor: duckdb.DuckDBPyConnection) -> Iterable[dict[str, Any]]:
    result = cursor.execute(
        "select message_sid, date_created, body from raw_messages "
        "where not is_outbound and keyword is null and body <> '' and revocation is null"
    )
    while rows := result.fetchmany(_BODIES_AT_ONCE):
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
    cursor: duckdb.DuckDBPyConnection, candidates: list[dict[str, Any]], as_of: date, now: datetime
) -> None:
    cursor.execute("insert into revocation_lists values (?, ?)", [as_of, now])
    if not candidates:
        return
    cursor.register("wishes", pa.Table.from_pylist(candidates))
    try:
        span = [
            min(row["date_created"] for row in candidates),
            max(row["date_created"] for row in candidates),
        ]
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

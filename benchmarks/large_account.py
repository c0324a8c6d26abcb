"""Fills a lake with the messages of a large account over two years, as its syncs would have left them.

Each message is drawn by itself, by hashes of its number,
from the tables of :mod:`benchmarks.account_plan`: so
the same number of messages until the same day gives the same lake, whatever machine makes it. People come
back: some write or are written to once, most a few times, a few thousands of times. A commit holds some days.
Conversation ids are hashes that DuckDB does not have; other processes work them out meanwhile.

``python -m benchmarks.large_account HOME MESSAGES`` fills the lake of a home, until today.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

import duckdb
import pyarrow as pa

from benchmarks.account_plan import (
    ACCOUNT_SIDS,
    CAMPAIGN_HOUR,
    CURRENCIES,
    SLOTS_OF_OUTCOME,
    SLOTS_OF_SENDER,
    SLOTS_OF_TEXT,
    STEPS_OF_DAY,
    day_table,
    group_sizes,
    hour_table,
    outcome_table,
    place_table,
    rank_sql,
    sender_table,
    text_table,
)
from workbench.lake import Lake, open_lake
from workbench.lake.conversation_ids import keyed_id
from workbench.lake.secret_key import KEY_FILE
from workbench.lake.text_templates import with_templates
from workbench.messaging.message import conversation_id
from workbench.settings import Settings

DAYS = 730
_MESSAGES_PER_COMMIT = 2_000_000
_MESSAGES_PER_PERSON = 5
_PEOPLE_AT_ONCE = 100_000
_ID_BYTES = 12
_KEY = hashlib.sha256(b"the key of a made-up account").hexdigest()
_PLAN = {
    "texts": text_table, "places": place_table, "senders": sender_table, "outcomes": outcome_table,
    "hours": hour_table,
}  # fmt: skip


def fill_account(settings: Settings, messages: int, until: date, days: int = DAYS) -> int:
    """Fill an empty lake with exactly so many messages of the days before ``until``; returns how many."""
    with open_lake(settings, threads=2) as lake:
        key_file = settings.home / KEY_FILE
        key_file.touch(mode=0o600)
        key_file.write_text(_KEY + "\n")
        with lake.memory() as cursor:
            _prepare(cursor, messages, days, until)
        named = lake.write(_save_templates)
        with lake.memory() as cursor:
            cursor.register("named", named)
            cursor.execute(_NAME_TEXTS)
            cursor.unregister("named")
        with _person_ids(messages, days, until) as ids:
            for first, after in _portions(lake):
                ids.need(lake, _people(lake, after))
                began = time.perf_counter()
                lake.write(lambda cursor, span=(first, after): _write_days(cursor, *span))  # type: ignore[misc]
                _say(f"days {first} to {after}: {time.perf_counter() - began:.1f} s")
        lake.write(lambda cursor: _save_account(cursor, until))
        return int(lake.value("select count(*) from raw_messages"))


def _prepare(cursor: duckdb.DuckDBPyConnection, messages: int, days: int, until: date) -> None:
    """The plan's tables and the macros that draw from them, in the memory of this process."""
    for name, make in [*_PLAN.items(), ("days", lambda: day_table(messages, days, until))]:
        cursor.register("plan", make())
        cursor.execute(f"create table memory.main.plan_{name} as from plan")
        cursor.unregister("plan")
    cursor.execute("create table memory.main.person_ids (c bigint, news blob, offers blob)")
    end = int(datetime.combine(until, datetime.min.time(), UTC).timestamp())
    cursor.execute(f"create macro memory.main.end_of_log() as {end}::bigint")
    sizes = cursor.execute("select text_group, group_size from memory.main.plan_texts").to_arrow_table()
    cursor.execute(f"create macro memory.main.group_size(number) as {group_sizes(sizes)}[number + 1]")
    cursor.execute(f"create macro memory.main.rank_of(status) as {rank_sql()}")
    for macro in _MACROS:
        cursor.execute(macro.format(messages=messages, people=max(messages // _MESSAGES_PER_PERSON, 10)))


#: `share_of` is a number from 0 to 1 of its own for each purpose. Person `c` is known from message
# `birth_of(c)` on.
_MACROS = (
    "create macro memory.main.share_of(i, purpose) as (hash(i * 64 + purpose) >> 11)::double / "
    "9007199254740992.0",
    "create macro memory.main.slot_of(i, purpose, slots) as (hash(i * 64 + purpose) % slots)::integer",
    "create macro memory.main.people_at(i) as 2 + floor({people} * pow((i + 1) / {messages}, 0.9))::bigint",
    """create macro memory.main.person_at(known, kind, v) as case
        when kind < 0.45 then known - 1 - floor(known * 0.04 * v * v)::bigint
        when kind < 0.7 then floor(known * v)::bigint
        else floor(known * v * v)::bigint end""",
    "create macro memory.main.leaves(c) as hash(c * 64 + 40) % 100 < 3",
    """create macro memory.main.leaves_at(c) as
        {messages} * (pow(c / {people}, 1.111) + (1 - pow(c / {people},
        1.111)) * pow(memory.main.share_of(c, 41), 2))""",
    "create macro memory.main.side_of(account, is_offer, is_abroad, slot) as "
    f"((account * 2 + is_offer::integer) * 2 + is_abroad::integer) * {SLOTS_OF_SENDER} + slot",
    "create macro memory.main.account_of(c) as [0, 0, 0, 0, 0, 1, 1, 1, 2, 2][(hash(c * 64 + 43) % "
    "10)::integer + 1] "
    "+ case when hash(c * 64 + 44) % 10 = 0 then 1 else 0 end",
)


def _portions(lake: Lake) -> Iterator[tuple[int, int]]:
    """Days that go into one commit together: from, to before."""
    rows = lake.rows("select number, first, after from memory.main.plan_days order by number")
    begun_day, begun = 0, 0
    for number, _, after in rows:
        if after - begun >= _MESSAGES_PER_COMMIT or number == rows[-1][0]:
            yield begun_day, number + 1
            begun_day, begun = number + 1, after


def _people(lake: Lake, after_day: int) -> int:
    """How many people are known at the end of the day before this one."""
    last = "select max(after) - 1 as i from memory.main.plan_days where number < ?"
    return int(lake.value(f"select memory.main.people_at(i) + 2 from ({last})", [after_day]))


class _PersonIds:
    """The ids of people's conversations, brought into the table `person_ids` as far as they are needed."""

    def __init__(self, executor: ProcessPoolExecutor, plan: tuple[int, int, date], people: int) -> None:
        self._executor, self._plan, self._people = executor, plan, people
        self._waiting: deque[Future[bytes]] = deque()
        self._asked = self._known = 0

    def need(self, lake: Lake, people: int) -> None:
        while self._known < people:
            while self._asked < self._people and len(self._waiting) < 4:
                job = self._executor.submit(_ids_of, self._plan, self._asked, self._asked + _PEOPLE_AT_ONCE)
                self._waiting.append(job)
                self._asked += _PEOPLE_AT_ONCE
            ids = self._waiting.popleft().result()
            pairs = pa.Array.from_buffers(
                pa.binary(_ID_BYTES), len(ids) // _ID_BYTES, [None, pa.py_buffer(ids)]
            ).cast(pa.binary())
            number = len(pairs) // 2
            numbers = pa.array(range(self._known, self._known + number), pa.int64())
            with lake.memory() as cursor:
                cursor.register("ids", pa.table({"c": numbers, "n": pairs[:number], "o": pairs[number:]}))
                cursor.execute("insert into memory.main.person_ids select c, n, o from ids")
                cursor.unregister("ids")
            self._known += number


@contextmanager
def _person_ids(messages: int, days: int, until: date) -> Iterator[_PersonIds]:
    with ProcessPoolExecutor(2, get_context("spawn")) as executor:
        people = max(messages // _MESSAGES_PER_PERSON, 10) + 10
        yield _PersonIds(executor, (messages, days, until), people)


_engine: duckdb.DuckDBPyConnection | None = None


def _ids_of(plan: tuple[int, int, date], first: int, after: int) -> bytes:
    """The ids of these people's conversations about news, then of those about offers."""
    global _engine
    if _engine is None:
        _engine = duckdb.connect(config={"threads": "1"})
        for name in ("places", "senders"):
            _engine.register("plan", _PLAN[name]())
            _engine.execute(f"create table plan_{name} as from plan")
        for macro in _MACROS:
            _engine.execute(macro.format(messages=plan[0], people=max(plan[0] // _MESSAGES_PER_PERSON, 10)))
    sides = _engine.execute(_SIDES_OF_PEOPLE, {"first": first, "after": after}).to_arrow_table()
    key, contacts = bytes.fromhex(_KEY), sides["contact"].to_pylist()
    return b"".join(
        _stored_id(sender, contact, key)
        for column in ("news", "offers")
        for sender, contact in zip(sides[column].to_pylist(), contacts, strict=True)
    )


def _stored_id(side: str, contact: str, key: bytes) -> bytes:
    """The conversation's id as the lake stores it, without its mark."""
    return bytes.fromhex(keyed_id(conversation_id(side, contact) or "", key)[2:])


_CONTACT = "p.prefix || (p.first + (c * 7919) % p.size)::varchar"
_PLACE = "p.place = memory.main.slot_of(c, 42, 1000)"
_SIDES_OF_PEOPLE = f"""
    with people as (
        select range as c, memory.main.account_of(range) as account from range($first, $after)
    )
    select {_CONTACT} as contact, n.sender as news, o.sender as offers
    from people
    join plan_places p on {_PLACE}
    join plan_senders n on n.side = memory.main.side_of(account, false, p.is_abroad, memory.main.slot_of(c,
        45, {SLOTS_OF_SENDER}))
    join plan_senders o on o.side = memory.main.side_of(account, true, p.is_abroad, memory.main.slot_of(c,
        46, {SLOTS_OF_SENDER}))
    order by c
"""

#: A text has at most one blank that differs in each message: a link or a code.
_FILLED = """
    case when tail is null then head
        when is_link then head || 'https://go.example/' || substr(sid, 5, 7) || tail
        else head || (100000 + h % 900000)::varchar || tail end
"""


def _save_templates(cursor: duckdb.DuckDBPyConnection) -> pa.Table:
    """Let the product find the templates of all texts."""
    texts = cursor.execute(f"""
        select 'SM' || sid as message_sid, true as is_outbound, {_FILLED} as body, text_key
        from (
            select *, md5(text_key::varchar) as sid, hash(text_key) as h
            from memory.main.plan_texts where is_outbound
        )
    """).to_arrow_table()
    return with_templates(cursor, texts, datetime(2024, 1, 1, tzinfo=UTC))


_NAME_TEXTS = """
    create table memory.main.texts as
    select t.*, n.template from memory.main.plan_texts t left join named n using (text_key)
"""


def _write_days(cursor: duckdb.DuckDBPyConnection, first: int, after: int) -> None:
    """One commit: the messages of some days, and what a save notes beside them."""
    cursor.execute(_INSERT_MESSAGES, {"first": first, "after": after})
    [(since, until)] = cursor.execute(_SPAN, [first, after]).fetchall()
    span = {"since": since, "until": until}
    for sql in (_INSERT_CONSENT, _INSERT_STATUSES, _INSERT_MEDIA, _INSERT_LISTINGS):
        cursor.execute(sql, span)
    cursor.execute(_INSERT_WINDOWS, {**span, "accounts": list(ACCOUNT_SIDS), "first": first, "after": after})


def _name_without_sender(cursor: duckdb.DuckDBPyConnection, since: datetime) -> None:
    """Give messages for which no sender was picked yet the id of the service's conversation."""
    pairs = cursor.execute(_WITHOUT_SENDER, [since]).fetchall()
    key = bytes.fromhex(_KEY)
    for service, contact in pairs:
        stored = keyed_id(conversation_id(service, contact) or "", key)
        cursor.execute(_NAME_WITHOUT_SENDER, [stored, since, service, contact])


_WITHOUT_SENDER = """
    select distinct messaging_service_sid, contact from raw_messages where date_created >= ?
        and sender is null
"""
_NAME_WITHOUT_SENDER = """
    update raw_messages set conversation_id = ?
    where date_created >= ? and sender is null and messaging_service_sid = ? and contact = ?
"""
_SPAN = """
    select min(day)::timestamp at time zone 'UTC', (max(day) + 1)::timestamp at time zone 'UTC'
    from memory.main.plan_days where number >= ? and number < ?
"""


_INSERT_MESSAGES = f"""
insert into lake.raw_messages by name
with numbered as (
    select i, day, kind, campaign, incident_country,
        (i - first + 0.5) / (after - first) * {STEPS_OF_DAY} as place_in_day
    from (select *, unnest(range(first, after)) as i from memory.main.plan_days where number >= $first
        and number < $after)
), timed as (
    select
        i, day, campaign, incident_country,
        (h.begins + (place_in_day - floor(place_in_day)) * h.lasts)::integer as second,
        memory.main.share_of(i, 0) < 0.09 as is_answer,
        case when memory.main.share_of(i, 0) < 0.09
            then greatest(i - 1 - floor(memory.main.share_of(i, 9) * 500)::bigint, 0) else i end as j
    from numbered n join memory.main.plan_hours h on h.kind = n.kind and h.step = floor(place_in_day)::integer
), met as (
    select
        *, memory.main.person_at(
            memory.main.people_at(j), memory.main.share_of(j, 1), memory.main.share_of(j, 2)
        ) as met,
        campaign is not null and second // 3600 = {CAMPAIGN_HOUR} and memory.main.share_of(j,
            12) < 0.85 as is_campaign,
        memory.main.share_of(j, 11) < 0.35 as is_offer_drawn
    from timed
), kept as (
    select *, memory.main.leaves(met) and j > memory.main.leaves_at(met) as has_left from met
), drawn as (
select
    i, epoch(day)::bigint + second as created_s, campaign, incident_country, is_answer, is_campaign,
    is_campaign or is_offer_drawn as is_offer, has_left,
    -- Who left gets nothing any more, but for what was sent by mistake and refused; somebody else got it.
    case when has_left and not is_answer and (memory.main.share_of(i, 10) >= 0.05
        and not memory.main.leaves(met + 1))
        then met + 1 else met end as c
from kept
), people as (
    select
        d.*, memory.main.account_of(c) as account, p.country, p.country_number, p.language, p.is_abroad,
            {_CONTACT} as contact,
        has_left and not is_answer and memory.main.leaves(c) as is_refused,
        make_timestamptz(created_s * 1000000) as date_created,
        hash(i * 64 + 20) as h, md5('large account ' || i) as sid
    from drawn d join memory.main.plan_places p on {_PLACE}
), sided as (
    select p.*, s.account_sid, s.sender as own_sender, s.messaging_service_sid as own_service,
    s.sender_type as own_type
    from people p
    join memory.main.plan_senders s on s.side = memory.main.side_of(
        account, is_offer, is_abroad, memory.main.slot_of(c, case when is_offer then 46 else 45 end,
            {SLOTS_OF_SENDER}))
), grouped as (
    select
        *, account * 100 + language * 10 + case
            when not is_answer then is_offer::integer
            when has_left then 3 else 2 end + case when is_answer and own_type = 'toll-free' then 2
                else 0 end as text_group
    from sided
), chosen as (
    select
        g.* exclude (country_number, text_group, is_campaign, campaign, has_left, language),
        t.head, t.tail, t.is_link, t.extra_units, t.encoding, t.keyword, t.revocation,
        t.revocation_language, t.template,
        o.status as outcome, o.error_code as outcome_code,
        case when account = 3 then o.euros else o.dollars end as price
    from grouped g
    join memory.main.texts t on t.text_key = memory.main.slot_of(i, 21, {SLOTS_OF_TEXT})
        + {SLOTS_OF_TEXT} * (g.text_group * 1000 + case
            when is_campaign and not is_answer then (campaign * 7) % memory.main.group_size(g.text_group)
            else floor(memory.main.group_size(g.text_group) * pow(memory.main.share_of(i, 22),
                1.8))::integer end)
    join memory.main.plan_outcomes o
        on o.outcome = g.country_number * {SLOTS_OF_OUTCOME} + memory.main.slot_of(i, 23, {SLOTS_OF_OUTCOME})
), ended as (
    select
        * exclude (outcome, outcome_code, head, tail, is_link), {_FILLED} as body,
        case
            when is_answer then 'received'
            when is_refused then 'failed'
            when incident_country = country and share < 0.3 then 'undelivered'
            when age < 1800 and share < 0.10 then 'queued'
            when age < 1800 and share < 0.15 and own_service is not null then 'accepted'
            when age < 3600 and share < 0.16 and own_service is not null then 'scheduled'
            when age < 10800 and share < 0.40 then 'sent'
            else outcome end as status,
        case
            when is_answer then null when is_refused then 21610
            when incident_country = country and share < 0.3 then 30007
            when age < 10800 and share < 0.40 then null else outcome_code end as error_code,
        is_offer and not is_abroad and not is_answer and memory.main.slot_of(i, 25, 100) < 5 as is_mms
    from (
        select *, memory.main.share_of(i, 24) as share,
            memory.main.end_of_log() - created_s as age
        from chosen
    )
), counted as (
    select
        *, case when status in ('accepted', 'scheduled') then null else own_sender end as sender,
        case
            when is_mms then 1
            when encoding = 'GSM-7' then case when units <= 160 then 1 else (units + 152) // 153 end
            else case when units <= 70 then 1 else (units + 66) // 67 end end::integer as segments
    from (select *, length(body) + extra_units as units from ended)
)
select
    case when is_mms then 'MM' else 'SM' end || sid as message_sid, account_sid,
    own_service as messaging_service_sid,
    case when is_answer then 'inbound' else 'outbound-api' end as direction, not is_answer as is_outbound,
    status, memory.main.rank_of(status) as status_rank, error_code,
    case when is_answer then contact else sender end as from_address,
    case when is_answer then sender else contact end as to_address,
    sender, case when sender is not null then own_type end as sender_type, contact, country,
    'CW' || lower(hex(case when is_offer then offers else news end)) as conversation_id,
    body, keyword, revocation, revocation_language, encoding,
    case when status in ('accepted', 'scheduled') then 0 else segments end as segments,
    case when is_mms then 1 + h % 2 else 0 end::integer as media_count,
    case when status in ('queued', 'accepted', 'scheduled', 'canceled', 'failed') or (age < 10800
        and share < 0.5) then null
        else -(segments * case when is_answer then 0.0083 else price end
            * case when is_mms then 2.5 else 1 end)::decimal(12, 6) end as price,
    case when account = 3 then 'EUR' else 'USD' end as currency, date_created,
    case when is_answer then date_created
        when status in ('queued', 'accepted', 'scheduled', 'canceled', 'failed') then null
        else make_timestamptz((created_s + 1 + (h % 4)::bigint) * 1000000) end as date_sent,
    make_timestamptz((created_s + 2 + (h % 4 + (h >> 12) % 20)::bigint) * 1000000) as date_updated, template
from counted
join memory.main.person_ids using (c)
"""
_RECEIVED_AT = "date_trunc('day', date_created) + interval 1 day + interval 2 hours"
_OF_SPAN = "from lake.raw_messages where date_created >= $since and date_created < $until"
_INSERT_CONSENT = f"""
insert into lake.consent_events by name
select
    message_sid || ':' || kind as event_id, account_sid, contact as address,
    coalesce(messaging_service_sid, sender) as scope, kind,
    case when is_outbound then 'twilio-21610' else 'keyword' end as source,
    case when is_outbound then 'Twilio refused the message (21610).' end as evidence,
    message_sid, date_created as happened_at, {_RECEIVED_AT} as recorded_at, sender as said_to
from (select *, case when not is_outbound then keyword when error_code = 21610
    then 'opt-out' end as kind {_OF_SPAN})
where kind is not null
order by date_created
"""
#: What was in flight when its day was read first, and had ended at the next sync.
_INSERT_STATUSES = f"""
insert into lake.status_events by name
select message_sid, account_sid, status, error_code, 'sync' as source, {_RECEIVED_AT} as received_at
{_OF_SPAN} and is_outbound and status not in ('queued', 'accepted', 'scheduled')
    and hash(message_sid) % 300 = 0
order by date_created
"""
_INSERT_MEDIA = f"""
insert into lake.media by name
select
    'ME' || md5(message_sid || n) as media_sid, message_sid, account_sid, 'image/jpeg' as content_type,
    date_created, date_created as date_updated, {_RECEIVED_AT} as read_at
from (select * {_OF_SPAN} and media_count > 0), range(2) r(n)
where n < media_count
order by date_created
"""
_INSERT_LISTINGS = f"""
insert into lake.media_listings by name
select
    message_sid, account_sid, media_count as files, media_count as expected, 1 as attempts,
    {_RECEIVED_AT} as listed_at
{_OF_SPAN} and media_count > 0 order by date_created
"""
_INSERT_WINDOWS = f"""
insert into lake.sync_windows by name
select account_sid, day::date as day, (day + 1)::timestamp at time zone 'UTC' + interval 2 hours as read_from,
    coalesce(w.rows, 0) as rows, (day + 1)::timestamp at time zone 'UTC' + interval 130 minutes as finished_at
from (
    select unnest($accounts::varchar[]) as account_sid, day
    from memory.main.plan_days where number >= $first and number < $after
) days left join (
    select account_sid, cast(date_created as date) as day, count(*) as rows {_OF_SPAN} group by all
) w using (account_sid, day)
order by day
"""


def _save_account(cursor: duckdb.DuckDBPyConnection, until: date) -> None:
    """What a sync keeps of the account around its messages: subaccounts, senders, services, runs."""
    midnight = datetime.combine(until, datetime.min.time(), UTC)
    read_at = midnight + timedelta(hours=2)
    _name_without_sender(cursor, midnight - timedelta(days=1))
    for number, sid in enumerate(ACCOUNT_SIDS):
        cursor.execute(
            "insert into accounts values (?, ?, 'active', 'Full', ?, ?, ?)",
            [sid, f"Account {number + 1}", CURRENCIES[number], read_at, ACCOUNT_SIDS[0]],
        )
        cursor.execute("insert into membership_reads values (?, ?)", [sid, read_at])
        cursor.execute(
            "insert into sync_starts select ?, min(day) from sync_windows where account_sid = ?", [sid, sid]
        )
    for sql in _ACCOUNT_SQL:
        cursor.execute(sql, {"read_at": read_at})


_ACCOUNT_SQL = (
    """
    insert into senders by name
    select distinct account_sid, sender, 'PN' || md5(sender) as sender_sid, sender_type,
        sender as friendly_name,
        'US' as country, true as can_sms, true as can_mms, messaging_service_sid, $read_at as read_at
    from memory.main.plan_senders
    """,
    """
    insert into messaging_services by name
    select distinct account_sid, messaging_service_sid, 'Service ' || right(messaging_service_sid,
        1) as friendly_name,
        $read_at as read_at
    from memory.main.plan_senders where messaging_service_sid is not null
    """,
    """
    insert into membership_spans by name
    select account_sid, sender, messaging_service_sid, min(date_created) as first_seen_at
    from raw_messages where sender is not null and messaging_service_sid is not null and $read_at is not null
    group by all
    """,
    """
    insert into sync_runs by name
    select md5(account_sid || day) as run_id, account_sid, read_from as started_at, finished_at,
        'done' as outcome,
        rows as listed, rows as added, 0 as changed, rows // 1000 + 1 as requests
    from sync_windows where $read_at is not null
    """,
)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main(arguments: list[str]) -> None:
    from workbench.settings import load_settings

    home, messages = Path(arguments[0]).resolve(), int(arguments[1])
    began = time.perf_counter()
    number = fill_account(load_settings({"WORKBENCH_HOME": str(home)}), messages, datetime.now(UTC).date())
    seconds = time.perf_counter() - began
    print(
        json.dumps({"messages": number, "seconds": round(seconds, 1), "per_second": round(number / seconds)})
    )


if __name__ == "__main__":
    main(sys.argv[1:])

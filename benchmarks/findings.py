"""``python -m benchmarks.findings``: 38 kinds of problems, and whether findings name them.

Two months of an ordinary account are made from a seed: a rhythm of days and hours, senders, countries and
days that differ by more than chance. One problem is planted into the second month; the rules of the product
look at that month through the metrics' own SQL, on tables of an engine in memory. A problem counts as found
if one of the first five findings names it: the subject and, where it has any, the day and the code. A false
finding is a bad one on an account without any problem.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.display.periods import Period
from workbench.findings.find import find_findings
from workbench.findings.finding import Finding
from workbench.metrics import MetricResult
from workbench.metrics.no_answer import is_of_inbound
from workbench.metrics.run import query_metric
from workbench.metrics.text_outcomes import query_text_outcomes

FIRST = date(2025, 1, 6)
DAYS = 60
MONTH = Period(FIRST + timedelta(days=30), FIRST + timedelta(days=60))
A_DAY = 400
SHOWN = 5
SENDERS = {
    "+12025550110": ("long code", "MG1", 0.28), "+12025550111": ("long code", "MG1", 0.22),
    "+12025550112": ("long code", "MG1", 0.14), "+12025550113": ("long code", "MG2", 0.08),
    "+18445550114": ("toll-free", "MG2", 0.1), "55501": ("short code", "MG3", 0.1),
    "ACME": ("alphanumeric", "MG3", 0.05), "whatsapp:+12025550119": ("whatsapp", None, 0.03),
}  # fmt: skip
COUNTRIES = {
    "US": (0.7, 0.0083),
    "CA": (0.1, 0.0083),
    "GB": (0.08, 0.04),
    "MX": (0.07, 0.05),
    "IN": (0.05, 0.06),
}
CODES = {30003: 0.45, 30005: 0.3, 30008: 0.15, 30007: 0.1}
TEXTS = (
    "Your order is on its way.", "We have your parcel.", "Your table is booked.", "See you at the clinic.",
    "Your car is ready.", "Cheap loans today, click here", "Thanks for your visit.", "Your code has expired.",
)  # fmt: skip
BAD_DAY = 48
"""The day of problems that have one, counted from FIRST."""
BAD_DATE = FIRST + timedelta(days=BAD_DAY)

Mask = npt.NDArray[np.bool_]


class Account:
    """Messages of two months, and how to spoil some of them."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        rng = self.rng
        week = np.where((np.arange(DAYS) + FIRST.weekday()) % 7 >= 5, 0.6, 1.0)
        numbers = rng.poisson(A_DAY * week * rng.lognormal(0, 0.1, DAYS))
        day = np.repeat(np.arange(DAYS), numbers)
        number = len(day)
        hour = rng.choice(24, number, p=_hours())
        second = rng.integers(0, 3600, number)
        sender = rng.choice(list(SENDERS), number, p=[each[2] for each in SENDERS.values()])
        country = rng.choice(list(COUNTRIES), number, p=[each[0] for each in COUNTRIES.values()])
        created = pd.to_datetime(
            int(_start().timestamp()) + day * 86_400 + hour * 3600 + second, unit="s", utc=True
        )
        self.messages = pd.DataFrame(
            {
                "account_sid": np.where(rng.random(number) < 0.15, "AC2", "AC1"), "sender": sender,
                "sender_type": [SENDERS[each][0] for each in sender],
                "messaging_service_sid": [SENDERS[each][1] for each in sender],
                "country": country, "direction": "outbound-api", "is_outbound": True, "is_final": True,
                "status": "delivered", "error_code": pd.array([None] * number, "Int64"), "keyword": None,
                "encoding": np.where(rng.random(number) < 0.02, "UCS-2", "GSM-7"), "segments": 1,
                "media_count": (rng.random(number) < 0.05).astype(int), "currency": "USD",
                "spend": [COUNTRIES[each][1] for each in country], "date_created": created,
                "date_sent": created + pd.to_timedelta(rng.integers(0, 4, number), unit="s"),
                "contact": [f"+1415555{each:04d}" for each in rng.integers(0, 5_000, number)],
                "body": rng.choice(TEXTS, number),
                "mps_limit": 10.0, "after_opt_out": False, "in_quiet_hours": False, "is_late": False,
            }
        )  # fmt: skip
        # From numbers of its own, so that each problem has the same messages as before.
        arrivals = np.random.default_rng(seed).integers(1, 20, number)
        receipts = self.messages["date_sent"] + pd.to_timedelta(arrivals, unit="s")
        self.messages["delivered_seen_at"] = receipts
        self._fail_as_usual(day)
        self._some_opt_out()

    def _fail_as_usual(self, day: npt.NDArray[np.int64]) -> None:
        rng, rows = self.rng, self.messages
        by_sender = dict(zip(SENDERS, rng.lognormal(0, 0.2, len(SENDERS)), strict=True))
        by_country = dict(zip(COUNTRIES, rng.lognormal(0, 0.25, len(COUNTRIES)), strict=True))
        chance = 0.04 * rng.lognormal(0, 0.2, DAYS)[day]
        chance = chance * rows["sender"].map(by_sender) * rows["country"].map(by_country)
        self.fail(rng.random(len(rows)) < chance)
        self.messages.loc[(rng.random(len(rows)) < 0.01) & (rows["status"] == "delivered"), "status"] = "sent"

    def _some_opt_out(self) -> None:
        number = int(0.003 * len(self.messages))
        rows = self.messages.sample(number, random_state=int(self.rng.integers(1_000_000)))
        self.stop(rows)

    def stop(self, rows: pd.DataFrame) -> None:
        """As many people as rows write STOP on the days of these rows."""
        inbound = rows.assign(
            direction="inbound", is_outbound=False, status="received", error_code=pd.NA, keyword="opt-out",
            contact=[f"+1415666{each:06d}" for each in self.rng.integers(0, 999_999, len(rows))],
        )  # fmt: skip
        self.messages = pd.concat([self.messages, inbound], ignore_index=True)

    def days(self, first: int = 30, last: int = DAYS) -> Mask:
        day = (self.messages["date_created"] - pd.Timestamp(_start())).dt.days
        return np.array((day >= first) & (day < last) & self.messages["is_outbound"])

    def is_in(self, column: str, *values: object) -> Mask:
        return np.array(self.messages[column].isin(values))

    def some(self, mask: Mask, share: float) -> Mask:
        return mask & (self.rng.random(len(self.messages)) < share)

    def fail(self, mask: Mask, code: int | None = None, status: str = "undelivered") -> None:
        number = int(mask.sum())
        self.messages.loc[mask, "status"] = status
        codes = self.rng.choice(list(CODES), number, p=list(CODES.values())) if code is None else code
        self.messages.loc[mask, "error_code"] = codes

    def change(self, mask: Mask, **columns: Any) -> None:
        for name, value in columns.items():
            self.messages.loc[mask, name] = value(self.messages.loc[mask, name]) if callable(value) else value


def _start() -> datetime:
    return datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC)


def _hours() -> list[float]:
    shape = np.array([1 + 6 * (8 <= hour < 20) for hour in range(24)], float)
    return list(shape / shape.sum())


@dataclass(frozen=True)
class Problem:
    """What is planted, and words of which one set must stand in a finding."""

    name: str
    plant: Callable[[Account], None]
    words: Sequence[Sequence[str]]


def _fails(
    code: int | None, share: float, first: int, last: int, **where: object
) -> Callable[[Account], None]:
    def plant(account: Account) -> None:
        mask = account.days(first, last)
        for column, value in where.items():
            mask &= account.is_in(column, *(value if isinstance(value, tuple) else (value,)))
        account.fail(account.some(mask, share), code)

    return plant


def _at_limit(account: Account) -> None:
    rows = account.messages[account.days() & account.is_in("sender", "55501")].head(1_200)
    start = pd.Timestamp(BAD_DATE, tz="UTC") + pd.Timedelta(hours=12)
    moments = start + pd.to_timedelta(np.arange(len(rows)), unit="s")
    account.change(account.is_in("sender", "55501"), mps_limit=1.0, account_sid="AC1")
    account.messages.loc[rows.index, ["date_created", "date_sent"]] = np.array([moments, moments]).T


def _queue(account: Account) -> None:
    mask = account.days() & account.is_in("messaging_service_sid", "MG2")
    waits = pd.to_timedelta(account.rng.integers(60, 400, int(mask.sum())), unit="s")
    account.messages.loc[mask, "date_sent"] = account.messages.loc[mask, "date_created"] + waits


def _late_receipts(account: Account) -> None:
    mask = account.days() & account.is_in("country", "CA")
    delays = pd.to_timedelta(account.rng.integers(60, 900, int(mask.sum())), unit="s")
    account.messages.loc[mask, "delivered_seen_at"] = account.messages.loc[mask, "date_sent"] + delays


def _quiet_day(account: Account) -> None:
    gone = account.some(account.days(BAD_DAY, BAD_DAY + 1), 0.95)
    account.messages = account.messages[~gone].reset_index(drop=True)


def _copies(account: Account, mask: Mask, times: int, **columns: Any) -> None:
    rows = account.messages[mask].assign(**columns)
    account.messages = pd.concat([account.messages, *[rows] * times], ignore_index=True)


def _stop_on_a_day(account: Account) -> None:
    account.stop(account.messages[account.days(BAD_DAY, BAD_DAY + 1)].head(40))


def _stop_all_month(account: Account) -> None:
    account.stop(account.messages[account.days()].sample(90, random_state=1))


def _long_texts(account: Account) -> None:
    mask = account.some(account.days(), 0.3)
    account.change(mask, segments=3, spend=lambda spend: spend * 3)


def _accents(account: Account) -> None:
    mask = account.days() & account.is_in("body", TEXTS[3])
    account.change(mask, encoding="UCS-2", segments=2, spend=lambda spend: spend * 2)


def _dearer(account: Account) -> None:
    account.change(account.days() & account.is_in("country", "US"), spend=lambda spend: spend * 1.5)


def _dearer_abroad(account: Account) -> None:
    account.change(account.days() & account.is_in("country", "MX"), spend=lambda spend: spend * 1.4)


def _new_country(account: Account) -> None:
    _copies(account, account.some(account.days(), 0.05), 1, country="LV", spend=0.11)


def _twice(account: Account) -> None:
    _copies(account, account.days(BAD_DAY, BAD_DAY + 1), 4)


def _stuck(account: Account) -> None:
    mask = account.some(account.days(36, 44), 0.2)
    account.change(mask, status="queued", is_final=False, error_code=pd.NA)


def _no_receipts(first: int, share: float, **where: object) -> Callable[[Account], None]:
    def plant(account: Account) -> None:
        mask = account.some(account.days(first), share)
        for column, value in where.items():
            mask &= account.is_in(column, value)
        account.change(mask, status="sent", error_code=pd.NA)

    return plant


def _marked(column: str, share: float) -> Callable[[Account], None]:
    """Some messages that an audit finds; whether its view finds them is tested with the view."""

    def plant(account: Account) -> None:
        account.change(account.some(account.days(), share), **{column: True})

    return plant


def _late_requests(account: Account) -> None:
    rows = account.messages[account.days()].sample(4, random_state=1)
    written = rows.assign(direction="inbound", is_outbound=False, status="received", is_late=True)
    account.messages = pd.concat([account.messages, written], ignore_index=True)


def _hour(account: Account) -> None:
    mask = account.days() & (account.messages["date_created"].dt.hour == 3).to_numpy()
    account.fail(account.some(mask, 0.7), 30008)


#: What an audit's view has, by the mark of its planted messages.
AUDITED = {
    "audit_after_opt_out": "after_opt_out",
    "audit_quiet_hours": "in_quiet_hours",
    "revocations": "is_late",
}
DAY = f"{BAD_DATE.day} {BAD_DATE:%b}"
PROBLEMS = (
    Problem("a sender always fails", _fails(30034, 0.5, 0, 60, sender="+12025550113"),
            [("+12025550113", "30034")]),
    Problem("a sender breaks in mid-month", _fails(30008, 0.5, 45, 60, sender="+12025550112"),
            [("+12025550112",)]),
    Problem("a sender fails on one day", _fails(30003, 0.7, BAD_DAY, BAD_DAY + 1, sender="+12025550110"),
            [("+12025550110", DAY)]),
    Problem("unregistered senders", _fails(30034, 0.5, 0, 60, sender=("+12025550111", "+12025550112",
            "+12025550113")), [("30034", "+12025550111", "+12025550112", "+12025550113")]),
    Problem("toll-free not verified", _fails(30032, 0.5, 0, 60, sender="+18445550114"),
            [("+18445550114", "30032")]),
    Problem("a country is blocked", _fails(21408, 0.9, 0, 60, country="MX"), [("MX", "21408")]),
    Problem("a country is blocked since a day", _fails(30410, 0.6, 45, 60, country="GB"), [("GB",)]),
    Problem("a country fails more than others", _fails(30003, 0.2, 0, 60, country="IN"), [("IN",)]),
    Problem("a template is filtered", _fails(30007, 0.4, 30, 60, body=TEXTS[5]), [("30007", TEXTS[5])]),
    Problem("a template is filtered on a day", _fails(30007, 0.9, BAD_DAY, BAD_DAY + 1, body=TEXTS[5]),
            [("30007", DAY)]),
    Problem("carrier outage on one day", _fails(30008, 0.25, BAD_DAY, BAD_DAY + 1), [(DAY,)]),
    Problem("carrier outage of three days", _fails(30008, 0.2, BAD_DAY, BAD_DAY + 3), [(DAY,)]),
    Problem("a list of landlines", _fails(30006, 0.5, BAD_DAY, BAD_DAY + 1, sender="+12025550111"),
            [("30006", DAY), ("+12025550111", DAY)]),
    Problem("messages to people who opted out", _fails(21610, 0.02, 30, 60), [("21610",)]),
    Problem("MMS fail", _fails(30003, 0.5, 0, 60, media_count=1), [("MMS",)]),
    Problem("WhatsApp fails", _fails(63016, 0.5, 0, 60, sender_type="whatsapp"), [("whatsapp", "63016")]),
    Problem("a service fails", _fails(30005, 0.25, 30, 60, messaging_service_sid="MG3"), [("MG3",)]),
    Problem("a subaccount fails", _fails(30003, 0.2, 0, 60, account_sid="AC2"), [("AC2",)]),
    Problem("failures rise slowly", _fails(30003, 0.05, 40, 60),
            [("All messages", "since"), ("30003", "since")]),
    Problem("no receipts from a country", _no_receipts(0, 0.3, country="IN"), [("IN", "without a receipt")]),
    Problem("no receipts since a day", _no_receipts(48, 0.2), [("without a receipt", "since")]),
    Problem("a service queues", _queue, [("MG2", "left within"), ("+18445550114", "left within")]),
    Problem("a sender at its limit", _at_limit, [("55501", "at its limit")]),
    Problem("receipts come late", _late_receipts, [("CA", "receipts came within")]),
    Problem("messages stuck in flight", _stuck, [("in flight",)]),
    Problem("hardly any message on a day", _quiet_day, [("Only", DAY)]),
    Problem("five times the messages on a day", _twice, [("messages on", DAY)]),
    Problem("opt-out wave on a day", _stop_on_a_day, [("opted out on", DAY)]),
    Problem("opt-outs rise", _stop_all_month, [("More people opted out",)]),
    Problem("a price rises", _dearer, [("A message costs more", "US"), ("Spend rose",)]),
    Problem("a price rises abroad", _dearer_abroad, [("A message costs more", "MX")]),
    Problem("a new expensive country", _new_country, [("LV",)]),
    Problem("texts become long", _long_texts, [("segments per message",)]),
    Problem("a template in UCS-2", _accents, [("Special characters",)]),
    Problem("an hour fails", _hour, [("03:00",)]),
    Problem("messages after an opt-out", _marked("after_opt_out", 0.001), [("sent after an opt-out",)]),
    Problem("sends in quiet hours", _marked("in_quiet_hours", 0.02), [("sent in quiet hours",)]),
    Problem("opt-out requests past the deadline", _late_requests, [("past the deadline",)]),
)  # fmt: skip


@dataclass(frozen=True)
class MemoryReader:
    """The numbers of an account in memory."""

    connection: duckdb.DuckDBPyConnection
    period: Period
    known_since: date = FIRST
    answers: dict[Any, MetricResult] = field(default_factory=dict)

    def held_days(self, since: date, *, is_over: bool) -> frozenset[date]:
        days = Period(max(since, self.known_since), self.period.until).days
        return frozenset(days)

    @property
    def previous(self) -> MemoryReader:
        return self.over(self.period.previous)

    def over(self, period: Period) -> MemoryReader:
        return replace(self, period=period)

    def rows(self, sql: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql, parameters).fetchall()

    def value(self, sql: str, parameters: Any = None) -> Any:
        return self.rows(sql, parameters)[0][0]

    def frame(self, sql: str, parameters: Any = None) -> pd.DataFrame:
        return self.connection.execute(sql, parameters).df()

    def metric(
        self, name: str, by: Sequence[str] = (), where: Mapping[str, Any] | None = None
    ) -> MetricResult:
        narrowed = {**({} if is_of_inbound(name) else {"direction": ["outbound-api"]}), **(where or {})}
        period = self.period
        return query_metric(self, name, by, narrowed, period.since, period.until, timezone="UTC")

    def text_outcomes(self) -> pd.DataFrame:
        where = {"direction": ["outbound-api"]}
        return query_text_outcomes(self, where, self.period.since, self.period.until)

    def label(self, dimension: str, value: Any) -> str:
        return str(value)

    def token(self, dimension: str, value: Any) -> str:
        return str(value)


def look_at(account: Account) -> list[Finding]:
    """What the product says of the second month."""
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        connection.register("incoming", account.messages.assign(template=account.messages["body"]))
        for name in ("message_facts", "sending_facts", "delivery_facts"):
            connection.execute(f"create table {name} as from incoming")
        for name, condition in AUDITED.items():
            connection.execute(f"create table {name} as from incoming where {condition}")
        return find_findings(MemoryReader(connection, MONTH))


def place_of(problem: Problem, findings: Sequence[Finding]) -> int | None:
    """At which place, from 1, a problem is named."""
    for place, finding in enumerate(findings, 1):
        text = f"{finding.title} {finding.text} {dict(finding.query)}"
        if any(all(word in text for word in words) for words in problem.words):
            return place
    return None


@dataclass(frozen=True)
class Searched:
    """Where each planted problem was named, and the bad findings of accounts without one."""

    places: Mapping[str, int | None]
    false: Sequence[str]
    together: float

    @property
    def missed(self) -> list[str]:
        return [name for name, place in self.places.items() if place is None or place > SHOWN]


def search(seed: int, clean: int, *, with_pairs: bool = True) -> Searched:
    """Plant each problem alone, some together, and none."""
    places = {}
    for number, problem in enumerate(PROBLEMS):
        account = Account(seed + number)
        problem.plant(account)
        places[problem.name] = place_of(problem, look_at(account))
    false = [
        finding.title for number in range(clean) for finding in look_at(Account(seed + 1_000 + number))
        if finding.sense == "bad"
    ]  # fmt: skip
    pairs = list(zip(PROBLEMS[::2], PROBLEMS[1::2], strict=False)) if with_pairs else []
    named = []
    for number, pair in enumerate(pairs):
        account = Account(seed + 2_000 + number)
        for problem in pair:
            problem.plant(account)
        findings = look_at(account)[:SHOWN]
        named += [place_of(problem, findings) is not None for problem in pair]
    return Searched(places, false, sum(named) / len(named) if named else 1.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--clean", type=int, default=20, help="accounts without a problem")
    parser.add_argument("--show", help="print the findings of this problem, or of `none`")
    given = parser.parse_args()
    if given.show:
        account = Account(given.seed)
        for problem in PROBLEMS:
            if problem.name == given.show:
                problem.plant(account)
        for finding in look_at(account):
            print(f"{finding.sense:<8}{finding.weight:.4f}  {finding.title}\n        {finding.text}")
        return
    began = time.monotonic()
    searched = search(given.seed, given.clean)
    for name, place in searched.places.items():
        print(f"{name:<36}{'missed' if place is None else place}")
    found = len(PROBLEMS) - len(searched.missed)
    print(f"found in the first {SHOWN} lines: {found} of {len(PROBLEMS)}; in pairs {searched.together:.0%}")
    print(f"false findings on {given.clean} accounts without a problem: {len(searched.false)}")
    print("\n".join(f"  {title}" for title in searched.false))
    print(f"{time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()

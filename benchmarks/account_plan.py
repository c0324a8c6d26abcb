"""What a large account is made of: its senders, where its people live, what it pays, what fails, its days.

Everything here is a small table; :mod:`benchmarks.large_account` draws each message from them. The columns of
a text that the product works out (encoding, keyword, revocation, country, kind of sender) are worked out by
the product's own functions here, once for each text or block of numbers.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from typing import Any

import pyarrow as pa

from benchmarks.account_texts import ACCOUNTS, NAMES, inbound_texts, items_of, outbound_texts
from workbench.messaging.addresses import address_kind, country
from workbench.messaging.keywords import keyword
from workbench.messaging.revocations import Revocation, find_revocation
from workbench.messaging.segments import encoding_of
from workbench.messaging.status import status_rank

LANGUAGES = ("en", "es", "fr", "de", "pt", "pl")
SLOTS_OF_TEXT = 24
"""How many ways the names and things of a text are filled in; numbers, codes
and links differ in each message."""
SLOTS_OF_SENDER = 12
STEPS_OF_DAY = 1_440
ACCOUNT_SIDS = tuple(f"AC{account:032x}" for account in range(0xA1, 0xA1 + ACCOUNTS))
CURRENCIES = ("USD", "USD", "USD", "EUR")
_SEED = 20_261

_AREAS = """
    201 202 203 205 206 207 208 209 210 212 213 214 215 216 217 218 219 224 225 228 229 231 234 239 240
    248 251 252 253 254 256 260 262 267 269 270 276 281 301 302 303 304 305 307 308 309 310 312 313 314
    315 316 317 318 319 320 321 323 330 334 336 337 339 352 360 361 386 401 402 404 405 406 407 408 409
    410 412 413 414 415 417 419 423 425 430 432 434 435 440 443 469 478 479 480 501 502 503 504 505 507
    508 509 510 512 513 515 516 517 518 520 530 540 541 559 561 562 563 570 571 573 574 580 585 586 601
    602 603 605 606 607 608 609 610 612 614 615 616 617 618 619 620 623 626 630 631 636 650 651 660 661
    662 678 701 702 703 704 706 707 708 712 713 714 715 716 717 718 719 720 724 727 731 732 734 740 754
    757 760 763 765 770 772 773 775 781 785 786 801 802 803 804 805 806 808 810 812 813 814 815 816 817
    818 828 830 831 832 843 845 847 850 856 858 859 860 863 864 865 870 901 903 904 906 907 908 909 910
    912 913 914 915 916 918
""".split()  # noqa: SIM905
#: Share of the people of a place, its numbers (prefix, first, how many), languages in parts of ten.
_PLACES: tuple[tuple[float, tuple[tuple[str, int, int], ...], str], ...] = (
    (0.66, tuple((f"+1{area}", 2_000_000, 7_999_993) for area in _AREAS), "eeeeeeeees"),
    (0.09, tuple((f"+1{area}", 2_000_000, 7_999_993) for area in (204, 403, 416, 418, 514, 604, 613, 780,
        902)),
     "eeeeeeefff"),
    (0.07, tuple((f"+447{block}", 100_000, 899_981) for block in range(710, 780)), "eeeeeeeeee"),
    (0.05, tuple((f"+4915{block}", 10_000_000, 89_999_999) for block in (1, 2, 7)), "dddddddddd"),
    (0.04, (("+336", 10_000_000, 89_999_999), ("+337", 50_000_000, 39_999_983)), "ffffffffff"),
    (0.03, (("+5255", 10_000_000, 79_999_987), ("+5233", 10_000_000, 79_999_987)), "ssssssssss"),
    (0.02, (("+346", 10_000_000, 89_999_999),), "ssssssssss"),
    (0.02, (("+55119", 10_000_000, 89_999_999),), "pppppppppp"),
    (0.01, (("+4851", 1_000_000, 8_999_993),), "llllllllll"),
    (0.01, (("+614", 10_000_000, 89_999_999),), "eeeeeeeeee"),
)  # fmt: skip
_LANGUAGE_OF = {"e": 0, "s": 1, "f": 2, "d": 3, "p": 4, "l": 5}
_SLOTS_OF_PLACE = 1_000

#: Twilio's price of an outbound segment, and how often it is not delivered, by country.
_COUNTRIES = {
    "US": (0.0083, 0.035), "CA": (0.0083, 0.03), "GB": (0.0463, 0.02), "DE": (0.0883, 0.03), "FR": (0.0798,
        0.03),
    "MX": (0.0617, 0.09), "ES": (0.0772, 0.04), "BR": (0.0599, 0.11), "PL": (0.0439, 0.03), "AU": (0.0515,
        0.02),
}  # fmt: skip
_OTHER_COUNTRY = (0.0712, 0.05)
SLOTS_OF_OUTCOME = 2_000
_FAILURES = (
    ("undelivered", 30003, 0.30), ("undelivered", 30005, 0.22), ("undelivered", 30006, 0.13),
    ("undelivered", 30007, 0.12), ("undelivered", 30008, 0.13), ("failed", 30034, 0.05),
    ("failed", 21211, 0.02), ("failed", 30410, 0.02), ("failed", 21408, 0.01),
)  # fmt: skip


def text_table() -> pa.Table:
    """A row for each text and way to fill in names and things; `first`
    and `number` of its group tell it apart."""
    groups: dict[tuple[int, int, int], list[str]] = {}
    for text in outbound_texts(_SEED):
        key = (text.account, LANGUAGES.index(text.language), 1 if text.is_offer else 0)
        groups.setdefault(key, []).append(text.text)
    for account in range(ACCOUNTS):
        for said in inbound_texts():
            for is_toll_free in (False, True):
                kind = (3 if said.is_stop else 2) + (2 if is_toll_free else 0)
                groups.setdefault((account, LANGUAGES.index(said.language), kind), []).append(said.text)
    rows = []
    for (account, language, kind), texts in sorted(groups.items()):
        group = account * 100 + language * 10 + kind
        for number, text in enumerate(texts):
            for slot in range(SLOTS_OF_TEXT):
                rows.append(_text_row(group, len(texts), number, slot, _filled(text, language, slot), kind))
    return pa.Table.from_pylist(rows)


def _filled(text: str, language: int, slot: int) -> str:
    """The text with all blanks filled but one, which differs in each message: that one is `{code}`
    or `{link}`."""
    items = items_of(LANGUAGES[language])
    text = text.replace("{item}", items[slot % len(items)]).replace("{name}", NAMES[slot % len(NAMES)])
    kept = "{link}" if "{link}" in text else "{code}"
    if kept == "{code}":
        text = text.replace("{number}", "{code}", 0 if "{code}" in text else 1)
    filled = {
        "{number}": str(10_000 + slot * 977), "{amount}": f"{slot * 7 + 5}.{10 + slot * 3}",
        "{time}": f"{8 + slot % 12}:{10 + slot * 2}",
    }  # fmt: skip
    if kept != "{code}":
        filled["{code}"] = str(100_000 + slot * 31_337)
    for blank, value in filled.items():
        text = text.replace(blank, value)
    head, _, tail = text.partition(kept)
    return head + kept + tail.replace(kept, filled["{number}"]) if kept in text else text


def _text_row(group: int, group_size: int, number: int, slot: int, text: str, kind: int) -> dict[str, Any]:
    """Kinds: 0 news, 1 offer, 2 answer, 3 stop, and the last two once more for toll-free senders."""
    is_outbound, is_toll_free = kind < 2, kind > 3
    kept = "{link}" if "{link}" in text else "{code}"
    head, blank, tail = text.partition(kept)
    plain = text.replace(kept, "0")
    word, wish = (None, None) if is_outbound else _meaning(plain, is_toll_free)
    encoding = encoding_of(plain)
    doubled = sum(sign in "^\\[~]|€" if encoding == "GSM-7" else ord(sign) > 0xFFFF for sign in plain)
    return {
        "text_group": group, "group_size": group_size,
            "text_key": (group * 1_000 + number) * SLOTS_OF_TEXT + slot,
        "head": head, "tail": tail if blank else None, "is_link": kept == "{link}",
        "is_outbound": is_outbound, "extra_units": doubled, "encoding": encoding, "keyword": word,
        "revocation": wish.phrase if wish else None, "revocation_language": wish.language if wish else None,
    }  # fmt: skip


@cache
def _meaning(text: str, is_toll_free: bool) -> tuple[str | None, Revocation | None]:
    word = keyword(text, toll_free=is_toll_free)
    return word, None if word else find_revocation(text)


def place_table() -> pa.Table:
    """A thousand slots of people, each with a block of numbers and the language people write there."""
    countries = _countries()
    return pa.Table.from_pylist(
        [{**row, "country_number": countries.index(row["country"])} for row in _places()]
    )


def _countries() -> list[str]:
    return sorted({row["country"] for row in _places()})


@cache
def _places() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    chosen = random.Random(_SEED)
    for share, blocks, languages in _PLACES:
        for _ in range(round(share * _SLOTS_OF_PLACE)):
            prefix, first, size = blocks[len(rows) % len(blocks)]
            where = country(f"{prefix}{first + size // 2}")
            rows.append(
                {
                    "place": len(rows), "prefix": prefix, "first": first, "size": size, "country": where,
                    "language": _LANGUAGE_OF[chosen.choice(languages)],
                        "is_abroad": not prefix.startswith("+1"),
                }
            )  # fmt: skip
    return rows


def sender_table() -> pa.Table:
    """Fifty senders: who sends from which, by account, kind of message (news or offers), region and slot."""
    rows = []
    for account in range(ACCOUNTS):
        service, abroad_service = f"MG{account * 2 + 1:032x}", f"MG{account * 2 + 2:032x}"
        pool = [(f"+1{205 + 101 * account}55501{number:02}", service) for number in range(6)]
        toll_free = [(f"+1833555{account}{number:03}", None) for number in (101, 102)]
        short = [(f"{72_000 + account * 111 + number}", None) for number in range(2 if account < 2 else 1)]
        abroad = [(f"+4477009{account}0{number:03}", abroad_service) for number in (1, 2)]
        abroad.append((f"+4930{account}5550101", None))
        spread = {
            (0, 0): [*(pool * 2)[:8], *toll_free, *toll_free], (1, 0): [*short * 6][:6] + pool,
            (0, 1): abroad * 4, (1, 1): abroad[:2] * 6,
        }  # fmt: skip
        for (is_offer, is_abroad), senders in spread.items():
            for slot in range(SLOTS_OF_SENDER):
                sender, of_service = senders[slot % len(senders)]
                side = ((account * 2 + is_offer) * 2 + is_abroad) * SLOTS_OF_SENDER + slot
                rows.append(
                    {
                        "side": side, "account_sid": ACCOUNT_SIDS[account], "sender": sender,
                        "messaging_service_sid": of_service, "sender_type": address_kind(sender),
                    }
                )  # fmt: skip
    return pa.Table.from_pylist(rows)


@cache
def outcome_table() -> pa.Table:
    """How messages end and what a segment of theirs costs, by country, in slots of equal weight."""
    rows = []
    for at, where in enumerate(_countries()):
        price, rate = _COUNTRIES.get(where, _OTHER_COUNTRY)
        ends = [(status, code, rate * share) for status, code, share in _FAILURES]
        ends += [("sent", None, 0.012), ("canceled", None, 0.0005)]
        slots = [
            (status, code) for status, code, share in ends for _ in range(round(share * SLOTS_OF_OUTCOME))
        ]
        slots += [("delivered", None)] * (SLOTS_OF_OUTCOME - len(slots))
        rows += [
            {
                "outcome": at * SLOTS_OF_OUTCOME + number, "status": status, "error_code": code,
                "dollars": price, "euros": round(price * 0.92, 4),
            }
            for number, (status, code) in enumerate(slots)
        ]  # fmt: skip
    return pa.Table.from_pylist(rows)


def rank_sql() -> str:
    """The rank that the product gives each status, as an expression over `status`."""
    names = {
        "received",
        "queued",
        "accepted",
        "scheduled",
        *(row["status"] for row in outcome_table().to_pylist()),
    }
    whens = "".join(f" when '{name}' then {status_rank(name)}" for name in sorted(names))
    return f"case status{whens} end"


def group_sizes(texts: pa.Table) -> list[int]:
    """How many texts each group has, by its number."""
    sizes = dict(zip(texts["text_group"].to_pylist(), texts["group_size"].to_pylist(), strict=True))
    return [sizes.get(group, 0) for group in range(max(sizes) + 1)]


def day_table(messages: int, days: int, until: date) -> pa.Table:
    """The days before `until`, each with the numbers of its messages, its campaign and its incident,
    if any."""
    chosen = random.Random(_SEED)
    first = until - timedelta(days=days)
    weights = [_weight(first + timedelta(days=at), at / days, chosen) for at in range(days)]
    ends = [round(messages * math.fsum(weights[: at + 1]) / math.fsum(weights)) for at in range(days)]
    rows = []
    for at in range(days):
        day = first + timedelta(days=at)
        campaign = at if day.weekday() in (1, 3) else None
        incident = chosen.choice(list(_COUNTRIES)) if chosen.random() < 0.02 else None
        rows.append(
            {
                "number": at, "day": day, "first": ends[at - 1] if at else 0, "after": ends[at],
                "campaign": campaign, "incident_country": incident,
                "kind": (2 if campaign is not None else 0) + (1 if day.weekday() > 4 else 0),
            }
        )  # fmt: skip
    return pa.Table.from_pylist(rows)


def _weight(day: date, age: float, chosen: random.Random) -> float:
    """Growth to the double, a quieter weekend, December's rush, and chance."""
    weekday = (1.0, 1.35, 1.1, 1.4, 1.05, 0.55, 0.4)[day.weekday()]
    return (1 + age) * weekday * (1.5 if day.month == 12 else 1.0) * chosen.uniform(0.9, 1.1)


CAMPAIGN_HOUR = 16
"""In UTC: the hour in which a campaign's messages go out."""


def hour_table() -> pa.Table:
    """When the messages of a day come, by its kind: the seconds between which each 1,440th part of them
    lies."""
    rows = []
    for kind in range(4):
        is_weekend, has_campaign = kind % 2 == 1, kind > 1
        edges = list(_edges(is_weekend, has_campaign))
        rows += [
            {"kind": kind, "step": step, "begins": begins, "lasts": ends - begins}
            for step, (begins, ends) in enumerate(pairwise(edges))
        ]
    return pa.Table.from_pylist(rows)


def _edges(is_weekend: bool, has_campaign: bool) -> Iterator[float]:
    """The seconds of a day at which another 1,440th part of its messages has come."""
    weights = [
        0.15 + max(0.0, math.sin(math.pi * (minute / 60 - (12 if is_weekend else 9)) / 16)) * 3
        + (12.0 if has_campaign and minute // 60 == CAMPAIGN_HOUR else 0.0)
        for minute in range(STEPS_OF_DAY)
    ]  # fmt: skip
    total, done, minute = sum(weights), 0.0, 0
    for step in range(STEPS_OF_DAY):
        wanted = total * step / STEPS_OF_DAY
        while done + weights[minute] <= wanted:
            done += weights[minute]
            minute += 1
        yield 60 * (minute + (wanted - done) / weights[minute])
    yield 86_400.0

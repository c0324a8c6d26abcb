"""The account's true data, for tests to compare with: every row, counts, and the seeded breaches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from workbench.simulator.account.account import Account
from workbench.simulator.account.ledger import Ledger
from workbench.simulator.messages import BREACHES, FLAG_NAMES, OPT_OUT, REVOCATION, Message, settled_at
from workbench.simulator.traffic.templates import purpose_of


def truth_rows(ledger: Ledger, now: int) -> Iterator[dict[str, Any]]:
    """Every message as the API shows it at `now`, with data that the API does not show under `truth`."""
    for message in ledger.log.everything(now):
        yield ledger.rows.row(message, now) | {
            "truth": {
                "purpose": purpose_of(message.body),
                "settled": settled_at(message) <= now,
                "flags": flag_names(message),
            }
        }


def flag_names(message: Message) -> list[str]:
    """The names of a message's flags."""
    return [name for flag, name in FLAG_NAMES.items() if message.flags & flag]


def marked(account: Account, now: int, flags: int) -> Iterator[tuple[Ledger, Message]]:
    """Every message that has one of the flags and was sent (or received) by `now`."""
    for ledger in account.ledgers:
        for message in ledger.log.everything(now):
            if message.flags & flags and message.created + max(0, message.sent) <= now:
                yield ledger, message


def breaches(account: Account) -> dict[str, list[str]]:
    """SIDs of the seeded breaches by kind, as of now."""
    now = account.tick()
    sids: dict[str, list[str]] = {FLAG_NAMES[flag]: [] for flag in (*BREACHES, REVOCATION, OPT_OUT)}
    for ledger, message in marked(account, now, sum((*BREACHES, REVOCATION, OPT_OUT))):
        for name in flag_names(message):
            if name in sids:
                sids[name].append(ledger.rows.sid(message))
    return sids


def summary(account: Account) -> dict[str, Any]:
    """Counts of the account as of now: by account, status, direction, error code and breach."""
    now = account.tick()
    counts: dict[str, Counter[str]] = {
        name: Counter() for name in ("account", "status", "direction", "error_code")
    }
    for ledger in account.ledgers:
        for message in ledger.log.everything(now):
            row = ledger.rows.row(message, now)
            counts["account"][ledger.sid] += 1
            counts["status"][row["status"]] += 1
            counts["direction"][row["direction"]] += 1
            if row["error_code"]:
                counts["error_code"][str(row["error_code"])] += 1
    return {
        "messages": sum(counts["account"].values()),
        "deleted": sum(len(ledger.log.gone) for ledger in account.ledgers),
        **{f"by_{name}": dict(sorted(counter.items())) for name, counter in counts.items()},
        "breaches": {name: len(sids) for name, sids in breaches(account).items()},
    }

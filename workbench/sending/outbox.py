"""The outbox: intents in before the request, outcomes in after it; who may send a message and who may not.

All of it happens in transactions that the caller holds (:meth:`workbench.lake.connect.Lake.write`), and
only one such transaction runs at a time: of two senders that want the same message, one gets it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, get_args

import duckdb
import pyarrow as pa

from workbench.errors import UsageError
from workbench.lake.connect import Lake, Readable
from workbench.lake.consent import Side
from workbench.lake.conversation_ids import without_plain_ids
from workbench.messaging.addresses import mask
from workbench.sending.optouts import Forms, find_opt_outs

if TYPE_CHECKING:
    import pandas as pd

State = Literal["intended", "accepted", "refused", "unsent", "unclear"]
OPEN: tuple[State, ...] = ("intended", "unclear")
"""Nobody knows yet how it ended."""


@dataclass(frozen=True)
class Intent:
    """A row of `outbox_events` but for the time it was written; see the table for its fields."""

    key: str
    attempt: int
    state: State
    intended_at: datetime
    batch: str
    account_sid: str
    contact: str
    sender: str | None
    messaging_service_sid: str | None
    fingerprint: str | None
    segments: int
    media_count: int
    send_at: datetime | None
    price: Decimal | None
    currency: str | None
    actor: str
    owner: str
    message_sid: str | None = None
    error_code: int | None = None
    problem: str | None = None


def count_states(lake: Lake) -> dict[State, int]:
    """How many messages of the outbox have each state now."""
    rows = dict(lake.rows("select state, count(*) from outbox group by all"))
    return {state: rows.get(state, 0) for state in get_args(State)}


@dataclass(frozen=True)
class Claim:
    """What the outbox says to somebody who wants to send: `mine`, or why not."""

    answer: Literal["mine", "sent", "busy", "abandoned", "opted out"]
    intent: Intent
    """Ours, or the one in the way."""


IsAbandoned = Callable[[Intent], bool]
_COLUMNS = list(Intent.__dataclass_fields__)


def claim(
    cursor: duckdb.DuckDBPyConnection,
    wanted: Sequence[Intent],
    people: Mapping[str, Forms],
    side: Side,
    is_abandoned: IsAbandoned,
) -> list[Claim]:
    """Commit the intents that may be sent, in the caller's transaction; one answer for each.

    Args:
        wanted: new intents, `attempt` not settled yet.
        people: by contact, the forms of it that an opt-out may be recorded under.
        side: where they are sent from; see `find_suppressions`.
        is_abandoned: whether the process of an unfinished intent will not finish it.
    """
    latest = read_intents(cursor, [intent.key for intent in wanted])
    opt_outs = find_opt_outs(cursor, people, side)
    claims = []
    for intent in wanted:
        claims.append(_claim_of(intent, latest.get(intent.key), is_abandoned))
        if claims[-1].answer == "mine" and opt_outs[intent.contact]:
            claims[-1] = Claim("opted out", intent)
        if claims[-1].answer == "mine":
            # If the same key comes once more in this call, this intent is the latest of it.
            latest[intent.key] = claims[-1].intent
    append_events(cursor, [answer.intent for answer in claims if answer.answer == "mine"], now=None)
    return claims


def _claim_of(intent: Intent, latest: Intent | None, is_abandoned: IsAbandoned) -> Claim:
    if latest is None:
        return Claim("mine", replace(intent, attempt=1))
    if latest.state == "accepted":
        return Claim("sent", latest)
    if latest.state in OPEN:
        if latest.owner == intent.owner and latest.intended_at == intent.intended_at:
            return Claim("busy", latest)
        return Claim("abandoned" if is_abandoned(latest) else "busy", latest)
    return Claim("mine", replace(intent, attempt=latest.attempt + 1))


def append_events(cursor: duckdb.DuckDBPyConnection, intents: Sequence[Intent], now: datetime | None) -> None:
    """Add rows; `now` is when an outcome became known, None for an intent itself."""
    if not intents:
        return
    stored = cursor.execute("select * from outbox_events limit 0").to_arrow_table().schema
    rows = [{**asdict(intent), "happened_at": now or intent.intended_at} for intent in intents]
    cursor.register("new_events", pa.Table.from_pylist(rows, schema=stored))
    try:
        cursor.execute("insert into outbox_events select * from new_events")
    finally:
        cursor.unregister("new_events")


def read_intents(cursor: duckdb.DuckDBPyConnection, keys: Sequence[str]) -> dict[str, Intent]:
    """The latest of each key."""
    rows = cursor.execute(
        f"select {', '.join(_COLUMNS)} from outbox where key in (select unnest(?::varchar[]))",
        [list(keys)],
    ).fetchall()
    return {row[0]: _intent(row) for row in rows}


def read_open(cursor: duckdb.DuckDBPyConnection) -> list[Intent]:
    """Every intent whose end is not known, oldest first."""
    rows = cursor.execute(
        f"select {', '.join(_COLUMNS)} from outbox "
        "where state in ('intended', 'unclear') order by intended_at, key"
    ).fetchall()
    return [_intent(row) for row in rows]


def read_sids(cursor: duckdb.DuckDBPyConnection, contacts: Sequence[str]) -> set[str]:
    """SIDs of messages to these contacts that are known to be the outcome of an intent."""
    rows = cursor.execute(
        "select distinct message_sid from outbox_events "
        "where message_sid is not null and contact in (select unnest(?::varchar[]))",
        [list(contacts)],
    ).fetchall()
    return {row[0] for row in rows}


def read_day(cursor: duckdb.DuckDBPyConnection, now: datetime) -> tuple[int, dict[str, Decimal]]:
    """Messages that were or may have been sent in the 24 hours before `now`, their estimates by currency."""
    rows = cursor.execute(
        "select currency, count(*), coalesce(sum(price), 0) from outbox "
        "where state in ('accepted', 'intended', 'unclear') and intended_at > ?::timestamptz "
        "group by currency",
        [now - timedelta(hours=24)],
    ).fetchall()
    return sum(row[1] for row in rows), {row[0]: row[2] for row in rows if row[0]}


def has_batch(lake: Lake, batch: str) -> bool:
    """Whether something was begun to be sent in a batch of this name."""
    return bool(lake.rows("select 1 from outbox_events where batch = ? limit 1", [batch]))


def read_batch_state(lake: Lake, batch: str, fingerprint: str | None = None) -> State | None:
    """How the latest message of a batch stands, or of this text in it; None where nothing was begun."""
    if not has_batch(lake, batch):
        # Quicker than the view, and so it is of all that is only typed.
        return None
    return lake.value(  # type: ignore[no-any-return]
        "select state from outbox where batch = ? and coalesce(fingerprint = ?, true) "
        "order by intended_at desc limit 1",
        [batch, fingerprint],
    )


def find_older_reply_batch(lake: Lake, question: str, contacts: Sequence[str]) -> str | None:
    """The batch in which an older version answered a message, named by the conversation's plain id.

    Whoever was answered in it must not be answered with the same text once more.
    """
    return lake.value(  # type: ignore[no-any-return]
        "select batch from outbox_events where starts_with(batch, 'reply:CV') and ends_with(batch, ':' || ?) "
        "and contact in (select unnest(?::varchar[])) limit 1",
        [question, list(contacts)],
    )


def _intent(row: Sequence[Any]) -> Intent:
    return Intent(**dict(zip(_COLUMNS, row, strict=True)))


def read_frame(lake: Readable, state: str | None) -> pd.DataFrame:
    """The outbox as people see it, newest first: without whole numbers.

    Nor the intents' keys: by a key and the text, every number could be tried.

    Raises:
        UsageError: no such state.
    """
    if state is not None and state not in get_args(State):
        raise UsageError(f"The state is {state!r}; it is one of {', '.join(get_args(State))}.")
    import pandas as pd

    rows = lake.rows(
        "select intended_at, state, batch, contact, coalesce(sender, messaging_service_sid), segments, "
        "price, currency, send_at, message_sid, error_code, problem, attempt, actor from outbox "
        "where coalesce(state = ?, true) order by intended_at desc, key",
        [state],
    )
    # As objects: in a column with gaps pandas would make 21610 into 21610.0.
    frame = pd.DataFrame(rows, columns=_SHOWN, dtype=object)
    frame["contact"] = [mask(contact) for contact in frame["contact"]]
    frame["batch"] = [without_plain_ids(batch) for batch in frame["batch"]]
    return frame


_SHOWN = [
    "intended_at", "state", "batch", "contact", "sender", "segments", "price", "currency", "send_at",
    "message_sid", "error_code", "problem", "attempt", "actor",
]  # fmt: skip

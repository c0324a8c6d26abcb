"""Look-ups of whole numbers: each one is in the audit trail, and who may not reveal numbers has a limit.

Three digits of a number are hidden at least. Without a limit, somebody who may read masked numbers only could
look up all thousand numbers that a mask allows; with it that takes days, and stands in the trail.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString

from workbench.errors import NotAllowed
from workbench.lake.audit import append_audit
from workbench.lake.connect import Lake
from workbench.lake.number_context import read_number_context
from workbench.lake.shown_address import shown_address_sql
from workbench.messaging.addresses import mask
from workbench.messaging.number_search import person_addresses, shown_part, whole_number
from workbench.roles import Actor, require_role

ACTION = "number-lookup"

LIMITS = ((30, timedelta(minutes=10)), (100, timedelta(days=1)))
"""How many look-ups a user below the role `agent` has, and in what time. Agents may reveal any number."""


def look_up_number(lake: Lake, text: str, place: str, country: str | None = None) -> str | None:
    """The whole number in a search text, after the look-up was written to the audit trail.

    Call it once for what somebody typed, and give its answer to the searches.

    Args:
        text: what somebody searches.
        place: where, for the trail: `messages`, `inbox`, `contacts`.
        country: where numbers without a country code are, as US, if the settings say so.

    Returns:
        The address, or None where the text is no whole number; then nothing is written.

    Raises:
        NotAllowed: nobody is signed in, or the user's look-ups are used up; the message says until when.
    """
    if whole_number(text) is None and shown_part(text) is None:
        return None
    address = whole_number(text, read_number_context(lake, country))
    if address is None:
        return None
    user = require_role("viewer", "look up a number")

    def write(cursor: Any) -> None:
        now = datetime.now(UTC)
        if not user.may("agent"):
            _require_lookups_left(cursor, user, now)
        append_audit(cursor, ACTION, actor=user.actor, subject=mask(address), detail={"place": place}, at=now)

    lake.write(write)
    return address


def _require_lookups_left(cursor: Any, user: Actor, now: datetime) -> None:
    """Refuse the look-up if one of the limits is reached."""
    latest = [
        moment
        for (moment,) in cursor.execute(
            "select happened_at from audit_events where action = ? and actor = ? and happened_at > ? "
            "order by happened_at desc limit ?",
            [ACTION, user.actor, now - max(window for _, window in LIMITS), max(most for most, _ in LIMITS)],
        ).fetchall()
    ]
    for most, window in LIMITS:
        if len(latest) >= most and latest[most - 1] > now - window:
            again = (latest[most - 1] + window).astimezone(UTC)
            raise NotAllowed(
                f"{user.name} has looked up {most} whole numbers in {_duration(window)}, as many as the role "
                f"{user.role!r} may: the next is possible at {again:%H:%M} UTC on {again:%-d %b}. Digits "
                "that are shown can be searched at any time; who has the role 'agent' has no limit."
            )


def _duration(window: timedelta) -> str:
    return "a day" if window >= timedelta(days=1) else f"{window // timedelta(minutes=1)} minutes"


def shown_part_sql(columns: tuple[LiteralString, ...], parameter: LiteralString) -> LiteralString:
    """The condition that one of these address columns shows what a parameter holds (`shown_part`)."""
    return " or ".join(f"contains({shown_address_sql(column)}, {parameter})" for column in columns)


def person_sql(columns: tuple[LiteralString, ...], parameter: LiteralString) -> LiteralString:
    """The condition that one of these columns is an address of the person (`person_addresses`)."""
    return " or ".join(f"list_contains({parameter}::varchar[], {column})" for column in columns)


def number_conditions(
    text: str, number: str | None, columns: tuple[LiteralString, ...], parameters: dict[str, Any]
) -> list[LiteralString]:
    """The conditions by which a search text finds addresses in columns; their values go to `parameters`.

    Args:
        text: what somebody searches; it finds what is shown.
        number: the whole number in it, as :func:`look_up_number` gave it; without it none is found.
        columns: of addresses as the lake has them.
        parameters: gets `digits` and `person`.
    """
    conditions: list[LiteralString] = []
    if (part := shown_part(text)) is not None:
        parameters["digits"] = part
        conditions.append(shown_part_sql(columns, "$digits"))
    if number is not None:
        parameters["person"] = person_addresses(number)
        conditions.append(person_sql(columns, "$person"))
    return conditions

"""What the log shows of senders that no list has, and of a person's last message on a channel."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import duckdb

from workbench.messaging.person import person_of
from workbench.sending.optouts import Forms

_NEAREST = 3


def last_uses(
    cursor: duckdb.DuckDBPyConnection, account_sid: str, names: Collection[str]
) -> dict[str, datetime]:
    """When the account's log last shows each sender or messaging service in use; without those never seen.

    Somebody wrote to it, or a message left it. What came before Twilio stopped listing it does not count.
    """
    if not names:
        return {}
    rows = cursor.execute(
        """
        with used as (
            select unnest([sender, messaging_service_sid]) as name, date_created
            from message_facts
            where account_sid = $account and (not is_outbound or status not in ('failed', 'canceled'))
              and (sender in (select unnest($names::varchar[]))
                or messaging_service_sid in (select unnest($names::varchar[])))
        ),
        removed as (
            select sender as name, max(removed_at) as removed_at from senders
            where account_sid = $account group by all
            union all
            select messaging_service_sid, max(removed_at) from messaging_services
            where account_sid = $account group by all
        )
        select u.name, max(u.date_created) from used u
        left join removed r on r.name = u.name
        where u.name in (select unnest($names::varchar[]))
          and (r.removed_at is null or u.date_created > r.removed_at)
        group by all
        """,
        {"account": account_sid, "names": sorted(names)},
    ).fetchall()
    return dict(rows)


def nearest_senders(
    cursor: duckdb.DuckDBPyConnection, account_sid: str, name: str, listed: Collection[str]
) -> tuple[str, ...]:
    """The senders most like a name: listed ones and those that the log shows."""
    rows = cursor.execute(
        "select distinct sender from message_facts where account_sid = ? and sender is not null "
        "and (not is_outbound or status not in ('failed', 'canceled'))",
        [account_sid],
    ).fetchall()
    by_case = {sender.casefold(): sender for (sender,) in rows} | {each.casefold(): each for each in listed}
    close = difflib.get_close_matches(name.casefold(), sorted(by_case), n=_NEAREST)
    return tuple(by_case[each] for each in close if by_case[each] != name)


def delivered_countries(cursor: duckdb.DuckDBPyConnection, account_sid: str, sender: str) -> frozenset[str]:
    """The countries where messages of a sender are known to have arrived."""
    rows = cursor.execute(
        "select distinct country from message_facts where account_sid = ? and sender = ? and is_outbound "
        "and status in ('delivered', 'read') and country is not null",
        [account_sid, sender],
    ).fetchall()
    return frozenset(country for (country,) in rows)


def last_on_channel(
    cursor: duckdb.DuckDBPyConnection,
    people: Mapping[str, Forms],
    channel: str,
    our_names: Sequence[str],
    since: datetime,
) -> dict[str, datetime]:
    """When each contact last wrote on a channel to one of our senders or services, a keyword included.

    Args:
        people: the forms of each contact's address, on the channel.
        since: what is older is not looked for.
    """
    persons = sorted({person_of(form) for forms in people.values() for form in forms})
    last = dict(
        cursor.execute(
            "select person_of(contact) as person, max(date_created) from message_facts where not is_outbound "
            "and starts_with(contact, $channel || ':') and person_of(contact) in "
            "(select unnest($persons::varchar[])) and date_created >= $since::timestamptz "
            "and (sender in (select unnest($names::varchar[])) "
            "     or messaging_service_sid in (select unnest($names::varchar[]))) group by all",
            {"channel": channel, "persons": persons, "since": since, "names": list(our_names)},
        ).fetchall()
    )
    return by_contact(people, last)


def by_contact(people: Mapping[str, Forms], last: Mapping[str, datetime]) -> dict[str, datetime]:
    """The latest moment of each contact, from any of their addresses, of moments by person."""
    return {
        contact: max(moments)
        for contact, forms in people.items()
        if (moments := [last[person_of(form)] for form in forms if person_of(form) in last])
    }

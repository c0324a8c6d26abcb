"""Reads what was sent by rules before, for the guard of automatic answers."""

from __future__ import annotations

from datetime import datetime, timedelta

import duckdb

from workbench.automation.reply_guard import AT_ONCE, DAY, ReplyHistory
from workbench.automation.situation import Situation
from workbench.automation.words import fold_words


def read_reply_history(
    cursor: duckdb.DuckDBPyConnection,
    rule: str,
    situation: Situation,
    kept_contact: str,
    every: timedelta,
    now: datetime,
) -> ReplyHistory:
    """What was sent by rules before, and how this contact wrote since.

    Args:
        kept_contact: the contact as the outbox keeps it.
        every: how long back an answer of this rule to the contact counts.
    """
    sent = {
        "actor": f"rule:{rule}", "contact": kept_contact, "now": now, "day": now - DAY, "every": now - every,
    }  # fmt: skip
    last, by_rule, to_contact = cursor.execute(_SENT_SQL, sent).fetchall()[0]
    to_contact = to_contact or []
    contacts = situation.conversation.contacts
    lines = cursor.execute(_LINES_SQL, [contacts, now - DAY]).fetchall()
    # The outbox knows of an answer before the log has it.
    automatic = [*to_contact, *(at for at, _, _, is_automatic in lines if is_automatic)]
    theirs = [at for at, is_outbound, _, _ in lines if not is_outbound]
    return ReplyHistory(
        last_to_contact=last,
        by_rule=by_rule,
        to_contact=len(to_contact),
        at_once=sum(any(timedelta(0) <= at - before <= AT_ONCE for before in automatic) for at in theirs),
        our_texts=frozenset(fold_words(body) for _, is_outbound, body, _ in lines if is_outbound and body),
        is_own_sender=bool(cursor.execute(_OWN_SQL, {"contacts": contacts}).fetchall()),
    )


_SENT_SQL = """
    select
        max(intended_at) filter (actor = $actor and contact = $contact and intended_at > $every),
        count(*) filter (actor = $actor and intended_at > $day),
        list(intended_at) filter (contact = $contact and intended_at > $day)
    from outbox
    where starts_with(actor, 'rule:') and state in ('accepted', 'intended', 'unclear') and intended_at <= $now
"""
_LINES_SQL = """
    select
        date_created, is_outbound, body,
        direction = 'outbound-reply'
    from message_facts
    where list_contains(?::varchar[], contact) and date_created > ?
"""
#: As the last sync read them, or as the log shows them in use.
_OWN_SQL = """
    (select 1 from senders where list_contains($contacts::varchar[], sender) limit 1)
    union all
    (
        select 1 from message_facts
        where is_outbound and list_contains($contacts::varchar[], sender) limit 1
    )
"""

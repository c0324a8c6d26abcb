"""Reads from the lake what the rules need to know about recipients and senders, for a whole call at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import duckdb

from workbench.errors import UsageError
from workbench.lake.consent import EVERYTHING, Side
from workbench.messaging.addresses import address_kind, channel, country, is_e164
from workbench.messaging.person import channel_family, person_of
from workbench.messaging.privacy import Privacy
from workbench.messaging.quiet_hours import QuietHoursRules, QuietHoursVerdict, check_quiet_hours
from workbench.sending.channel_rules import WINDOWED
from workbench.sending.optouts import Forms, address_forms, find_opt_outs
from workbench.sending.outbox import OPEN, read_intents
from workbench.sending.outgoing import MOST_MEDIA, Outgoing, intent_key, is_content_sid
from workbench.sending.prices import read_prices
from workbench.sending.rules import ASKED
from workbench.sending.sender_evidence import (
    by_contact,
    delivered_countries,
    last_on_channel,
    last_uses,
    nearest_senders,
)
from workbench.sending.verdicts import RecipientFacts, SenderFacts, ServiceFacts


@dataclass(frozen=True)
class AccountSenders:
    """The account's senders and services as the last sync found them."""

    senders: Mapping[str, SenderFacts]
    services: Mapping[str, ServiceFacts]

    def scopes(self, sender: str | None, service: str | None) -> tuple[str, ...]:
        """The addresses and services to which a recipient may have written before, if we answer from here.

        The sender and its service; when a service chooses, all its senders.
        """
        names = [name for name in (sender, service) if name]
        if sender and sender in self.senders:
            names.append(self.senders[sender].service or "")
        if service and service in self.services:
            names += [member.sender for member in self.services[service].senders]
        return tuple(dict.fromkeys(name for name in names if name))

    def is_listed(self, name: str) -> bool:
        """Whether Twilio lists this sender or service."""
        known = self.senders.get(name) or self.services.get(name)
        return known is not None and not known.is_removed

    def answering(self, sender: str | None, service: str | None) -> tuple[str, ...]:
        """What a person wrote to if they wrote to exactly this side: the sender, else all of the service."""
        return (sender,) if sender else self.scopes(None, service)

    def nodes(self, sender: str | None, service: str | None) -> tuple[str, ...]:
        """What somebody has to have agreed to: the sender, the service, or the service it is in."""
        known = self.senders.get(sender or "")
        names = (sender, service, None if service or known is None else known.service)
        return tuple(name for name in names if name)

    def opt_out_scope(self, sender: str | None, service: str | None) -> str | None:
        """What an opt-out that Twilio tells us reaches: the service if there is one, else the sender."""
        known = self.senders.get(sender or "")
        return service or (known.service if known else None) or sender


def read_account_senders(cursor: duckdb.DuckDBPyConnection, account_sid: str) -> AccountSenders:
    """The account's senders and services."""
    rows = cursor.execute(
        "select sender, can_sms, can_mms, registration, registration_status, messaging_service_sid, "
        "removed_at is not null, country, channel_status from senders where account_sid = ?",
        [account_sid],
    ).fetchall()
    senders = {row[0]: SenderFacts(*row) for row in rows}
    services = cursor.execute(
        "select messaging_service_sid, coalesce(smart_encoding, false), removed_at is not null "
        "from messaging_services where account_sid = ?",
        [account_sid],
    ).fetchall()
    pools = {
        sid: tuple(sender for sender in senders.values() if sender.service == sid and not sender.is_removed)
        for sid, _, _ in services
    }
    return AccountSenders(
        senders, {sid: ServiceFacts(sid, smart, pools[sid], gone) for sid, smart, gone in services}
    )


@dataclass(frozen=True)
class FactReader:
    """Reads the facts of one call.

    Args:
        zones: time zones of contacts, by address, where somebody has set them.
        check_media: the problem with an attachment for a recipient, None if there is none.
        template_state: what WhatsApp thinks of a content template (:mod:`workbench.twilio.contents`).
    """

    account_sid: str
    privacy: Privacy
    quiet_rules: QuietHoursRules
    zones: Mapping[str, str]
    check_media: Callable[[str, str], str | None] | None = None
    template_state: Callable[[str], str] | None = None

    def read(
        self, cursor: duckdb.DuckDBPyConnection, messages: Sequence[Outgoing], now: datetime
    ) -> list[RecipientFacts]:
        """The facts of each message, in their order."""
        account_senders = read_account_senders(cursor, self.account_sid)
        groups: dict[tuple[str | None, str | None], list[int]] = {}
        for index, outgoing in enumerate(messages):
            groups.setdefault((outgoing.sender, outgoing.service), []).append(index)
        countries = {place for outgoing in messages if (place := country(outgoing.to))}
        prices = read_prices(cursor, self.account_sid, countries, now)
        keys = [intent_key(outgoing, self.privacy.key or b"") for outgoing in messages]
        earlier, media = read_intents(cursor, keys), self._media_problems(messages)
        facts: dict[int, RecipientFacts] = {}
        for (sender, service), indices in groups.items():
            group = [messages[index] for index in indices]
            scopes = account_senders.scopes(sender, service)
            people = {self._contact(outgoing): address_forms(outgoing.to, self.privacy) for outgoing in group}
            opt_outs = find_opt_outs(cursor, people, Side(self.account_sid, sender, service))
            opted_in = self._opt_ins(cursor, people, account_senders.nodes(sender, service))
            wishes = self._waiting_wishes(cursor, people)
            wrote = self._last_inbound(cursor, people, scopes, now)
            on_channel = self._last_on_channel(
                cursor, people, account_senders.answering(sender, service), now
            )
            side = self._side(cursor, account_senders, sender, service)
            for index, outgoing in zip(indices, group, strict=True):
                before, contact = earlier.get(keys[index]), self._contact(outgoing)
                kind = address_kind(sender) if sender else _kind_by_service(outgoing.to)
                facts[index] = replace(
                    side,
                    suppressions=opt_outs[contact],
                    has_opted_in=contact in opted_in,
                    last_inbound_at=wrote.get(contact),
                    wish_at=wishes.get(contact),
                    wrote_on_channel_at=on_channel.get(contact),
                    quiet=self._quiet(outgoing, now),
                    price=prices.find(country(outgoing.to), kind, bool(outgoing.media)),
                    sent_as=before.message_sid if before and before.state == "accepted" else None,
                    is_unclear=before is not None and before.state in OPEN,
                    media_problem=next((media[url] for url in outgoing.media if media.get(url)), None),
                    media_unchecked=bool(outgoing.media) and self.check_media is None,
                    template_state=self._template_state(outgoing),
                )
        return [facts[index] for index in range(len(messages))]

    def _side(
        self,
        cursor: duckdb.DuckDBPyConnection,
        account_senders: AccountSenders,
        sender: str | None,
        service: str | None,
    ) -> RecipientFacts:
        """What is known about our side alone."""
        facts = RecipientFacts(
            sender=account_senders.senders.get(sender or ""),
            service=account_senders.services.get(service or ""),
            senders_known=bool(account_senders.senders),
        )
        name = sender or service
        if name and facts.senders_known and not account_senders.is_listed(name):
            used = last_uses(cursor, self.account_sid, [name])
            listed = [each for each in account_senders.senders if account_senders.is_listed(each)]
            nearest = nearest_senders(cursor, self.account_sid, name, listed) if sender and not used else ()
            facts = replace(facts, last_used_at=used.get(name), nearest=nearest)
        if address_kind(sender) == "short code" and not (facts.sender and facts.sender.country):
            delivered = delivered_countries(cursor, self.account_sid, sender or "")
            facts = replace(facts, delivered_to=delivered)
        return facts

    def _last_on_channel(
        self,
        cursor: duckdb.DuckDBPyConnection,
        people: Mapping[str, Forms],
        names: Sequence[str],
        now: datetime,
    ) -> dict[str, datetime]:
        """When each contact on a channel with a window last wrote on it."""
        last: dict[str, datetime] = {}
        for name in WINDOWED:
            on_it = {contact: forms for contact, forms in people.items() if channel(contact) == name}
            last |= last_on_channel(cursor, on_it, name, names, now - ASKED) if on_it else {}
        return last

    def _contact(self, outgoing: Outgoing) -> str:
        return self.privacy.contact(outgoing.to) or outgoing.to

    def _template_state(self, outgoing: Outgoing) -> str | None:
        sid = outgoing.content_sid
        if self.template_state is None or channel(outgoing.to) != "whatsapp" or not is_content_sid(sid):
            return None
        return self.template_state(str(sid))

    def _media_problems(self, messages: Sequence[Outgoing]) -> dict[str, str | None]:
        if self.check_media is None:
            return {}
        wanted = {url: outgoing.to for outgoing in messages for url in outgoing.media[:MOST_MEDIA]}
        return {url: self.check_media(url, to) for url, to in wanted.items()}

    def _opt_ins(
        self, cursor: duckdb.DuckDBPyConnection, people: Mapping[str, Forms], nodes: Sequence[str]
    ) -> set[str]:
        """The contacts who agreed to messages from here, as the audit of consent counts it."""
        persons = {(person_of(form), channel_family(form)) for forms in people.values() for form in forms}
        agreed = set(
            cursor.execute(
                "select distinct person, family from opt_in_nodes_of($people::varchar[]) "
                "where node in (select unnest($nodes::varchar[]))",
                {"people": sorted({person for person, _ in persons}), "nodes": [EVERYTHING, *nodes]},
            ).fetchall()
        )
        return {
            contact
            for contact, forms in people.items()
            if any((person_of(form), channel_family(form)) in agreed for form in forms)
        }

    def _waiting_wishes(
        self, cursor: duckdb.DuckDBPyConnection, people: Mapping[str, Forms]
    ) -> dict[str, datetime]:
        """When each contact last asked in their own words to be left alone, if that waits for a decision.

        From any of their addresses and to any of our senders: which it was for is what has to be decided.
        """
        persons = sorted({person_of(form) for forms in people.values() for form in forms})
        asked = dict(
            cursor.execute(
                "select person_of(contact), max(date_created) from revocations where state = 'waiting' "
                "and account_sid = ? and person_of(contact) in (select unnest(?::varchar[])) group by all",
                [self.account_sid, persons],
            ).fetchall()
        )
        return by_contact(people, asked)

    def _last_inbound(
        self,
        cursor: duckdb.DuckDBPyConnection,
        people: Mapping[str, Forms],
        scopes: Sequence[str],
        now: datetime,
    ) -> dict[str, datetime]:
        """When each contact last wrote, from any of their addresses."""
        persons = {person_of(form) for forms in people.values() for form in forms}
        wrote = cursor.execute(
            "select person_of(contact) as person, max(date_created) from message_facts where not is_outbound "
            "and person_of(contact) in (select unnest(?::varchar[])) and date_created >= ?::timestamptz "
            "and keyword is null "
            "and (sender in (select unnest(?::varchar[])) "
            "     or messaging_service_sid in (select unnest(?::varchar[]))) group by all",
            [list(persons), now - ASKED, list(scopes), list(scopes)],
        ).fetchall()
        last = dict(wrote)
        return by_contact(people, last)

    def _quiet(self, outgoing: Outgoing, now: datetime) -> QuietHoursVerdict | None:
        at = outgoing.send_at if outgoing.send_at is not None and outgoing.send_at.tzinfo else now
        if channel(outgoing.to) == "sms" and not is_e164(outgoing.to):
            return None
        zone = self.zones.get(outgoing.to)
        try:
            return check_quiet_hours(outgoing.to, at, timezone=zone, rules=self.quiet_rules)
        except UsageError:
            # An unknown time zone must not switch the rule off: the number tells a zone, too.
            return check_quiet_hours(outgoing.to, at, rules=self.quiet_rules)


def _kind_by_service(to: str) -> str | None:
    """The kind of sender that a messaging service picks; None where it may be any of SMS."""
    return None if channel(to) == "sms" else channel(to)

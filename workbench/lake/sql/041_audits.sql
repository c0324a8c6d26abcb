-- grain: one row per view of messages that should not have been sent
-- Each audit is a view of the offending messages themselves, with all columns of `message_facts`, so that a count of it
-- and its rows are the same thing. They say what the log and the records here show; they are no legal opinion.

-- What really went out to somebody. `reach` is what an opt-out of it covers: a messaging service shares its opt-outs
-- between its senders, also when one of them is used directly.
create view sender_reach as
select account_sid, sender, max(messaging_service_sid) as messaging_service_sid
from senders where messaging_service_sid is not null group by all;

create view sent_facts as
select
    m.*, coalesce(m.date_sent, m.date_created) as sent_at,
    coalesce(m.messaging_service_sid, r.messaging_service_sid, m.sender) as reach
from message_facts m
left join sender_reach r on r.account_sid = m.account_sid and r.sender = m.sender
where m.is_outbound and m.status in ('sending', 'sent', 'delivered', 'undelivered', 'read', 'partially_delivered');

-- grain: one row per address, reach and time in which an opt-out held
create view opt_out_spans as
with said as (
    select e.address, coalesce(r.messaging_service_sid, e.scope) as reach, e.happened_at, max(e.kind) as kind,
        arg_max(e.source, e.kind) as source
    from consent_events e
    left join sender_reach r on r.account_sid = e.account_sid and r.sender = e.scope
    where e.kind in ('opt-in', 'opt-out')
    group by all
), turns as (
    select *, lag(kind) over w as before
    from said window w as (partition by address, reach order by happened_at)
), changes as (
    select *, lead(happened_at) over (partition by address, reach order by happened_at) as until
    from turns where kind is distinct from before
)
select address, reach, source, happened_at as since, until from changes where kind = 'opt-out';

create view sends_to_opted_out as
select
    m.message_sid, bool_or(o.reach in (m.reach, '*')) as is_own,
    max(o.since) filter (o.reach in (m.reach, '*')) as own_since, max(o.since) as any_since,
    arg_max(o.source, o.since) as opt_out_source
from sent_facts m
join opt_out_spans o on o.address = m.contact
where o.since < m.sent_at and (o.until is null or m.sent_at < o.until)
group by m.message_sid;

-- grain: one row per message sent to somebody who had opted out of this sender or service, or of everything
create view audit_after_opt_out as
select m.*, o.own_since as opted_out_at, o.opt_out_source
from sent_facts m join sends_to_opted_out o on o.message_sid = m.message_sid and o.is_own;

-- grain: one row per message sent to somebody who had opted out of another sender or service of ours
create view audit_after_opt_out_elsewhere as
select m.*, o.any_since as opted_out_at, o.opt_out_source
from sent_facts m join sends_to_opted_out o on o.message_sid = m.message_sid and not o.is_own;

-- Quiet hours, worked out from the rules for every place that the log writes to: the place of a contact as far as the
-- address tells, the hours there in which sending is allowed, and what they were made from.
create table quiet_places (
    place varchar not null,
    profile varchar not null,
    zones varchar not null,
    zone_source varchar not null,
    rules varchar not null
);
create table quiet_spans (profile varchar not null, opens_at timestamptz not null, closes_at timestamptz not null);
create table quiet_judged (
    rules_key varchar not null,
    rules_as_of date not null,
    rules_source varchar not null,
    first_day date not null,
    last_day date not null,
    made_at timestamptz not null
);

-- In the plan of +1 the area code; elsewhere the number but for its last three digits; of a hidden number the country.
create macro address_place(contact, country) as (
    case
        when regexp_matches(contact, '(^|:)\+1[2-9][0-9]{2}[0-9*X]*$')
            then left(split_part(contact, ':', -1), 5)
        when regexp_matches(contact, '(^|:)\+[1-9][0-9]{6,14}$')
            then left(split_part(contact, ':', -1), length(split_part(contact, ':', -1)) - 3)
        else 'country:' || coalesce(country, '')
    end
);

-- grain: one row per message sent in quiet hours where its recipient may be
create view audit_quiet_hours as
with judged as (
    select m.*, p.profile, p.zones, p.zone_source, p.rules
    from sent_facts m join quiet_places p on p.place = address_place(m.contact, m.country)
)
select j.* exclude (profile)
from judged j
asof left join quiet_spans s on s.profile = j.profile and s.opens_at <= j.sent_at
where s.closes_at is null or j.sent_at >= s.closes_at;

-- grain: one row per message sent without an opt-in on record for its sender or service, or for everything, by then
create view audit_without_consent as
with opted_in as (
    select e.address, coalesce(r.messaging_service_sid, e.scope) as reach, min(e.happened_at) as since
    from consent_events e
    left join sender_reach r on r.account_sid = e.account_sid and r.sender = e.scope
    where e.kind = 'opt-in'
    group by all
)
select m.*
from sent_facts m
left join opted_in o on o.address = m.contact and o.reach = m.reach
left join opted_in e on e.address = m.contact and e.reach = '*'
where m.contact is not null and coalesce(least(o.since, e.since) > m.sent_at, true);

-- grain: one row per first message to somebody that does not say how to opt out
-- First in this log, which may begin later than the contact. A body that is not here is not judged.
create view audit_first_contact as
select * from (
    select * from sent_facts
    where sender_type in ('long code', 'toll-free', 'short code', 'alphanumeric')
    qualify row_number() over (partition by contact, reach order by sent_at, message_sid) = 1
)
where body <> '' and not regexp_matches(
    body, '\b(stop|unsubscribe|opt[ -]?out|stopall|alto|baja|abmelden|abbestellen|d[eé]sabonner|d[eé]sinscrire)\b', 'i'
);

-- grain: one row per message to the United States from a sender whose registration is known not to be in order
create view audit_unregistered as
select m.*, s.registration, coalesce(s.registration_status, 'none') as registration_status
from sent_facts m join senders s on s.account_sid = m.account_sid and s.sender = m.sender
where s.removed_at is null and m.country = 'US'
  and ((s.registration = 'a2p' and s.registration_status is distinct from 'VERIFIED')
    or (s.registration = 'toll-free' and s.registration_status is distinct from 'TWILIO_APPROVED'));

-- grain: one row per message that went out, with how many its contact got in the seven days up to it
create view audit_frequency as
select *, count(*) over (
    partition by contact order by sent_at range between interval 7 days preceding and current row
) as messages_in_week
from sent_facts where contact is not null;

-- When ten business days are over, by the day a wish came in (UTC); US federal holidays are no business days.
create table opt_out_clock (day date not null, due_at timestamptz not null);

-- grain: one row per inbound message that may ask in its own words to be left alone
create view revocations as
with decided as (
    select message_sid, decision, actor, note, decided_at from revocation_decisions
    qualify row_number() over (partition by message_sid order by decided_at desc, decision_id) = 1
), waiting as (
    select m.*, coalesce(m.messaging_service_sid, r.messaging_service_sid, m.sender) as reach,
        d.decision, d.actor, d.note, d.decided_at, c.due_at
    from message_facts m
    left join sender_reach r on r.account_sid = m.account_sid and r.sender = m.sender
    left join decided d on d.message_sid = m.message_sid
    left join opt_out_clock c on c.day = cast(m.date_created at time zone 'UTC' as date)
    where not m.is_outbound and m.revocation is not null
)
select *, coalesce(decision, 'waiting') as state,
    coalesce(decision is distinct from 'not-opt-out' and coalesce(decided_at, now()) > due_at, false) as is_late
from waiting;

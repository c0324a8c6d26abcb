-- grain: one row per message that was replied to, or after which its person opted out
-- version: 4
-- A reply or an opt-out belongs to the last message delivered to the person before it, from the same sender or service
-- (from any where the opt-out names none), if that was at most seven days before. STOP and what was decided to be an
-- opt-out are no replies. What Twilio tells by 21610 is left out: it does not say when the person opted out.
create or replace view message_responses as
with people as materialized (
    select contact, person_of(contact) as person
    from (select distinct contact from raw_messages where contact is not null)
), opted_out as materialized (
    select c.person, c.happened_at,
        coalesce(p.messaging_service_sid, case when is_service(c.scope) then c.scope end, c.sender) as our_side
    from consent_said c
    left join sender_pools p on p.sender = c.sender
    where c.kind = 'opt-out' and c.source <> 'twilio-21610'
), replied as materialized (
    select l.our_side, p.person, l.date_created as happened_at
    from conversation_lines l
    join people p on p.contact = l.contact
    where not l.is_outbound and l.keyword is distinct from 'opt-out'
        and l.message_sid not in (
            select message_sid from consent_events where kind = 'opt-out' and message_sid is not null
        )
), reached as materialized (
    -- Of people who did anything at all; of two messages in one second one counts.
    select
        l.our_side, p.person, coalesce(l.date_sent, l.date_created) as sent_at, max(l.message_sid) as message_sid
    from conversation_lines l
    join people p on p.contact = l.contact
    where l.is_outbound and l.status in ('delivered', 'read')
        and p.person in (select person from opted_out union all select person from replied)
    group by all
), responses as (
    select d.message_sid, d.sent_at, r.happened_at as replied_at, null::timestamptz as opted_out_at
    from replied r
    asof join reached d on d.our_side = r.our_side and d.person = r.person and d.sent_at < r.happened_at
    union all
    select d.message_sid, d.sent_at, null, o.happened_at
    from (from opted_out where our_side is not null) o
    asof join reached d on d.our_side = o.our_side and d.person = o.person and d.sent_at < o.happened_at
    union all
    select d.message_sid, d.sent_at, null, o.happened_at
    from (from opted_out where our_side is null) o
    asof join (select person, sent_at, max(message_sid) as message_sid from reached group by all) d
        on d.person = o.person and d.sent_at < o.happened_at
)
select message_sid, min(replied_at) as replied_at, min(opted_out_at) as opted_out_at
from responses
where coalesce(replied_at, opted_out_at) <= sent_at + interval 7 days
group by message_sid;

-- grain: one row per message that was delivered to somebody, with the first reply to it and the opt-out after it
-- version: 4
-- A reply or an opt-out belongs to the last message delivered to the person before it, from the same sender or service
-- (from any where the opt-out names none), if that was at most seven days before. STOP and what was decided to be an
-- opt-out are no replies. What Twilio tells by 21610 is left out: it does not say when the person opted out.
-- `is_settled`: the seven days have passed.
create or replace view engagement_facts as
with delivered as (
    select *, person_of(contact) as person, coalesce(date_sent, date_created) as sent_at
    from conversation_lines
    where is_outbound and status in ('delivered', 'read')
), by_side as materialized (
    select our_side, person, sent_at, max(message_sid) as message_sid from delivered group by our_side, person, sent_at
), by_person as (
    select person, sent_at, max(message_sid) as message_sid from by_side group by person, sent_at
), opt_outs as materialized (
    select c.person, c.happened_at,
        coalesce(p.messaging_service_sid, case when is_service(c.scope) then c.scope end, c.sender) as our_side
    from consent_said c
    left join sender_pools p on p.sender = c.sender
    where c.kind = 'opt-out' and c.source <> 'twilio-21610'
), replies as (
    select our_side, person_of(contact) as person, date_created as happened_at
    from conversation_lines
    where not is_outbound and keyword is distinct from 'opt-out'
        and message_sid not in (
            select message_sid from consent_events where kind = 'opt-out' and message_sid is not null
        )
), responses as (
    select d.message_sid, d.sent_at, r.happened_at as replied_at, null::timestamptz as opted_out_at
    from replies r
    asof join by_side d on d.our_side = r.our_side and d.person = r.person and d.sent_at < r.happened_at
    union all
    select d.message_sid, d.sent_at, null, o.happened_at
    from (from opt_outs where our_side is not null) o
    asof join by_side d on d.our_side = o.our_side and d.person = o.person and d.sent_at < o.happened_at
    union all
    select d.message_sid, d.sent_at, null, o.happened_at
    from (from opt_outs where our_side is null) o
    asof join by_person d on d.person = o.person and d.sent_at < o.happened_at
), first_responses as (
    select message_sid, min(replied_at) as replied_at, min(opted_out_at) as opted_out_at
    from responses
    where coalesce(replied_at, opted_out_at) <= sent_at + interval 7 days
    group by message_sid
)
select d.*, r.replied_at, r.opted_out_at, d.sent_at + interval 7 days <= now() as is_settled
from delivered d
left join first_responses r on r.message_sid = d.message_sid;

-- grain: one row per inbound message that may ask in its own words to be left alone
-- version: 5
-- The last decision counts; one that was undone without an earlier one is `waiting` again.
create or replace view revocations as
with latest as (
    select decision_id, message_sid, decision, actor, note, decided_at from revocation_decisions
    qualify row_number() over (partition by message_sid order by decided_at desc, decision_id) = 1
), decided as (
    select * from latest where decision <> 'waiting'
), waiting as (
    select m.*, coalesce(m.messaging_service_sid, r.messaging_service_sid, m.sender) as reach,
        d.decision, d.actor, d.note, d.decided_at, d.decision_id, c.due_at
    from message_facts m
    left join sender_reach r on r.account_sid = m.account_sid and r.sender = m.sender
    left join decided d on d.message_sid = m.message_sid
    left join opt_out_clock c on c.day = cast(m.date_created at time zone 'UTC' as date)
    where not m.is_outbound and m.revocation is not null
)
select *, coalesce(decision, 'waiting') as state,
    coalesce(decision is distinct from 'not-opt-out' and coalesce(decided_at, now()) > due_at, false) as is_late
from waiting;

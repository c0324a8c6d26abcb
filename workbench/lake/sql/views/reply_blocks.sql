-- grain: one row per run of questions that a contact wrote before we answered, as its first message
-- version: 4
-- A question is an inbound message that is no keyword (Twilio answers those). An answer is an outbound one that is
-- neither an automatic `outbound-reply` nor sent by a rule, and neither failed nor still to come. `is_first` begins a thread that was silent for
-- 24 hours. `closed_at` is when somebody here resolved the conversation without an answer, and did not take it back.
create or replace view reply_blocks as
with people as (
    select distinct our_side, contact from conversation_lines where not is_outbound and keyword is null
),
lines as (
    select
        l.*,
        not is_outbound and keyword is null as is_question,
        is_outbound and direction <> 'outbound-reply'
            and status not in ('failed', 'undelivered', 'canceled', 'scheduled')
            and message_sid not in (select message_sid from automatic_replies) as is_answer,
        lag(date_created) over (
            partition by l.our_side, l.contact order by date_created, is_outbound, message_sid
        ) as previous_at
    from conversation_lines l
    join people p on p.our_side = l.our_side and p.contact = l.contact
),
turns as (
    select
        *,
        lag(is_answer) over turn as is_after_answer,
        min(date_created) filter (is_answer) over (
            partition by our_side, contact order by date_created, is_outbound, message_sid
            rows between current row and unbounded following
        ) as answered_at
    from lines
    where is_question or is_answer
    window turn as (partition by our_side, contact order by date_created, is_outbound, message_sid)
),
blocks as (
    select
        * exclude (is_question, is_answer, previous_at, is_after_answer),
        previous_at is null or date_created - previous_at >= interval 24 hours as is_first
    from turns
    where is_question and coalesce(is_after_answer, true)
),
resolved as (
    select l.our_side, l.contact, e.happened_at
    from conversation_events e
    join (select distinct conversation_id, our_side, contact from conversation_lines) l
        on l.conversation_id = e.conversation_id
    where e.kind = 'state' and e.value = 'resolved'
        and e.event_id not in (
            select unnest([event_id, undoes]) from conversation_actions where undoes is not null
        )
),
closings as (
    select b.message_sid, min(r.happened_at) as closed_at
    from blocks b
    join resolved r on r.our_side = b.our_side and r.contact = b.contact
        and r.happened_at >= b.date_created and (b.answered_at is null or r.happened_at < b.answered_at)
    group by b.message_sid
)
select
    b.*, c.closed_at,
    epoch(b.answered_at) - epoch(b.date_created) as reply_seconds,
    case when b.answered_at is not null
        then business_seconds(b.date_created, b.answered_at) end as business_reply_seconds
from blocks b
left join closings c on c.message_sid = b.message_sid;

-- grain: one row per event_id; append-only
-- What people here decided about conversations. `kind` is state (open, pending, snoozed, resolved; `until` ends a
-- snooze), assignee (a NULL value: nobody), label, unlabel or note. `conversation_id` is that of any message of it.
create table conversation_events (
    event_id varchar not null,
    conversation_id varchar not null,
    kind varchar not null,
    value varchar,
    until timestamptz,
    actor varchar not null,
    happened_at timestamptz not null
);

-- grain: one row per weekday (1 Monday to 7 Sunday) and opening
-- When people here answer; minutes after midnight in `timezone`. Kept equal to the settings.
create table business_hours (
    weekday smallint not null,
    opens smallint not null,
    closes smallint not null,
    timezone varchar not null
);

insert into business_hours values
    (1, 540, 1020, 'UTC'), (2, 540, 1020, 'UTC'), (3, 540, 1020, 'UTC'), (4, 540, 1020, 'UTC'), (5, 540, 1020, 'UTC');

-- Seconds from one moment to a later one that lie in business hours.
create macro business_seconds(began_at, ended_at) as (
    select coalesce(sum(greatest(0, least(epoch(ended_at), epoch(timezone(timezone, day + to_minutes(closes))))
                                  - greatest(epoch(began_at), epoch(timezone(timezone, day + to_minutes(opens)))))), 0)
    from (
        select unnest(generate_series(
            date_trunc('day', timezone(timezone, began_at)), timezone(timezone, ended_at), interval 1 day
        )) as day, weekday, opens, closes, timezone
        from business_hours
    )
    where isodow(day) = weekday
);

-- grain: one row per sender of a messaging service's pool
-- A sender belongs to one service: the one that the catalog names, else that of its latest message with one.
create view sender_pools as
select sender, messaging_service_sid
from (
    select sender, messaging_service_sid, 1 as evidence, read_at as moment
    from senders
    where sender is not null and messaging_service_sid is not null
    union all
    select sender, messaging_service_sid, 2, max(date_created)
    from raw_messages
    where sender is not null and messaging_service_sid is not null
    group by sender, messaging_service_sid
)
qualify row_number() over (partition by sender order by evidence, moment desc, messaging_service_sid) = 1;

-- grain: one row per message_sid that belongs to a conversation
-- `our_side` is the messaging service whose pool the sender is in, else the sender: all senders of a service
-- make one conversation with a contact. It follows from the sender alone, so each `conversation_id` (one per
-- sender and contact) belongs to one conversation.
create view conversation_lines as
select facts.*, coalesce(pools.messaging_service_sid, facts.sender, facts.messaging_service_sid) as our_side
from message_facts facts
left join sender_pools pools on pools.sender = facts.sender
where facts.contact is not null and coalesce(facts.sender, facts.messaging_service_sid) is not null;

-- grain: one row per run of questions that a contact wrote before we answered, as its first message
-- A question is an inbound message that is no keyword (Twilio answers those). An answer is an outbound one that is
-- no automatic `outbound-reply`, and neither failed nor still to come. `is_first` begins a thread that was silent for
-- 24 hours. `closed_at` is when somebody here resolved the conversation without an answer.
create view reply_blocks as
with people as (
    select distinct our_side, contact from conversation_lines where not is_outbound and keyword is null
),
lines as (
    select
        l.*,
        not is_outbound and keyword is null as is_question,
        is_outbound and direction <> 'outbound-reply'
            and status not in ('failed', 'undelivered', 'canceled', 'scheduled') as is_answer,
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

-- grain: one row per conversation (our_side, contact)
-- `state` is what was set last, and open again after a new question or at the end of a snooze; quiet while the
-- contact has asked nothing. `waiting_since` is the first question without an answer, while the state is open.
create view conversations as
with facts as (
    select
        our_side, contact,
        min({'at': date_created, 'id': conversation_id})['id'] as conversation_id,
        max(account_sid) as account_sid,
        max(country) as country,
        count(*) as messages,
        count(*) filter (not is_outbound) as received,
        min(date_created) as first_at,
        max(date_created) as last_at,
        max({'at': date_created, 'sid': message_sid})['sid'] as last_message_sid,
        max({'at': date_created, 'sender': sender}) filter (sender is not null)['sender'] as last_sender,
        max(date_created) filter (not is_outbound and keyword is null) as asked_at
    from conversation_lines
    group by our_side, contact
),
placed as (
    select l.our_side, l.contact, e.*
    from conversation_events e
    join (select distinct conversation_id, our_side, contact from conversation_lines) l
        on l.conversation_id = e.conversation_id
),
decisions as (
    select
        our_side, contact,
        max({'at': happened_at, 'value': value, 'until': until}) filter (kind = 'state') as state,
        max({'at': happened_at, 'value': value}) filter (kind = 'assignee')['value'] as assignee,
        count(*) filter (kind = 'note') as notes
    from placed
    group by our_side, contact
),
labels as (
    select our_side, contact, list(value order by value) as labels
    from (
        select our_side, contact, value, kind
        from placed
        where kind in ('label', 'unlabel')
        qualify row_number() over (partition by our_side, contact, value order by happened_at desc, kind desc) = 1
    )
    where kind = 'label'
    group by our_side, contact
),
unanswered as (
    select our_side, contact, max(date_created) as waiting_since
    from reply_blocks
    where answered_at is null
    group by our_side, contact
),
joined as (
    select
        f.*,
        case
            when d.state['value'] is null or (d.state['value'] <> 'open' and f.asked_at > d.state['at'])
                or (d.state['value'] = 'snoozed' and d.state['until'] <= now())
                then case when f.asked_at is null then 'quiet' else 'open' end
            else d.state['value']
        end as state,
        d.state['until'] as snoozed_until,
        d.state['value'] is not null and d.state['value'] <> 'open' and f.asked_at > d.state['at'] as is_reopened,
        d.assignee,
        coalesce(d.notes, 0) as notes,
        coalesce(l.labels, []) as labels,
        u.waiting_since as unanswered_since
    from facts f
    left join decisions d on d.our_side = f.our_side and d.contact = f.contact
    left join labels l on l.our_side = f.our_side and l.contact = f.contact
    left join unanswered u on u.our_side = f.our_side and u.contact = f.contact
)
select * exclude (unanswered_since), case when state = 'open' then unanswered_since end as waiting_since
from joined;

-- grain: one row per conversation (our_side, contact)
-- version: 1
-- `state` is what was set last, and open again after a new question or at the end of a snooze; quiet while the
-- contact has asked nothing. `waiting_since` is the first question without an answer, while the state is open.
create or replace view conversations as
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

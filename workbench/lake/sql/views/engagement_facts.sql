-- grain: one row per message that was delivered to somebody, with the first reply to it and the opt-out after it
-- version: 4
-- `is_settled`: the seven days in which these count have passed (see message_responses).
create or replace view engagement_facts as
select
    m.*, person_of(m.contact) as person, coalesce(m.date_sent, m.date_created) as sent_at,
    r.replied_at, r.opted_out_at, coalesce(m.date_sent, m.date_created) + interval 7 days <= now() as is_settled
from message_facts m
left join message_responses r on r.message_sid = m.message_sid
where m.is_outbound and m.status in ('delivered', 'read') and m.contact is not null;

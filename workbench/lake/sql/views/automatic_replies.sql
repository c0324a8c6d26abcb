-- grain: one row per message_sid that a rule sent
-- version: 3
create or replace view automatic_replies as
select message_sid, max(actor[6:]) as rule
from outbox_events
where starts_with(actor, 'rule:') and message_sid is not null
group by message_sid;

-- grain: one row per message that really went out to somebody
-- version: 1
-- `reach` is what an opt-out of it covers: a messaging service shares its opt-outs between its senders, also when one
-- of them is used directly.
-- The audits (`audit_*`) stand on it. Each is a view of the offending messages themselves, with all columns of
-- `message_facts`, so that a count of it and its rows are the same thing. They say what the log and the records here
-- show; they are no legal opinion.
create or replace view sent_facts as
select
    m.*, coalesce(m.date_sent, m.date_created) as sent_at,
    coalesce(m.messaging_service_sid, r.messaging_service_sid, m.sender) as reach
from message_facts m
left join sender_reach r on r.account_sid = m.account_sid and r.sender = m.sender
where m.is_outbound and m.status in ('sending', 'sent', 'delivered', 'undelivered', 'read', 'partially_delivered');

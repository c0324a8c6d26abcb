-- grain: one row per message_sid
-- version: 1
-- Messages with the first moment at which a callback told us that they had arrived, by our clock.
create or replace view delivery_facts as
select facts.*, receipts.delivered_seen_at
from message_facts facts
left join (
    select message_sid, min(received_at) as delivered_seen_at
    from status_events
    where source = 'callback' and status in ('delivered', 'read')
    group by message_sid
) receipts on receipts.message_sid = facts.message_sid;

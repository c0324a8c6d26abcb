-- grain: one row per message_sid
-- Messages with the limit of their sender, in segments per second; NULL where nobody says.
create view sending_facts as
select facts.*, limits.mps_limit
from message_facts facts
left join (
    select account_sid, sender, max(mps_limit) as mps_limit from senders group by account_sid, sender
) limits on limits.account_sid = facts.account_sid and limits.sender = facts.sender;

-- grain: one row per message_sid
-- Messages with the first moment at which a callback told us that they had arrived, by our clock.
create view delivery_facts as
select facts.*, receipts.delivered_seen_at
from message_facts facts
left join (
    select message_sid, min(received_at) as delivered_seen_at
    from status_events
    where source = 'callback' and status in ('delivered', 'read')
    group by message_sid
) receipts on receipts.message_sid = facts.message_sid;

-- grain: one row per message_sid
-- version: 1
-- Messages with the limit of their sender, in segments per second; NULL where nobody says.
create or replace view sending_facts as
select facts.*, limits.mps_limit
from message_facts facts
left join (
    select account_sid, sender, max(mps_limit) as mps_limit from senders group by account_sid, sender
) limits on limits.account_sid = facts.account_sid and limits.sender = facts.sender;

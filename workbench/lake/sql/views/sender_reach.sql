-- grain: one row per account_sid and sender of a messaging service
-- version: 1
create or replace view sender_reach as
select account_sid, sender, max(messaging_service_sid) as messaging_service_sid
from senders where messaging_service_sid is not null group by all;

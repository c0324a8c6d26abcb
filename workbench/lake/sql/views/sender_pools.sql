-- grain: one row per sender of a messaging service's pool
-- version: 1
-- A sender belongs to one service: the one that the catalog names, else that of its latest message with one.
create or replace view sender_pools as
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

-- grain: one row per key, as its latest attempt stands
-- version: 1
-- Whatever ends an attempt outranks what it began with, and proof that Twilio has the message outranks all.
create or replace view outbox as
select *
from outbox_events
qualify row_number() over (
    partition by key
    order by attempt desc,
        case state when 'accepted' then 3 when 'intended' then 0 when 'unclear' then 1 else 2 end desc,
        happened_at desc
) = 1;

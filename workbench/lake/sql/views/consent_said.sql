-- grain: one row per event_id of an opt-out or opt-in
-- version: 1
-- `sender` is the one it was said to; `families` are the channels that it is about: those of that sender, or all.
create or replace view consent_said as
with heard as (
    select *, case when scope = '*' or starts_with(scope, 'topic:') then null
        when is_service(scope) then said_to else scope end as sender
    from consent_events
    where kind in ('opt-in', 'opt-out')
)
select
    event_id, account_sid, person_of(address) as person, scope, kind, source, happened_at, sender,
    case when sender is null then ['sms', 'whatsapp', 'messenger'] else [channel_family(sender)] end as families
from heard;

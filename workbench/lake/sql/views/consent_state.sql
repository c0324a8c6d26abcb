-- grain: one row per person and scope, with the last thing that was said
-- version: 4
-- An opt-out that was lifted here says nothing any more; see consent_lifts.
create or replace view consent_state as
select address, scope, kind as state, source, message_sid, happened_at as since, actor, event_id
from consent_events
where kind in ('opt-in', 'opt-out') and event_id not in (select event_id from consent_lifts)
qualify row_number() over (
    partition by person_of(address), scope order by happened_at desc, kind = 'opt-out' desc, recorded_at desc
) = 1;

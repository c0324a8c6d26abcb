-- grain: one row per person and scope whose last opt-out still holds somewhere
-- version: 1
create or replace view suppressions as
select address, scope, source, happened_at as since, event_id
from consent_events
where event_id in (select event_id from opt_out_spans where until is null)
qualify row_number() over (
    partition by person_of(address), scope order by happened_at desc, recorded_at desc
) = 1;

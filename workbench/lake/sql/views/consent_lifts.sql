-- grain: one row per event_id of an opt-out that people here took back
-- version: 4
-- A lift is an event of its own, named after the opt-out that it ends. It is no opt-in: nobody agreed to anything.
create or replace view consent_lifts as
select left(event_id, length(event_id) - length(':lift')) as event_id, happened_at as lifted_at, actor, evidence
from consent_events
where kind = 'lift';

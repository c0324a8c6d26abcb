-- gives: one row per opt-in and node that it reaches: what it names, and the services that its sender was seen in
-- version: 1
-- Where a membership is not known it counts as none: an opt-in must not reach further than what was said.
create or replace macro opt_in_nodes_of(people) as table
with said as materialized (
    select *, unnest(families) as family from consent_said
    where kind = 'opt-in' and (people is null or person in (select unnest(people)))
)
select person, family, scope as node, happened_at from said
union
select person, family, sender, happened_at from said where sender is not null
union
select s.person, s.family, m.messaging_service_sid, s.happened_at
from said s
join membership_spans m on m.account_sid = s.account_sid and m.sender = s.sender
    and m.messaging_service_sid is not null and m.first_seen_at <= s.happened_at
    and (m.left_at is null or s.happened_at <= m.seen_until);

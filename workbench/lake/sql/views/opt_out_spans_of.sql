-- gives: one row per opt-out, channel and node that it reaches, with the time until an opt-in or a lift ended it there
-- version: 4
-- An opt-out reaches what it names, the sender it was said to, and the services of that sender then and later. Where
-- these are not known (no row, and no whole reading since) it reaches every service of the account (`any:`); what
-- reaches a service also reaches the senders of which nobody knows a service (`some:`). `people` narrows it to these
-- persons; NULL means everybody.
create or replace macro opt_out_spans_of(people) as table
with heard as materialized (
    select *, unnest(families) as family from consent_said
    where people is null or person in (select unnest(people))
), members as materialized (
    select
        account_sid, sender, messaging_service_sid as service, first_seen_at,
        coalesce(seen_until + interval 1 microsecond, 'infinity'::timestamptz) as surely_until,
        coalesce(left_at, 'infinity'::timestamptz) as left_at
    from membership_spans
), said as (
    select event_id, person, family, account_sid, source, happened_at as since, sender, scope
    from heard where kind = 'opt-out'
), nodes as materialized (
    select *, scope as node, null::timestamptz as left_at from said
    union
    select *, sender, null from said where sender is not null
    union
    select s.*, m.service, max(m.left_at)
    from said s
    join members m on m.account_sid = s.account_sid and m.sender = s.sender and m.service <> s.scope
        and m.left_at > s.since
    group by all
    union
    select s.*, 'any:' || s.account_sid, 'infinity'::timestamptz
    from said s
    where s.sender is not null
        and not exists (select 1 from members m where m.account_sid = s.account_sid and m.sender = s.sender)
        and not exists (select 1 from membership_reads r where r.account_sid = s.account_sid and r.read_at >= s.since)
), keys as (
    -- What an opt-in has to reach to lift it, and from when until before when that is so.
    select event_id, family, person, node, since, '*' as key, '-infinity'::timestamptz as begins,
        'infinity'::timestamptz as ends
    from nodes
    union all
    select event_id, family, person, node, since, node, '-infinity'::timestamptz, 'infinity'::timestamptz from nodes where node <> '*'
    union all
    -- What follows from the sender ends with it, as long as it is there.
    select event_id, family, person, node, since, sender, '-infinity'::timestamptz, left_at from nodes where left_at is not null
    union all
    -- A sender ends with its service, where it surely was in it.
    select n.event_id, n.family, n.person, n.node, n.since, m.service, m.first_seen_at, m.surely_until
    from nodes n
    join members m on m.account_sid = n.account_sid and m.sender = n.sender and m.service is not null
    where n.node = n.sender
), opt_ins as (
    select person, family, happened_at, scope as node from heard where kind = 'opt-in'
    union
    select person, family, happened_at, sender from heard where kind = 'opt-in' and sender is not null
    union
    select h.person, h.family, h.happened_at, m.service
    from heard h
    join members m on m.account_sid = h.account_sid and m.sender = h.sender and m.service is not null
        and h.happened_at >= m.first_seen_at and h.happened_at < m.surely_until
    where h.kind = 'opt-in'
), endings as (
    select k.event_id, k.family, k.node, i.happened_at as ended_at
    from keys k
    join opt_ins i on i.person = k.person and i.family = k.family and i.node = k.key
        and i.happened_at > k.since and i.happened_at >= k.begins and i.happened_at < k.ends
    union all
    select n.event_id, n.family, n.node, l.lifted_at from nodes n join consent_lifts l on l.event_id = n.event_id
), lifted as (
    select event_id, family, node, min(ended_at) as until from endings group by event_id, family, node
), spans as (
    select n.* exclude (left_at), l.until
    from nodes n
    left join lifted l on l.event_id = n.event_id and l.family = n.family and l.node = n.node
)
select *
from spans
union all
select * replace ('some:' || account_sid as node) from spans where is_service(node) or node = 'any:' || account_sid;

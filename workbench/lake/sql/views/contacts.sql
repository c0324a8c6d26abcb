-- grain: one row per address that wrote, was written to, or was named by us
-- version: 1
-- `person` stands for the person: an address of theirs, without channel and in today's spelling. All addresses of a
-- person, and merged ones, share name, labels and language.
create or replace view contacts as
with seen as (
    select
        contact as address, max(country) as country, min(date_created) as first_at, max(date_created) as last_at,
        count(*) filter (not is_outbound) as received, count(*) filter (is_outbound) as sent
    from message_facts
    where contact is not null
    group by contact
), named as (
    select address, null as country, null as first_at, null as last_at, 0 as received, 0 as sent
    from (select distinct address from contact_events)
    where address not in (select address from seen)
), everybody as (
    select * from seen union all select * from named
)
select
    e.address,
    coalesce(person_of(own.merged_into), person_of(e.address)) as person,
    coalesce(main.name, own.name) as name,
    coalesce(main.labels, own.labels) as labels,
    coalesce(main.language, own.language) as language,
    coalesce(own.time_zone, main.time_zone) as time_zone,
    e.country, e.first_at, e.last_at, e.received, e.sent
from everybody e
left join contact_overlay own on own.person_key = person_of(e.address)
left join contact_overlay main on main.person_key = person_of(own.merged_into);

-- grain: one row per person (`person_of`) that somebody said something about, with the address it was last said of
-- version: 1
create or replace view contact_overlay as
select
    person_of(address) as person_key,
    max({'at': happened_at, 'address': address})['address'] as address,
    max(value) filter (field = 'name') as name,
    max(value) filter (field = 'labels') as labels,
    max(value) filter (field = 'language') as language,
    max(value) filter (field = 'time_zone') as time_zone,
    max(value) filter (field = 'merged_into') as merged_into,
    max(happened_at) as changed_at
from (
    select *
    from contact_events
    qualify row_number() over (
        partition by person_of(address), field order by happened_at desc, event_id desc
    ) = 1
)
group by person_of(address);

-- grain: one row per event_id; append-only
-- What people here say about contacts: `field` is name, labels (joined by commas), language, time_zone or merged_into
-- (the address of the same person that stands for both); a NULL value takes it back. Events of one deed share a
-- `change_id`, so that the deed can be undone: `previous` is what the field was before it.
create table contact_events (
    event_id varchar not null,
    change_id varchar not null,
    address varchar not null,
    field varchar not null,
    value varchar,
    previous varchar,
    actor varchar not null,
    happened_at timestamptz not null
);

-- grain: one row per address that somebody said something about
create view contact_overlay as
select
    address,
    max(value) filter (field = 'name') as name,
    max(value) filter (field = 'labels') as labels,
    max(value) filter (field = 'language') as language,
    max(value) filter (field = 'time_zone') as time_zone,
    max(value) filter (field = 'merged_into') as merged_into,
    max(happened_at) as changed_at
from (
    select *
    from contact_events
    qualify row_number() over (partition by address, field order by happened_at desc, event_id desc) = 1
)
group by address;

-- grain: one row per address that wrote, was written to, or was named by us
-- `person` is the address that stands for the person; merged addresses share its name, labels and language.
create view contacts as
select
    coalesce(seen.address, own.address) as address,
    coalesce(own.merged_into, seen.address, own.address) as person,
    coalesce(main.name, own.name) as name,
    coalesce(main.labels, own.labels) as labels,
    coalesce(main.language, own.language) as language,
    coalesce(own.time_zone, main.time_zone) as time_zone,
    seen.country, seen.first_at, seen.last_at,
    coalesce(seen.received, 0) as received,
    coalesce(seen.sent, 0) as sent
from (
    select
        contact as address, max(country) as country, min(date_created) as first_at, max(date_created) as last_at,
        count(*) filter (not is_outbound) as received, count(*) filter (is_outbound) as sent
    from message_facts
    where contact is not null
    group by contact
) seen
full join contact_overlay own on own.address = seen.address
left join contact_overlay main on main.address = own.merged_into;

-- grain: one row per view that is made anew: what was counted by address is counted by person (see 046_opt_outs.sql)

-- grain: one row per person (`person_of`) that somebody said something about, with the address it was last said of
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

-- grain: one row per address that wrote, was written to, or was named by us
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

create or replace view audit_first_contact as
with first as (
    select min({'sent_at': sent_at, 'message_sid': message_sid}) as sent
    from sent_facts
    where sender_type in ('long code', 'toll-free', 'short code', 'alphanumeric')
    group by person_of(contact), reach
)
select m.* from sent_facts m
where m.message_sid in (select sent.message_sid from first)
    and m.body <> '' and not regexp_matches(
        m.body, '\b(stop|unsubscribe|opt[ -]?out|stopall|alto|baja|abmelden|abbestellen|d[eé]sabonner|d[eé]sinscrire)\b', 'i'
    );

-- Every message that went out within a period of creation (NULL: from ever, for ever), with how many its person got
-- in the seven days up to it. What is sent within seven days was created within 36 days more: Twilio schedules 35 ahead.
create or replace macro sends_by_frequency(first_created, created_before) as table
with sends as (
    select message_sid, person_of(contact) as person, sent_at, date_created
    from sent_facts
    where contact is not null
        and (first_created is null or date_created >= first_created::timestamptz - interval 43 days)
        and (created_before is null or date_created < created_before::timestamptz + interval 36 days)
), counted as (
    select message_sid, date_created, person, count(*) over (
        partition by person order by sent_at range between interval 7 days preceding and current row
    ) as messages_in_week
    from sends
)
select m.*, c.person, c.messages_in_week
from sent_facts m
join counted c on c.message_sid = m.message_sid and c.date_created = m.date_created
where m.contact is not null
    and (first_created is null or m.date_created >= first_created)
    and (created_before is null or m.date_created < created_before);

create or replace view audit_frequency as select * from sends_by_frequency(null, null);

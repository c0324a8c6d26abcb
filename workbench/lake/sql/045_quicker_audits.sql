-- grain: one row per view of 041_audits.sql that is made anew: the same rows in a fraction of the time
-- What is looked for over the whole log is looked for with few columns, and a period narrows it where it can.

-- With the moment of creation, so that a period asked for narrows these rows too.
create or replace view sends_to_opted_out as
select
    m.message_sid, m.date_created, bool_or(o.reach in (m.reach, '*')) as is_own,
    max(o.since) filter (o.reach in (m.reach, '*')) as own_since, max(o.since) as any_since,
    arg_max(o.source, o.since) as opt_out_source
from sent_facts m
join opt_out_spans o on o.address = m.contact
where o.since < m.sent_at and (o.until is null or m.sent_at < o.until)
group by m.message_sid, m.date_created;

create or replace view audit_after_opt_out as
select m.*, o.own_since as opted_out_at, o.opt_out_source
from sent_facts m
join sends_to_opted_out o on o.message_sid = m.message_sid and o.date_created = m.date_created and o.is_own;

create or replace view audit_after_opt_out_elsewhere as
select m.*, o.any_since as opted_out_at, o.opt_out_source
from sent_facts m
join sends_to_opted_out o on o.message_sid = m.message_sid and o.date_created = m.date_created and not o.is_own;

create or replace view audit_first_contact as
with first as (
    select min({'sent_at': sent_at, 'message_sid': message_sid}) as sent
    from sent_facts
    where sender_type in ('long code', 'toll-free', 'short code', 'alphanumeric')
    group by contact, reach
)
select m.* from sent_facts m
where m.message_sid in (select sent.message_sid from first)
    and m.body <> '' and not regexp_matches(
        m.body, '\b(stop|unsubscribe|opt[ -]?out|stopall|alto|baja|abmelden|abbestellen|d[eé]sabonner|d[eé]sinscrire)\b', 'i'
    );

-- Every message that went out within a period of creation (NULL: from ever, for ever), with how many its contact got
-- in the seven days up to it. What is sent within seven days was created within 36 days more: Twilio schedules 35 ahead.
create macro sends_by_frequency(first_created, created_before) as table
with sends as (
    select message_sid, contact, sent_at, date_created
    from sent_facts
    where contact is not null
        and (first_created is null or date_created >= first_created::timestamptz - interval 43 days)
        and (created_before is null or date_created < created_before::timestamptz + interval 36 days)
), counted as (
    select message_sid, date_created, count(*) over (
        partition by contact order by sent_at range between interval 7 days preceding and current row
    ) as messages_in_week
    from sends
)
select m.*, c.messages_in_week
from sent_facts m
join counted c on c.message_sid = m.message_sid and c.date_created = m.date_created
where m.contact is not null
    and (first_created is null or m.date_created >= first_created)
    and (created_before is null or m.date_created < created_before);

create or replace view audit_frequency as select * from sends_by_frequency(null, null);

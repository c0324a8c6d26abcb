-- gives: one row per message that went out, with how many its person got in the seven days up to it
-- version: 1
-- Of those created within a period (NULL: from ever, for ever). What is sent within seven days was created within 36
-- days more: Twilio schedules 35 ahead.
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

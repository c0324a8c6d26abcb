-- grain: one row per first message to somebody that does not say how to opt out
-- version: 1
-- First in this log, which may begin later than the contact. A body that is not here is not judged.
-- One of the audits: see sent_facts.sql.
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

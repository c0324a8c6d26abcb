-- grain: one row per message sent without an opt-in on record for its sender or service, or for everything, by then
-- version: 1
-- One of the audits: see sent_facts.sql.
create or replace view audit_without_consent as
with opted_in as (
    select person, family, node, min(happened_at) as since from opt_in_nodes_of(null) group by all
)
select m.*
from sent_facts m
where m.contact is not null and not exists (
    select 1 from opted_in o
    where o.person = person_of(m.contact) and o.family = channel_family(m.contact)
        and o.node in ('*', m.sender, m.messaging_service_sid, m.reach) and o.since <= m.sent_at
);

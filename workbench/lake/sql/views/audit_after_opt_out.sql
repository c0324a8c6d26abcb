-- grain: one row per message sent to somebody who had opted out of this sender or service, or of everything
-- version: 1
-- One of the audits: see sent_facts.sql.
create or replace view audit_after_opt_out as
select m.*, o.own_since as opted_out_at, o.opt_out_source
from sent_facts m
join sends_to_opted_out o on o.message_sid = m.message_sid and o.date_created = m.date_created and o.is_own;

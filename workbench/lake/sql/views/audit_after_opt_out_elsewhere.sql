-- grain: one row per message sent to somebody who had opted out of another sender or service of ours
-- version: 1
-- One of the audits: see sent_facts.sql.
create or replace view audit_after_opt_out_elsewhere as
select m.*, o.any_since as opted_out_at, o.opt_out_source
from sent_facts m
join sends_to_opted_out o on o.message_sid = m.message_sid and o.date_created = m.date_created and not o.is_own;

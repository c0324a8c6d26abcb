-- grain: one row per message that went out, with how many its person got in the seven days up to it
-- version: 1
-- One of the audits: see sent_facts.sql.
create or replace view audit_frequency as select * from sends_by_frequency(null, null);

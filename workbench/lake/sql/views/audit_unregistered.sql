-- grain: one row per message to the United States from a sender whose registration is known not to be in order
-- version: 1
-- One of the audits: see sent_facts.sql.
create or replace view audit_unregistered as
select m.*, s.registration, coalesce(s.registration_status, 'none') as registration_status
from sent_facts m join senders s on s.account_sid = m.account_sid and s.sender = m.sender
where s.removed_at is null and m.country = 'US'
  and ((s.registration = 'a2p' and s.registration_status is distinct from 'VERIFIED')
    or (s.registration = 'toll-free' and s.registration_status is distinct from 'TWILIO_APPROVED'));

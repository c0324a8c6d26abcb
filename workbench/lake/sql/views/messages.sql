-- grain: one row per message_sid
-- version: 1
-- The public message log. `spend` is positive and NULL until priced; `sender` is our side and
-- `contact` theirs, whatever the direction.
create or replace view messages as
select
    message_sid, account_sid, messaging_service_sid, direction, is_outbound, status, is_final,
    error_code, from_address, to_address, sender, contact, country, body, encoding, segments,
    media_count, spend, currency, date_created, date_sent, date_updated, conversation_id
from message_facts;

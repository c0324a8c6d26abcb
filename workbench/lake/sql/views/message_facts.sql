-- grain: one row per message_sid
-- version: 4
-- The messages that Twilio still has, with all that the views and metrics count by. `spend` is positive. A
-- message whose text is gone has no template.
create or replace view message_facts as
select
    message_sid, account_sid, messaging_service_sid, direction, is_outbound, status,
    is_final_at(status, coalesce(date_sent, date_created), now()) as is_final,
    error_code, from_address, to_address, sender, sender_type, contact, country, body, keyword, revocation,
    revocation_language, encoding, segments, media_count, abs(price)::decimal(12, 6) as spend, currency,
    date_created, date_sent, date_updated, conversation_id,
    case when body <> '' then template end as template
from raw_messages
where not exists (select 1 from tombstones t where t.message_sid = raw_messages.message_sid);

-- grain: one row per message_sid
-- `is_final`: nothing more is expected of the status. Many routes never send a receipt, so `sent`
-- counts as final after 72 hours.
create macro is_final_at(status, began_at, moment) as (
    status in ('delivered', 'read', 'undelivered', 'failed', 'canceled', 'received')
    or (status = 'sent' and began_at < moment - interval 72 hours)
);

create view message_facts as
select
    message_sid, account_sid, messaging_service_sid, direction, is_outbound, status,
    is_final_at(status, coalesce(date_sent, date_created), now()) as is_final,
    error_code, from_address, to_address, sender, sender_type, contact, country, body, keyword, encoding,
    segments, media_count, abs(price)::decimal(12, 6) as spend, currency,
    date_created, date_sent, date_updated, conversation_id
from raw_messages;

-- grain: one row per message_sid
-- The public message log. `spend` is positive and NULL until priced; `sender` is our side and
-- `contact` theirs, whatever the direction.
create view messages as
select
    message_sid, account_sid, messaging_service_sid, direction, is_outbound, status, is_final,
    error_code, from_address, to_address, sender, contact, country, body, encoding, segments,
    media_count, spend, currency, date_created, date_sent, date_updated, conversation_id
from message_facts;

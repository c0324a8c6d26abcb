-- grain: one row per message_sid that Twilio no longer has
-- The message keeps its row in `raw_messages`, without its body, so that it can be counted; the views leave it
-- out, because it no longer exists upstream.
create table tombstones (
    message_sid varchar not null,
    account_sid varchar not null,
    deleted_seen_at timestamptz not null,
    reason varchar not null
);

create or replace view message_facts as
select
    message_sid, account_sid, messaging_service_sid, direction, is_outbound, status,
    is_final_at(status, coalesce(date_sent, date_created), now()) as is_final,
    error_code, from_address, to_address, sender, sender_type, contact, country, body, keyword, encoding,
    segments, media_count, abs(price)::decimal(12, 6) as spend, currency,
    date_created, date_sent, date_updated, conversation_id
from raw_messages
where not exists (select 1 from tombstones t where t.message_sid = raw_messages.message_sid);

-- grain: one row per message_sid
-- The public message log. `spend` is positive and NULL until priced; `sender` is our side and
-- `contact` theirs, whatever the direction.
create or replace view messages as
select
    message_sid, account_sid, messaging_service_sid, direction, is_outbound, status, is_final,
    error_code, from_address, to_address, sender, contact, country, body, encoding, segments,
    media_count, spend, currency, date_created, date_sent, date_updated, conversation_id
from message_facts;

-- grain: one row per message_sid that Twilio no longer has
-- The message keeps its row in `raw_messages`, without its body, so that it can be counted; the views leave it
-- out, because it no longer exists upstream.
create table tombstones (
    message_sid varchar not null,
    account_sid varchar not null,
    deleted_seen_at timestamptz not null,
    reason varchar not null
);

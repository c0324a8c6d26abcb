-- grain: one row per media_sid
-- What is attached to messages; the bytes stay at Twilio.
create table media (
    media_sid varchar not null,
    message_sid varchar not null,
    account_sid varchar not null,
    content_type varchar,
    date_created timestamptz,
    date_updated timestamptz,
    read_at timestamptz not null
);

-- grain: one row per message_sid whose attachments were listed
-- `files` may be less than the message's media_count: attachments can be deleted alone.
create table media_listings (
    message_sid varchar not null,
    account_sid varchar not null,
    files integer not null,
    listed_at timestamptz not null
);

-- grain: one row per alert_sid
-- Twilio forgets alerts after 30 days; here they stay. `alert_text` and the query of `request_url` can hold numbers
-- and bodies, and are kept only where everything is.
create table alerts (
    alert_sid varchar not null,
    account_sid varchar not null,
    error_code integer,
    log_level varchar,
    alert_text varchar,
    resource_sid varchar,
    service_sid varchar,
    request_method varchar,
    request_url varchar,
    date_created timestamptz not null,
    date_generated timestamptz,
    read_at timestamptz not null
);

-- grain: one row per message_sid
-- Messages as Twilio last showed them, with what follows from one row alone worked out on the way in.
-- People and pages read the views `messages` and `message_facts`.
create table raw_messages (
    message_sid varchar not null,
    account_sid varchar not null,
    messaging_service_sid varchar,
    direction varchar not null,
    is_outbound boolean not null,
    status varchar not null,
    status_rank smallint not null,
    error_code integer,
    from_address varchar,
    to_address varchar,
    sender varchar,
    sender_type varchar,
    contact varchar,
    country varchar,
    conversation_id varchar,
    body varchar,
    keyword varchar,
    encoding varchar,
    segments integer,
    media_count integer,
    price decimal(12, 6),
    currency varchar,
    date_created timestamptz not null,
    date_sent timestamptz,
    date_updated timestamptz
);

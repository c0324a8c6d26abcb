-- grain: one row per message_sid, status and error_code of a message that the lake does not hold yet
-- A callback can be faster than the list. What it said waits here until the message comes in, and then counts.
create table waiting_statuses (
    message_sid varchar not null,
    account_sid varchar not null,
    status varchar not null,
    status_rank smallint not null,
    error_code integer,
    received_at timestamptz not null
);

-- grain: one row per message_sid, kind and status of a webhook that said more than the other tables hold
-- `kind` is inbound or status; `fields` is a JSON object of the parameters as Twilio named them: those of WhatsApp and
-- RCS, places, attachments, and whatever Twilio adds one day. Outside of privacy mode `full` only those without
-- text, names or numbers.
create table webhook_fields (
    message_sid varchar not null,
    account_sid varchar not null,
    kind varchar not null,
    status varchar not null,
    fields varchar not null,
    received_at timestamptz not null
);

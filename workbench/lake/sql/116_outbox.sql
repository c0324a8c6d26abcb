-- grain: one row per key, attempt and state; append-only
-- What was about to be sent and what became of it. `key` follows from batch, recipient and content, so that the same
-- again is recognised. A row `intended` is committed before the request and every other state after it; `owner` is the
-- process that made the request. `contact` is the recipient as the lake may keep it (see privacy); neither the text nor
-- a hash that tells it without the key of the lake's hashes is here, only `fingerprint`, to recognise it in the log.
-- `price` is the estimate that was shown, `problem` one line without numbers or texts.
create table outbox_events (
    key varchar not null,
    attempt integer not null,
    state varchar not null,
    happened_at timestamptz not null,
    intended_at timestamptz not null,
    batch varchar not null,
    account_sid varchar not null,
    contact varchar not null,
    sender varchar,
    messaging_service_sid varchar,
    fingerprint varchar,
    segments integer not null,
    media_count integer not null,
    send_at timestamptz,
    price decimal(12, 6),
    currency varchar,
    actor varchar not null,
    owner varchar not null,
    message_sid varchar,
    error_code integer,
    problem varchar
);

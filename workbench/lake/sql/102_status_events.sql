-- grain: one row per message_sid, status and error_code; append-only
-- `source` says who told us: callback, sync or send. `received_at` is our clock, not the carrier's.
create table status_events (
    message_sid varchar not null,
    account_sid varchar not null,
    status varchar not null,
    error_code integer,
    source varchar not null,
    received_at timestamptz not null
);

-- grain: one row per token, key and state; append-only until maintenance forgets the key
-- What programs asked for over HTTP under an `Idempotency-Key`, and what they were answered. `key` and `request` are
-- hashes under the lake's key, because a caller may put a number into either. `running` is committed before the deed and
-- `answered` after it; `released` says that nothing was done. `owner` is the process that works on it, `subject` the
-- message in the outbox that it sends. `answer` is JSON: of what the caller gave it has only where it stood.
create table idempotency_keys (
    token varchar not null,
    key varchar not null,
    step integer not null,
    state varchar not null,
    happened_at timestamptz not null,
    request varchar not null,
    owner varchar not null,
    subject varchar,
    status integer,
    answer varchar
);

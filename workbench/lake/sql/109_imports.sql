-- grain: one row per account_sid and imported file or exported day
-- What came from files instead of the list, and which days it reaches over. A file of the user's is told from
-- another by its SHA-256, a day that Twilio exported by its `export_day`; `first_day` and `last_day` are GMT.
-- `rows` are the readable ones, `kept` those of them that the lake already had as new or newer.
create table imports (
    account_sid varchar not null,
    file_name varchar not null,
    kind varchar not null,
    sha256 varchar not null,
    rows bigint not null,
    added bigint not null,
    changed bigint not null,
    kept bigint not null,
    rejected bigint not null,
    first_day date,
    last_day date,
    export_day date,
    export_version varchar,
    imported_at timestamptz not null
);

-- grain: one row per message_sid whose date_created is only its date of sending
-- The console's CSV does not say when a message was created. Rows are found by that date, so the true one
-- takes its place as soon as anybody brings it.
create table guessed_dates (
    message_sid varchar not null,
    date_created timestamptz not null
);

-- grain: one row per lake
-- What may be kept of a message, settled before the first one came in. `key_check` recognises the key of the
-- hashes without giving it away.
create table privacy_choice (
    mode varchar not null,
    key_check varchar,
    chosen_at timestamptz not null
);

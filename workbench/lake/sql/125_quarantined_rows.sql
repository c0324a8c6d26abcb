-- grain: one row per resource, account_sid and row_key of a row that could not be read
-- What Twilio listed or pushed and nobody could understand, kept with its reason until it can: `row_key` is the SID, or
-- a digest where there is none; `part` is what has to be read again to see the row (a GMT day, a service, a country).
-- `raw_value` is the field's value as far as the privacy mode allows, its shape (`9999-99-99`) in every mode but `full`.
-- `times` counts how often the row came so; `resolved_at` is set once it could be read or was not there any more.
create table quarantined_rows (
    resource varchar not null,
    account_sid varchar not null,
    row_key varchar not null,
    sid varchar,
    part varchar not null,
    from_address varchar,
    to_address varchar,
    field varchar,
    reason varchar not null,
    raw_value varchar,
    first_seen_at timestamptz not null,
    last_seen_at timestamptz not null,
    times integer not null,
    resolved_at timestamptz
);

-- grain: one row per account_sid and first GMT day that a sync was for
-- From the earliest on every day should be there, also where a first sync was cut short.
create table sync_starts (
    account_sid varchar not null,
    since date not null
);

-- grain: one row per media_sid whose bytes were asked for
-- Where the bytes are, under `media/` of the installation; `problem` says why there are none, and they are not
-- asked for again. Only where `[sync] media_bytes` is on.
create table media_files (
    media_sid varchar not null,
    message_sid varchar not null,
    account_sid varchar not null,
    file_name varchar,
    bytes bigint,
    sha256 varchar,
    problem varchar,
    fetched_at timestamptz not null
);

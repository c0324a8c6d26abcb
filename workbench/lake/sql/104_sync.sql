-- grain: one row per run_id
create table sync_runs (
    run_id varchar not null,
    account_sid varchar not null,
    started_at timestamptz not null,
    finished_at timestamptz,
    outcome varchar not null,
    listed bigint not null,
    added bigint not null,
    changed bigint not null,
    requests bigint not null,
    error varchar
);

-- grain: one row per account_sid and GMT day of the message list
-- `read_from` is when the walk began: nothing that changed after it is promised to be in.
-- `next_page_uri` is set while a walk is unfinished, so that the next run goes on there.
create table sync_windows (
    account_sid varchar not null,
    day date not null,
    read_from timestamptz not null,
    rows bigint not null,
    next_page_uri varchar,
    finished_at timestamptz
);

-- grain: one row per message_sid read again on its own and still open
create table open_checks (
    message_sid varchar not null,
    account_sid varchar not null,
    checked_at timestamptz not null
);

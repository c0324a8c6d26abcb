-- grain: one row per account_sid
create table accounts (
    account_sid varchar not null,
    friendly_name varchar,
    status varchar,
    type varchar,
    currency varchar,
    read_at timestamptz not null
);

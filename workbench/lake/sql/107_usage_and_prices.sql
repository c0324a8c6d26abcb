-- grain: one row per account_sid, day (GMT) and category
-- Twilio's usage records, of the account alone without its subaccounts. Sum only rows with `is_leaf`: the others
-- (`totalprice`, `sms` …) are sums of them and kept for checks. `price` is what was charged, positive.
create table usage_days (
    account_sid varchar not null,
    day date not null,
    category varchar not null,
    description varchar,
    count decimal(18, 3),
    usage decimal(18, 4),
    usage_unit varchar,
    price decimal(18, 6),
    currency varchar,
    is_leaf boolean not null,
    read_at timestamptz not null
);

-- grain: one row per account_sid and read_at at which the balance had changed; append-only
create table balances (
    account_sid varchar not null,
    balance decimal(18, 6) not null,
    currency varchar,
    read_at timestamptz not null
);

-- grain: one row per account_sid, country, direction, carrier, mcc, mnc and number_type
-- Twilio's price of a segment as it is for this account now, without carrier fees. `carrier`, `mcc` and `mnc` are
-- empty for inbound messages.
create table prices (
    account_sid varchar not null,
    country varchar not null,
    direction varchar not null,
    carrier varchar not null,
    mcc varchar not null,
    mnc varchar not null,
    number_type varchar not null,
    base_price decimal(12, 6),
    current_price decimal(12, 6),
    currency varchar,
    read_at timestamptz not null
);

-- grain: one row per account_sid, GMT day and comparison with Twilio (checked_at, round)
-- Every comparison stays. `round` is 1 as found and 2 after a repair of the same moment. A number is NULL where
-- that side could not be asked; spend is NULL, too, where there is none or in several currencies.
create table reconcile_days (
    account_sid varchar not null,
    day date not null,
    checked_at timestamptz not null,
    round smallint not null,
    lake_messages bigint not null,
    twilio_messages bigint,
    lake_spend decimal(18, 6),
    twilio_spend decimal(18, 6),
    currency varchar,
    unexplained integer not null
);

-- grain: one row per comparison of a day, kind, reason and unit
-- `lake` and `twilio` are the two sides in `unit` ('messages' or a currency); `difference` is the part of what
-- lies between them that this row is about.
create table reconcile_gaps (
    account_sid varchar not null,
    day date not null,
    checked_at timestamptz not null,
    round smallint not null,
    kind varchar not null,
    reason varchar not null,
    lake decimal(18, 6),
    twilio decimal(18, 6),
    difference decimal(18, 6) not null,
    unit varchar not null,
    messages bigint not null,
    detail varchar not null,
    examples varchar[] not null
);

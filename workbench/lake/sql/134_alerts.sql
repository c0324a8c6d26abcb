-- grain: one row per event: a rule that began to hold for one subject
-- `opened_at` is empty while it has not lasted long enough to be told; `good_since` is set while it seems to be over,
-- `recovered_at` once it is. `value`, `sample` and `cause` are what was measured when it opened. `group_values` is a JSON object
-- of dimension and value. People's numbers are in none of these columns.
create table alert_events (
    event_id varchar not null,
    rule varchar not null,
    subject varchar not null,
    group_values varchar not null,
    severity varchar not null,
    metric varchar not null,
    page varchar not null,
    title varchar not null,
    evidence varchar not null,
    cause varchar not null,
    link varchar not null,
    value double,
    limit_value double,
    sample bigint,
    began_at timestamptz not null,
    opened_at timestamptz,
    seen_at timestamptz not null,
    good_since timestamptz,
    recovered_at timestamptz
);

-- grain: one row per attempt to tell one target of one event
-- Written before the target is asked (`outcome` claimed) and again after its answer, so that nothing is told twice,
-- whenever the process ends. `notice` is opened, recovered or reminder N; `target` is its name, never its address.
create table alert_deliveries (
    delivery_id varchar not null,
    event_id varchar not null,
    rule varchar not null,
    subject varchar not null,
    notice varchar not null,
    target varchar not null,
    attempt integer not null,
    claimed_at timestamptz not null,
    ended_at timestamptz,
    outcome varchar not null,
    detail varchar
);

-- grain: one row per rule that somebody muted; it is deleted when the mute is taken back
create table alert_mutes (
    rule varchar not null,
    muted_at timestamptz not null,
    muted_until timestamptz,
    muted_by varchar not null
);

-- grain: one row per rule that is looked at seldom, because it reads much
create table alert_looks (rule varchar not null, looked_at timestamptz not null);

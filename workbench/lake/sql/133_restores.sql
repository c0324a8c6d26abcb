-- grain: one row per restore of this lake from a backup
-- What was sent between `made_at` and `restored_at` is unknown to the outbox, so nothing is sent until somebody has
-- looked and released it. Both are NULL until then.
create table restores (
    backup_id varchar not null,
    made_at timestamptz not null,
    restored_at timestamptz not null,
    released_at timestamptz,
    released_by varchar
);

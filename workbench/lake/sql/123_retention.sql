-- grain: one row per rule of `[retention]` that removes messages or their texts
-- What was removed because of its age stays away, though Twilio goes on listing it: see retained.py.
create table retention_horizons (
    rule varchar not null,
    removed_before timestamptz not null,
    applied_at timestamptz not null
);

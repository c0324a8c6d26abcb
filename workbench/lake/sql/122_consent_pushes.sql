-- grain: one row per event_id that Twilio's Consent API was told of; append-only
-- `error_code` is 0 where Twilio took it, else its own with the reasons in words.
create table consent_pushes (
    event_id varchar not null,
    error_code integer not null,
    problem varchar,
    pushed_at timestamptz not null
);

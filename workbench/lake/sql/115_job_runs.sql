-- grain: one row per run_id
-- What the schedule did, by the server or from cron. `outcome` is running, done, failed, stopped or
-- skipped (somebody else was at it).
create table job_runs (
    run_id varchar not null,
    job varchar not null,
    started_at timestamptz not null,
    finished_at timestamptz,
    outcome varchar not null,
    detail varchar,
    error varchar
);

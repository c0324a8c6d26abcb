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

-- grain: one row per job that failed the last time it ran to an end
create view failed_jobs as
select job, finished_at as failed_at, error
from (
    select * from job_runs where outcome not in ('running', 'skipped')
    qualify row_number() over (partition by job order by started_at desc) = 1
)
where outcome = 'failed';

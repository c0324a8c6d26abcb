-- grain: one row per job that failed the last time it ran to an end
-- version: 1
create or replace view failed_jobs as
select job, finished_at as failed_at, error
from (
    select * from job_runs where outcome not in ('running', 'skipped')
    qualify row_number() over (partition by job order by started_at desc) = 1
)
where outcome = 'failed';

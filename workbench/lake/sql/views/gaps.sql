-- grain: one row per account_sid, day, kind, reason and unit of the latest comparison of that day
-- version: 1
create or replace view gaps as
select g.*
from reconcile_gaps g
join (
    select account_sid, day, checked_at, round
    from reconcile_days
    qualify row_number() over (partition by account_sid, day order by checked_at desc, round desc) = 1
) latest using (account_sid, day, checked_at, round);

-- gives: seconds from one moment to a later one that lie in business hours
-- version: 1
create or replace macro business_seconds(began_at, ended_at) as (
    select coalesce(sum(greatest(0, least(epoch(ended_at), epoch(timezone(timezone, day + to_minutes(closes))))
                                  - greatest(epoch(began_at), epoch(timezone(timezone, day + to_minutes(opens)))))), 0)
    from (
        select unnest(generate_series(
            date_trunc('day', timezone(timezone, began_at)), timezone(timezone, ended_at), interval 1 day
        )) as day, weekday, opens, closes, timezone
        from business_hours
    )
    where isodow(day) = weekday
);

-- grain: one row per account_sid, side (a sender, or a service that chooses one) and node besides itself
-- version: 1
-- What an opt-out of reaches a message from there: the services of a sender; the senders of a service, and theirs.
-- An opt-out said before `left_at` counts. The node '' is there for every sender of which something is known, with
-- the time at which it had left its last service, if it ever was in one.
create or replace view side_nodes as
with spans as materialized (
    select account_sid, sender, messaging_service_sid as service, coalesce(left_at, 'infinity'::timestamptz) as left_at
    from membership_spans
), nodes as (
    select account_sid, sender as side, service as node, left_at from spans where service is not null
    union all
    select account_sid, sender, '', case when service is not null then left_at end from spans
    union all
    select account_sid, service, sender, left_at from spans where service is not null and left_at = 'infinity'::timestamptz
    union all
    select a.account_sid, a.service, b.service, b.left_at
    from spans a
    join spans b on b.account_sid = a.account_sid and b.sender = a.sender and b.service <> a.service
    where a.left_at = 'infinity'::timestamptz
)
select account_sid, side, node, max(left_at) as left_at
from nodes group by account_sid, side, node;

-- grain: one row per account_sid, sender, messaging_service_sid and time in which the sender was seen in the service
-- What messages and the catalog showed: a message that names both proves it. `seen_until` and `left_at` are NULL while
-- nothing says that it left; then it was seen last and missing first at these moments. A row without a service: all
-- services were read with this sender on the list, and it was in none.
create table membership_spans (
    account_sid varchar not null,
    sender varchar not null,
    messaging_service_sid varchar,
    first_seen_at timestamptz not null,
    seen_until timestamptz,
    left_at timestamptz
);

-- grain: one row per account_sid whose messaging services were read whole, with the last time
create table membership_reads (
    account_sid varchar not null,
    read_at timestamptz not null
);

-- The sender that an opt-out or opt-in was said to, where `scope` names its service.
alter table consent_events add column said_to varchar;
merge into consent_events t
using (select message_sid, sender from raw_messages where sender is not null) m
on t.message_sid = m.message_sid and t.source in ('keyword', 'twilio-21610', 'revocation')
when matched then update set said_to = m.sender;

insert into membership_spans
with shown as (
    select account_sid, sender, messaging_service_sid, min(date_created) as first_seen_at, max(date_created) as last_at
    from raw_messages
    where sender is not null and messaging_service_sid is not null
    group by account_sid, sender, messaging_service_sid
    union all
    select account_sid, sender, messaging_service_sid, read_at, 'infinity'::timestamptz
    from senders where messaging_service_sid is not null and removed_at is null
), merged as (
    select account_sid, sender, messaging_service_sid, min(first_seen_at) as first_seen_at, max(last_at) as last_at
    from shown group by account_sid, sender, messaging_service_sid
)
select
    m.account_sid, m.sender, m.messaging_service_sid, m.first_seen_at,
    case when s.read_at > m.last_at then m.last_at end, case when s.read_at > m.last_at then s.read_at end
from merged m
left join senders s on s.account_sid = m.account_sid and s.sender = m.sender and s.removed_at is null
    and s.messaging_service_sid <> m.messaging_service_sid;

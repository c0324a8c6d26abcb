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

-- Who an address belongs to; the same as `person_of` of workbench/messaging/person.py, which says why.
create macro bare_address(address) as (
    case when address[1] = '+' then address
        else regexp_replace(address, '^(?:sms|whatsapp|rcs|messenger):((?:\+|anon-).*)$', '\1', 'is') end
);
create macro person_of_number(number) as (
    case number[:3]
        when '+52' then regexp_replace(number, '^\+52(?:1|01|044|045)([0-9]{10})$', '+52\1')
        when '+54' then
            case when regexp_matches(number, '^\+549[0-9]{10}$') then '+54' || number[5:]
            else regexp_replace(
                number,
                '^\+549?0?(?:(11)15([0-9]{8})|(2(?:2[013]|3[067]|49|6[01346]|80|9[147-9])|3(?:36|4[1-358]|5[138]|6[24]|7[069]|8[013578]))15([0-9]{7})|([23][0-9]{3})15([0-9]{6}))$',
                '+54\1\2\3\4\5\6'
            ) end
        when '+55' then regexp_replace(number, '^\+55([1-9][1-9])([6-9][0-9]{7})$', '+55\19\2')
        when '+22' then
            case
                when regexp_matches(number, '^\+229[24-69][0-9]{7}$') then '+22901' || number[5:]
                when regexp_matches(number, '^\+225[04-9][0-3][0-9]{6}$') then '+22501' || number[5:]
                when regexp_matches(number, '^\+225[04-9][4-6][0-9]{6}$') then '+22505' || number[5:]
                when regexp_matches(number, '^\+225[04-9][7-9][0-9]{6}$') then '+22507' || number[5:]
                else number
            end
        else number
    end
);
create macro person_of(address) as (person_of_number(bare_address(address)));
create macro channel_family(address) as (
    case when starts_with(address, 'whatsapp:') then 'whatsapp'
        when starts_with(address, 'messenger:') then 'messenger' else 'sms' end
);
create macro is_service(scope) as (starts_with(scope, 'MG') and length(scope) = 34);

-- grain: one row per account_sid, side (a sender, or a service that chooses one) and node besides itself
-- What an opt-out of reaches a message from there: the services of a sender; the senders of a service, and theirs.
-- An opt-out said before `left_at` counts. The node '' is there for every sender of which something is known, with
-- the time at which it had left its last service, if it ever was in one.
create view side_nodes as
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

-- grain: one row per event_id of an opt-out or opt-in
-- `sender` is the one it was said to; `families` are the channels that it is about: those of that sender, or all.
create view consent_said as
with heard as (
    select *, case when scope = '*' or starts_with(scope, 'topic:') then null
        when is_service(scope) then said_to else scope end as sender
    from consent_events
    where kind in ('opt-in', 'opt-out')
)
select
    event_id, account_sid, person_of(address) as person, scope, kind, source, happened_at, sender,
    case when sender is null then ['sms', 'whatsapp', 'messenger'] else [channel_family(sender)] end as families
from heard;

-- grain: one row per opt-in and node that it reaches: what it names, and the services that its sender was seen in
-- Where a membership is not known it counts as none: an opt-in must not reach further than what was said.
create macro opt_in_nodes_of(people) as table
with said as materialized (
    select *, unnest(families) as family from consent_said
    where kind = 'opt-in' and (people is null or person in (select unnest(people)))
)
select person, family, scope as node, happened_at from said
union
select person, family, sender, happened_at from said where sender is not null
union
select s.person, s.family, m.messaging_service_sid, s.happened_at
from said s
join membership_spans m on m.account_sid = s.account_sid and m.sender = s.sender
    and m.messaging_service_sid is not null and m.first_seen_at <= s.happened_at
    and (m.left_at is null or s.happened_at <= m.seen_until);

-- grain: one row per opt-out, channel and node that it reaches, with the time until an opt-in lifted it there
-- An opt-out reaches what it names, the sender it was said to, and the services of that sender then and later. Where
-- these are not known (no row, and no whole reading since) it reaches every service of the account (`any:`); what reaches a service also reaches the
-- senders of which nobody knows a service (`some:`). `people` narrows it to these persons; NULL means everybody.
create macro opt_out_spans_of(people) as table
with heard as materialized (
    select *, unnest(families) as family from consent_said
    where people is null or person in (select unnest(people))
), members as materialized (
    select
        account_sid, sender, messaging_service_sid as service, first_seen_at,
        coalesce(seen_until + interval 1 microsecond, 'infinity'::timestamptz) as surely_until,
        coalesce(left_at, 'infinity'::timestamptz) as left_at
    from membership_spans
), said as (
    select event_id, person, family, account_sid, source, happened_at as since, sender, scope
    from heard where kind = 'opt-out'
), nodes as materialized (
    select *, scope as node, null::timestamptz as left_at from said
    union
    select *, sender, null from said where sender is not null
    union
    select s.*, m.service, max(m.left_at)
    from said s
    join members m on m.account_sid = s.account_sid and m.sender = s.sender and m.service <> s.scope
        and m.left_at > s.since
    group by all
    union
    select s.*, 'any:' || s.account_sid, 'infinity'::timestamptz
    from said s
    where s.sender is not null
        and not exists (select 1 from members m where m.account_sid = s.account_sid and m.sender = s.sender)
        and not exists (select 1 from membership_reads r where r.account_sid = s.account_sid and r.read_at >= s.since)
), keys as (
    -- What an opt-in has to reach to lift it, and from when until before when that is so.
    select event_id, family, person, node, since, '*' as key, '-infinity'::timestamptz as begins,
        'infinity'::timestamptz as ends
    from nodes
    union all
    select event_id, family, person, node, since, node, '-infinity'::timestamptz, 'infinity'::timestamptz from nodes where node <> '*'
    union all
    -- What follows from the sender ends with it, as long as it is there.
    select event_id, family, person, node, since, sender, '-infinity'::timestamptz, left_at from nodes where left_at is not null
    union all
    -- A sender ends with its service, where it surely was in it.
    select n.event_id, n.family, n.person, n.node, n.since, m.service, m.first_seen_at, m.surely_until
    from nodes n
    join members m on m.account_sid = n.account_sid and m.sender = n.sender and m.service is not null
    where n.node = n.sender
), opt_ins as (
    select person, family, happened_at, scope as node from heard where kind = 'opt-in'
    union
    select person, family, happened_at, sender from heard where kind = 'opt-in' and sender is not null
    union
    select h.person, h.family, h.happened_at, m.service
    from heard h
    join members m on m.account_sid = h.account_sid and m.sender = h.sender and m.service is not null
        and h.happened_at >= m.first_seen_at and h.happened_at < m.surely_until
    where h.kind = 'opt-in'
), lifted as (
    select k.event_id, k.family, k.node, min(i.happened_at) as until
    from keys k
    join opt_ins i on i.person = k.person and i.family = k.family and i.node = k.key
        and i.happened_at > k.since and i.happened_at >= k.begins and i.happened_at < k.ends
    group by k.event_id, k.family, k.node
), spans as (
    select n.* exclude (left_at), l.until
    from nodes n
    left join lifted l on l.event_id = n.event_id and l.family = n.family and l.node = n.node
)
select *
from spans
union all
select * replace ('some:' || account_sid as node) from spans where is_service(node) or node = 'any:' || account_sid;

create or replace view opt_out_spans as select * from opt_out_spans_of(null);

-- Whether an opt-out of a node reaches a message from a side of ours by name; the service then decides for its senders.
create macro is_named(node, account, sender, service) as (
    node = '*' or node is not distinct from sender or node is not distinct from service
    or (service is not null and node = 'any:' || account)
);
-- The same by what is known, or not known, of the sender's memberships: `shared_until` is `left_at` of its row in
-- side_nodes for this node, and `left_at` that of the node ''.
create macro is_shared(node, account, service, since, shared_until, left_at, is_known) as (
    coalesce(shared_until > since, false)
    or (node = 'any:' || account and (not is_known or coalesce(left_at > since, false)))
    or (node = 'some:' || account and service is null and not is_known)
);

create or replace view sends_to_opted_out as
with sides as materialized (select * from side_nodes),
pairs as (
    select
        m.message_sid, m.date_created, m.sent_at, o.person, m.sender, o.source, o.since,
        is_named(o.node, m.account_sid, m.sender, m.messaging_service_sid) as is_named,
        is_shared(
            o.node, m.account_sid, m.messaging_service_sid, o.since, n.left_at, p.left_at,
            m.sender is null or p.side is not null or coalesce(r.read_at >= o.since, false)
        ) as is_shared
    from sent_facts m
    join opt_out_spans o on o.person = person_of(m.contact) and o.family = channel_family(m.contact)
        and o.since < m.sent_at and (o.until is null or m.sent_at < o.until)
    left join sides n on n.account_sid = m.account_sid and n.node = o.node
        and n.side = coalesce(m.sender, m.messaging_service_sid)
    left join sides p on p.account_sid = m.account_sid and p.side = m.sender and p.node = ''
    left join membership_reads r on r.account_sid = m.account_sid
), judged as (
    -- Who said START to a sender by name may be written to from it, whatever it shares with others.
    select *, is_named or (is_shared and not exists (
        select 1 from consent_said i
        where i.kind = 'opt-in' and i.person = pairs.person and i.sender = pairs.sender
            and i.happened_at > pairs.since and i.happened_at <= pairs.sent_at
    )) as is_own
    from pairs
)
select
    message_sid, date_created, bool_or(is_own) as is_own, min(since) filter (is_own) as own_since,
    max(since) as any_since, coalesce(arg_min(source, since) filter (is_own), arg_max(source, since)) as opt_out_source
from judged group by message_sid, date_created;

-- grain: one row per person and scope, with the last thing that was said
create or replace view consent_state as
select address, scope, kind as state, source, message_sid, happened_at as since, actor, event_id
from consent_events
where kind in ('opt-in', 'opt-out')
qualify row_number() over (
    partition by person_of(address), scope order by happened_at desc, kind = 'opt-out' desc, recorded_at desc
) = 1;

-- grain: one row per person and scope whose last opt-out still holds somewhere
create or replace view suppressions as
select address, scope, source, happened_at as since, event_id
from consent_events
where event_id in (select event_id from opt_out_spans where until is null)
qualify row_number() over (
    partition by person_of(address), scope order by happened_at desc, recorded_at desc
) = 1;

-- grain: one row per message sent without an opt-in on record for its sender or service, or for everything, by then
create or replace view audit_without_consent as
with opted_in as (
    select person, family, node, min(happened_at) as since from opt_in_nodes_of(null) group by all
)
select m.*
from sent_facts m
where m.contact is not null and not exists (
    select 1 from opted_in o
    where o.person = person_of(m.contact) and o.family = channel_family(m.contact)
        and o.node in ('*', m.sender, m.messaging_service_sid, m.reach) and o.since <= m.sent_at
);

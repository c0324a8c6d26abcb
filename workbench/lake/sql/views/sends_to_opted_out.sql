-- grain: one row per message sent to somebody who had opted out of any sender or service of ours by then
-- version: 1
-- `is_own`: of the one that it was sent from. With the moment of creation, so that a period asked for narrows these
-- rows too.
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

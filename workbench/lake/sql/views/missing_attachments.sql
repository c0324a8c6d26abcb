-- grain: one row per message_sid with attachments that Twilio has not listed
-- version: 2
-- `is_given_up`: Twilio was asked for them often enough, or no longer has the message; nothing asks again.
create or replace view missing_attachments as
select
    m.message_sid, m.account_sid, m.date_created, m.media_count, coalesce(l.files, 0) as files,
    l.attempts, l.listed_at, l.next_at,
    l.attempts is not null and l.next_at is null and l.expected >= m.media_count as is_given_up
from message_facts m
left join media_listings l on l.message_sid = m.message_sid
where m.media_count > coalesce(l.files, 0);

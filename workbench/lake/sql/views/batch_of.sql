-- gives: the batch that a message was sent with from here; NULL for all others
-- version: 4
-- The columns are renamed, since an argument such as `message_sid` would be taken for the column of that name here.
create or replace macro batch_of(sid) as (
    (select max(of_batch) from (select message_sid as sent_sid, batch as of_batch from outbox_events) where sent_sid = sid)
);

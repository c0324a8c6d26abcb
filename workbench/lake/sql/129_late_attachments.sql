-- grain: one row per message_sid whose attachments were listed
-- Twilio can list an attachment some seconds after its message, so a list with fewer `files` than the `expected` ones
-- is asked for again at `next_at`. NULL there: it is whole, or was asked for often enough. `attempts` is NULL where an
-- older version listed them, which took any list for whole; those that are not are asked for once more.
alter table media_listings add column expected integer;
alter table media_listings add column attempts integer;
alter table media_listings add column next_at timestamptz;

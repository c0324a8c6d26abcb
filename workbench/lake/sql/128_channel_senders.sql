-- grain: one row per account_sid and sender
-- `channel_status` is what Twilio says of a WhatsApp or RCS sender (ONLINE, OFFLINE, DRAFT …); NULL for every other
-- sender, and where only a messaging service's pool shows it.
alter table senders add column channel_status varchar;

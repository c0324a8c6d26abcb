-- grain: one row per webhook and event of the feed that it is to be told
-- `state` is waiting, claimed (written before the receiver is asked), delivered or dead (given up; a person can replay
-- it). `webhook_id` follows from the event, so that the receiver knows it again. Events of one `lane` go in order: a
-- conversation, or the kind of what has none.
create table event_deliveries (
    webhook varchar not null,
    position bigint not null,
    webhook_id varchar not null,
    kind varchar not null,
    conversation_id varchar,
    lane varchar not null,
    state varchar not null,
    attempts integer not null,
    due_at timestamptz not null,
    noted_at timestamptz not null,
    ended_at timestamptz,
    detail varchar
);

-- grain: one row per webhook whose receiver said that it is gone (HTTP 410), with the address that said so
-- It gets nothing until a test is taken or the settings name another address.
create table event_webhooks_gone (
    webhook varchar not null,
    address_hash varchar not null,
    gone_at timestamptz not null
);

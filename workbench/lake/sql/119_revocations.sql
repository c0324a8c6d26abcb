-- grain: one row per message_sid
-- A wish to be left alone that is no keyword: the phrase of our list that an inbound message holds, and its language.
-- The phrase is ours, not the person's, and so stays where bodies may not be kept.
alter table raw_messages add column revocation varchar;
alter table raw_messages add column revocation_language varchar;

-- grain: one row per list of phrases that the messages here were read with
create table revocation_lists (
    as_of date not null,
    read_at timestamptz not null
);

-- grain: one row per decision_id; append-only
-- What a person decided about a candidate: `opt-out` or `not-opt-out`. The last one counts.
create table revocation_decisions (
    decision_id varchar not null,
    message_sid varchar not null,
    account_sid varchar not null,
    decision varchar not null,
    actor varchar not null,
    note varchar,
    decided_at timestamptz not null
);

-- grain: one row per event of `conversation_events` that somebody made for one or many conversations in one action
-- What the action changed, so that it can be undone as a whole: `value_before` and `until_before` are what the conversation had.
-- `undoes` is the event that this one takes back.
create table conversation_actions (
    action_id varchar not null,
    event_id varchar not null,
    kind varchar not null,
    value_before varchar,
    until_before timestamptz,
    actor varchar not null,
    happened_at timestamptz not null,
    undoes varchar
);

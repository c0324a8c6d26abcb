-- grain: one row per event_id; append-only
-- What people here decided about conversations. `kind` is state (open, pending, snoozed, resolved; `until` ends a
-- snooze), assignee (a NULL value: nobody), label, unlabel or note. `conversation_id` is that of any message of it.
create table conversation_events (
    event_id varchar not null,
    conversation_id varchar not null,
    kind varchar not null,
    value varchar,
    until timestamptz,
    actor varchar not null,
    happened_at timestamptz not null
);

-- grain: one row per weekday (1 Monday to 7 Sunday) and opening
-- When people here answer; minutes after midnight in `timezone`. Kept equal to the settings.
create table business_hours (
    weekday smallint not null,
    opens smallint not null,
    closes smallint not null,
    timezone varchar not null
);

insert into business_hours values
    (1, 540, 1020, 'UTC'), (2, 540, 1020, 'UTC'), (3, 540, 1020, 'UTC'), (4, 540, 1020, 'UTC'), (5, 540, 1020, 'UTC');

-- grain: one row per position: something that happened and was noticed once; append-only, kept for 30 days
-- `position` has no gap when it is given and rises in the order of commits; erased and old rows leave gaps. `event_id`
-- follows from the fact itself. `contact` is as the lake keeps it; `detail` is a JSON object without numbers or texts.
-- `conversation_id` is the same for all senders of a service's pool, as the view `conversations` has it.
create table feed_events (
    position bigint not null,
    event_id varchar not null,
    kind varchar not null,
    happened_at timestamptz not null,
    noted_at timestamptz not null,
    account_sid varchar,
    conversation_id varchar,
    message_sid varchar,
    contact varchar,
    detail varchar not null
);

-- grain: one row per consumer of the feed: all events up to `position` are done
create table feed_cursors (
    consumer varchar not null,
    position bigint not null,
    moved_at timestamptz not null
);

-- grain: one row per lake
-- What happened before `began_at` is history and no event. Positions up to `forgotten_position` were deleted for age.
create table feed_state (
    began_at timestamptz not null,
    last_position bigint not null,
    forgotten_position bigint not null
);

insert into feed_state values (now(), 0, 0);

-- grain: one row per person who chose something about their notifications
-- `choice` is a JSON object of what they chose; everything else is as `[notifications]` says. Addresses of apprise are secrets
-- and not here: they are in a private file of the home.
create table notification_choices (
    person varchar not null,
    choice varchar not null,
    changed_at timestamptz not null
);

-- grain: one row per thing that a person is told: a burst of messages of one conversation, an assignment, a mention
-- `kind` is message, assigned or mention. `happened_at` is the first event of the burst, `last_at` its last; `noted_at` is when the
-- first came into the feed. `read_at` is set once the person has seen the conversation. No number and no text is here.
create table notifications (
    notification_id varchar not null,
    person varchar not null,
    kind varchar not null,
    conversation_id varchar not null,
    events integer not null,
    happened_at timestamptz not null,
    last_at timestamptz not null,
    noted_at timestamptz not null,
    read_at timestamptz
);

-- grain: one row per attempt to tell one notification on one way (mail or apprise)
-- Written before anybody is told (`outcome` claimed) and again after the answer, so that nothing is told twice whenever
-- the process ends. Notifications told together share `notice_id`.
create table notification_deliveries (
    delivery_id varchar not null,
    notice_id varchar not null,
    notification_id varchar not null,
    person varchar not null,
    way varchar not null,
    attempt integer not null,
    claimed_at timestamptz not null,
    ended_at timestamptz,
    outcome varchar not null,
    detail varchar
);

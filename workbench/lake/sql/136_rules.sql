-- grain: one row per rule and event that it fired for
-- Written before the rule acts (`outcome` claimed) with what it does in the lake, in one commit; and again when what
-- goes out of the lake has ended, so that nothing is done twice, whenever the process ends. `event_key` is the same
-- however often an event is brought. `actions` is a JSON list of what was done, each with its outcome; neither texts nor
-- numbers of people are in it. `assignee` is who got the conversation in turn, `webhooks` a JSON list of the event
-- webhooks that the feed tells of it.
create table rule_firings (
    rule varchar not null,
    event_key varchar not null,
    conversation_id varchar not null,
    message_sid varchar not null,
    claimed_at timestamptz not null,
    ended_at timestamptz,
    outcome varchar not null,
    actions varchar not null,
    assignee varchar,
    webhooks varchar not null
);

-- grain: one row per rule that somebody switched on or off, instead of what the settings say
create table rule_switches (
    rule varchar not null,
    is_on boolean not null,
    switched_at timestamptz not null,
    switched_by varchar not null
);

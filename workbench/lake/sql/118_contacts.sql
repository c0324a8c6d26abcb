-- grain: one row per event_id; append-only
-- What people here say about contacts: `field` is name, labels (joined by commas), language, time_zone or merged_into
-- (the address of the same person that stands for both); a NULL value takes it back. Events of one deed share a
-- `change_id`, so that the deed can be undone: `previous` is what the field was before it.
create table contact_events (
    event_id varchar not null,
    change_id varchar not null,
    address varchar not null,
    field varchar not null,
    value varchar,
    previous varchar,
    actor varchar not null,
    happened_at timestamptz not null
);

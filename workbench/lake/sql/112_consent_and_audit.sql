-- grain: one row per event_id; append-only
-- What people said about being messaged, and who heard it: `kind` is opt-in, opt-out or help. `scope` is what it
-- reaches: a sender or messaging service of ours, `topic:NAME`, or `*` for everything. `address` is the contact as the
-- lake may keep it (see privacy). `event_id` follows from the fact itself, so that hearing it again adds nothing.
create table consent_events (
    event_id varchar not null,
    account_sid varchar not null,
    address varchar not null,
    scope varchar not null,
    kind varchar not null,
    source varchar not null,
    evidence varchar,
    wording_version varchar,
    message_sid varchar,
    actor varchar,
    happened_at timestamptz not null,
    recorded_at timestamptz not null
);

-- What the messages that are here already say; later ones say it when they come in.
insert into consent_events
select
    message_sid || ':' || kind, account_sid, contact, coalesce(messaging_service_sid, sender), kind,
    case when is_outbound then 'twilio-21610' else 'keyword' end,
    case when is_outbound then 'Twilio refused the message (21610).' end,
    null, message_sid, null, date_created, now()
from (select *, case when is_outbound then 'opt-out' else keyword end as kind from raw_messages)
where contact is not null and coalesce(messaging_service_sid, sender) is not null
  and case when is_outbound then error_code = 21610 else keyword is not null end;

-- grain: one row per seq; append-only and chained: `hash` covers the row and the hash before it
-- Who did what that matters: sends, overrides, reveals, exports, erasures, consent decisions, sign-ins, settings.
-- Never a whole number or a text of a message: the row must outlive the person's erasure.
create table audit_events (
    seq bigint not null,
    happened_at timestamptz not null,
    actor varchar not null,
    action varchar not null,
    subject varchar,
    detail varchar not null,
    previous_hash varchar not null,
    hash varchar not null
);

-- ===== 001_raw_messages
-- grain: one row per message_sid
-- Messages as Twilio last showed them, with what follows from one row alone worked out on the way in.
-- People and pages read the views `messages` and `message_facts`.
create table raw_messages (
    message_sid varchar not null,
    account_sid varchar not null,
    messaging_service_sid varchar,
    direction varchar not null,
    is_outbound boolean not null,
    status varchar not null,
    status_rank smallint not null,
    error_code integer,
    from_address varchar,
    to_address varchar,
    sender varchar,
    sender_type varchar,
    contact varchar,
    country varchar,
    conversation_id varchar,
    body varchar,
    keyword varchar,
    encoding varchar,
    segments integer,
    media_count integer,
    price decimal(12, 6),
    currency varchar,
    date_created timestamptz not null,
    date_sent timestamptz,
    date_updated timestamptz
);
-- ===== 002_status_events
-- grain: one row per message_sid, status and error_code; append-only
-- `source` says who told us: callback, sync or send. `received_at` is our clock, not the carrier's.
create table status_events (
    message_sid varchar not null,
    account_sid varchar not null,
    status varchar not null,
    error_code integer,
    source varchar not null,
    received_at timestamptz not null
);
-- ===== 003_accounts
-- grain: one row per account_sid
create table accounts (
    account_sid varchar not null,
    friendly_name varchar,
    status varchar,
    type varchar,
    currency varchar,
    read_at timestamptz not null
);
-- ===== 004_sync
-- grain: one row per run_id
create table sync_runs (
    run_id varchar not null,
    account_sid varchar not null,
    started_at timestamptz not null,
    finished_at timestamptz,
    outcome varchar not null,
    listed bigint not null,
    added bigint not null,
    changed bigint not null,
    requests bigint not null,
    error varchar
);

-- grain: one row per account_sid and GMT day of the message list
-- `read_from` is when the walk began: nothing that changed after it is promised to be in.
-- `next_page_uri` is set while a walk is unfinished, so that the next run goes on there.
create table sync_windows (
    account_sid varchar not null,
    day date not null,
    read_from timestamptz not null,
    rows bigint not null,
    next_page_uri varchar,
    finished_at timestamptz
);

-- grain: one row per message_sid read again on its own and still open
create table open_checks (
    message_sid varchar not null,
    account_sid varchar not null,
    checked_at timestamptz not null
);
-- ===== 005_views
-- grain: one row per message_sid
-- `is_final`: nothing more is expected of the status. Many routes never send a receipt, so `sent`
-- counts as final after 72 hours.
create macro is_final_at(status, began_at, moment) as (
    status in ('delivered', 'read', 'undelivered', 'failed', 'canceled', 'received')
    or (status = 'sent' and began_at < moment - interval 72 hours)
);

create view message_facts as
select
    message_sid, account_sid, messaging_service_sid, direction, is_outbound, status,
    is_final_at(status, coalesce(date_sent, date_created), now()) as is_final,
    error_code, from_address, to_address, sender, sender_type, contact, country, body, keyword, encoding,
    segments, media_count, abs(price)::decimal(12, 6) as spend, currency,
    date_created, date_sent, date_updated, conversation_id
from raw_messages;

-- grain: one row per message_sid
-- The public message log. `spend` is positive and NULL until priced; `sender` is our side and
-- `contact` theirs, whatever the direction.
create view messages as
select
    message_sid, account_sid, messaging_service_sid, direction, is_outbound, status, is_final,
    error_code, from_address, to_address, sender, contact, country, body, encoding, segments,
    media_count, spend, currency, date_created, date_sent, date_updated, conversation_id
from message_facts;
-- ===== 006_write_turn
-- grain: one row per lake
-- A catalog that several machines write has no lock of ours. Every write there moves this row on, so that of
-- two at once the second conflicts and runs again on what the first one left: no message comes in twice.
create table write_turn (turn bigint not null);

insert into write_turn values (0);
-- ===== 007_senders
-- grain: one row per account_sid and sender
-- What the account can send from: numbers, short codes, and the names and channel addresses in the pools of its
-- messaging services. `read_at` is when the row last differed; `removed_at` is set once Twilio no longer lists it.
-- `mps_limit` is in segments per second, from the configuration or a documented default: no API tells it.
create table senders (
    account_sid varchar not null,
    sender varchar not null,
    sender_sid varchar,
    sender_type varchar not null,
    friendly_name varchar,
    country varchar,
    can_sms boolean,
    can_mms boolean,
    sms_url varchar,
    sms_method varchar,
    status_callback varchar,
    sms_application_sid varchar,
    messaging_service_sid varchar,
    registration varchar,
    registration_status varchar,
    mps_limit decimal(10, 3),
    mps_limit_source varchar,
    read_at timestamptz not null,
    removed_at timestamptz
);

-- grain: one row per account_sid and messaging_service_sid
-- The campaign is the service's A2P registration; NULL where it has none.
create table messaging_services (
    account_sid varchar not null,
    messaging_service_sid varchar not null,
    friendly_name varchar,
    inbound_url varchar,
    inbound_method varchar,
    use_inbound_webhook_on_number boolean,
    status_callback varchar,
    smart_encoding boolean,
    validity_seconds integer,
    usecase varchar,
    us_app_to_person_registered boolean,
    campaign_sid varchar,
    campaign_status varchar,
    campaign_usecase varchar,
    campaign_att_mps decimal(10, 3),
    campaign_t_mobile_tier varchar,
    read_at timestamptz not null,
    removed_at timestamptz
);

-- grain: one row per account_sid, resource and part
-- What of a resource need not be read again (a day that is settled) or not yet (a country's prices).
create table catalog_reads (
    account_sid varchar not null,
    resource varchar not null,
    part varchar not null,
    read_at timestamptz not null
);

-- A subaccount's owner is its main account; a main account owns itself.
alter table accounts add column owner_account_sid varchar;
-- ===== 008_usage_and_prices
-- grain: one row per account_sid, day (GMT) and category
-- Twilio's usage records, of the account alone without its subaccounts. Sum only rows with `is_leaf`: the others
-- (`totalprice`, `sms` …) are sums of them and kept for checks. `price` is what was charged, positive.
create table usage_days (
    account_sid varchar not null,
    day date not null,
    category varchar not null,
    description varchar,
    count decimal(18, 3),
    usage decimal(18, 4),
    usage_unit varchar,
    price decimal(18, 6),
    currency varchar,
    is_leaf boolean not null,
    read_at timestamptz not null
);

-- grain: one row per account_sid and read_at at which the balance had changed; append-only
create table balances (
    account_sid varchar not null,
    balance decimal(18, 6) not null,
    currency varchar,
    read_at timestamptz not null
);

-- grain: one row per account_sid, country, direction, carrier, mcc, mnc and number_type
-- Twilio's price of a segment as it is for this account now, without carrier fees. `carrier`, `mcc` and `mnc` are
-- empty for inbound messages.
create table prices (
    account_sid varchar not null,
    country varchar not null,
    direction varchar not null,
    carrier varchar not null,
    mcc varchar not null,
    mnc varchar not null,
    number_type varchar not null,
    base_price decimal(12, 6),
    current_price decimal(12, 6),
    currency varchar,
    read_at timestamptz not null
);
-- ===== 009_media_and_alerts
-- grain: one row per media_sid
-- What is attached to messages; the bytes stay at Twilio.
create table media (
    media_sid varchar not null,
    message_sid varchar not null,
    account_sid varchar not null,
    content_type varchar,
    date_created timestamptz,
    date_updated timestamptz,
    read_at timestamptz not null
);

-- grain: one row per message_sid whose attachments were listed
-- `files` may be less than the message's media_count: attachments can be deleted alone.
create table media_listings (
    message_sid varchar not null,
    account_sid varchar not null,
    files integer not null,
    listed_at timestamptz not null
);

-- grain: one row per alert_sid
-- Twilio forgets alerts after 30 days; here they stay. `alert_text` and the query of `request_url` can hold numbers
-- and bodies, and are kept only where everything is.
create table alerts (
    alert_sid varchar not null,
    account_sid varchar not null,
    error_code integer,
    log_level varchar,
    alert_text varchar,
    resource_sid varchar,
    service_sid varchar,
    request_method varchar,
    request_url varchar,
    date_created timestamptz not null,
    date_generated timestamptz,
    read_at timestamptz not null
);
-- ===== 010_imports
-- grain: one row per account_sid and imported file or exported day
-- What came from files instead of the list, and which days it reaches over. A file of the user's is told from
-- another by its SHA-256, a day that Twilio exported by its `export_day`; `first_day` and `last_day` are GMT.
-- `rows` are the readable ones, `kept` those of them that the lake already had as new or newer.
create table imports (
    account_sid varchar not null,
    file_name varchar not null,
    kind varchar not null,
    sha256 varchar not null,
    rows bigint not null,
    added bigint not null,
    changed bigint not null,
    kept bigint not null,
    rejected bigint not null,
    first_day date,
    last_day date,
    export_day date,
    export_version varchar,
    imported_at timestamptz not null
);

-- grain: one row per message_sid whose date_created is only its date of sending
-- The console's CSV does not say when a message was created. Rows are found by that date, so the true one
-- takes its place as soon as anybody brings it.
create table guessed_dates (
    message_sid varchar not null,
    date_created timestamptz not null
);

-- grain: one row per lake
-- What may be kept of a message, settled before the first one came in. `key_check` recognises the key of the
-- hashes without giving it away.
create table privacy_choice (
    mode varchar not null,
    key_check varchar,
    chosen_at timestamptz not null
);
-- ===== 011_reconcile
-- grain: one row per account_sid, GMT day and comparison with Twilio (checked_at, round)
-- Every comparison stays. `round` is 1 as found and 2 after a repair of the same moment. A number is NULL where
-- that side could not be asked; spend is NULL, too, where there is none or in several currencies.
create table reconcile_days (
    account_sid varchar not null,
    day date not null,
    checked_at timestamptz not null,
    round smallint not null,
    lake_messages bigint not null,
    twilio_messages bigint,
    lake_spend decimal(18, 6),
    twilio_spend decimal(18, 6),
    currency varchar,
    unexplained integer not null
);

-- grain: one row per comparison of a day, kind, reason and unit
-- `lake` and `twilio` are the two sides in `unit` ('messages' or a currency); `difference` is the part of what
-- lies between them that this row is about.
create table reconcile_gaps (
    account_sid varchar not null,
    day date not null,
    checked_at timestamptz not null,
    round smallint not null,
    kind varchar not null,
    reason varchar not null,
    lake decimal(18, 6),
    twilio decimal(18, 6),
    difference decimal(18, 6) not null,
    unit varchar not null,
    messages bigint not null,
    detail varchar not null,
    examples varchar[] not null
);

-- grain: one row per account_sid, day, kind, reason and unit of the latest comparison of that day
create view gaps as
select g.*
from reconcile_gaps g
join (
    select account_sid, day, checked_at, round
    from reconcile_days
    qualify row_number() over (partition by account_sid, day order by checked_at desc, round desc) = 1
) latest using (account_sid, day, checked_at, round);
-- ===== 012_tombstones
-- grain: one row per message_sid that Twilio no longer has
-- The message keeps its row in `raw_messages`, without its body, so that it can be counted; the views leave it
-- out, because it no longer exists upstream.
create table tombstones (
    message_sid varchar not null,
    account_sid varchar not null,
    deleted_seen_at timestamptz not null,
    reason varchar not null
);

create or replace view message_facts as
select
    message_sid, account_sid, messaging_service_sid, direction, is_outbound, status,
    is_final_at(status, coalesce(date_sent, date_created), now()) as is_final,
    error_code, from_address, to_address, sender, sender_type, contact, country, body, keyword, encoding,
    segments, media_count, abs(price)::decimal(12, 6) as spend, currency,
    date_created, date_sent, date_updated, conversation_id
from raw_messages
where not exists (select 1 from tombstones t where t.message_sid = raw_messages.message_sid);

-- grain: one row per message_sid
-- The public message log. `spend` is positive and NULL until priced; `sender` is our side and
-- `contact` theirs, whatever the direction.
create or replace view messages as
select
    message_sid, account_sid, messaging_service_sid, direction, is_outbound, status, is_final,
    error_code, from_address, to_address, sender, contact, country, body, encoding, segments,
    media_count, spend, currency, date_created, date_sent, date_updated, conversation_id
from message_facts;
-- ===== 013_consent_and_audit
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

-- grain: one row per address and scope, with the last thing that was said
create view consent_state as
select address, scope, kind as state, source, message_sid, happened_at as since, actor, event_id
from consent_events
where kind in ('opt-in', 'opt-out')
qualify row_number() over (
    partition by address, scope order by happened_at desc, kind = 'opt-out' desc, recorded_at desc
) = 1;

-- grain: one row per address and scope that must not be messaged
create view suppressions as
select address, scope, source, since, event_id from consent_state where state = 'opt-out';

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
-- ===== 014_media_files
-- grain: one row per media_sid whose bytes were asked for
-- Where the bytes are, under `media/` of the installation; `problem` says why there are none, and they are not
-- asked for again. Only where `[sync] media_bytes` is on.
create table media_files (
    media_sid varchar not null,
    message_sid varchar not null,
    account_sid varchar not null,
    file_name varchar,
    bytes bigint,
    sha256 varchar,
    problem varchar,
    fetched_at timestamptz not null
);
-- ===== 020_sending_views
-- grain: one row per message_sid
-- Messages with the limit of their sender, in segments per second; NULL where nobody says.
create view sending_facts as
select facts.*, limits.mps_limit
from message_facts facts
left join (
    select account_sid, sender, max(mps_limit) as mps_limit from senders group by account_sid, sender
) limits on limits.account_sid = facts.account_sid and limits.sender = facts.sender;

-- grain: one row per message_sid
-- Messages with the first moment at which a callback told us that they had arrived, by our clock.
create view delivery_facts as
select facts.*, receipts.delivered_seen_at
from message_facts facts
left join (
    select message_sid, min(received_at) as delivered_seen_at
    from status_events
    where source = 'callback' and status in ('delivered', 'read')
    group by message_sid
) receipts on receipts.message_sid = facts.message_sid;
-- ===== 025_webhooks
-- grain: one row per message_sid, status and error_code of a message that the lake does not hold yet
-- A callback can be faster than the list. What it said waits here until the message comes in, and then counts.
create table waiting_statuses (
    message_sid varchar not null,
    account_sid varchar not null,
    status varchar not null,
    status_rank smallint not null,
    error_code integer,
    received_at timestamptz not null
);

-- grain: one row per message_sid, kind and status of a webhook that said more than the other tables hold
-- `kind` is inbound or status; `fields` is a JSON object of the parameters as Twilio named them: those of WhatsApp and
-- RCS, places, attachments, and whatever Twilio adds one day. Outside of privacy mode `full` only those without
-- text, names or numbers.
create table webhook_fields (
    message_sid varchar not null,
    account_sid varchar not null,
    kind varchar not null,
    status varchar not null,
    fields varchar not null,
    received_at timestamptz not null
);
-- ===== 026_job_runs
-- grain: one row per run_id
-- What the schedule did, by the server or from cron. `outcome` is running, done, failed, stopped or
-- skipped (somebody else was at it).
create table job_runs (
    run_id varchar not null,
    job varchar not null,
    started_at timestamptz not null,
    finished_at timestamptz,
    outcome varchar not null,
    detail varchar,
    error varchar
);

-- grain: one row per job that failed the last time it ran to an end
create view failed_jobs as
select job, finished_at as failed_at, error
from (
    select * from job_runs where outcome not in ('running', 'skipped')
    qualify row_number() over (partition by job order by started_at desc) = 1
)
where outcome = 'failed';
-- ===== 030_outbox
-- grain: one row per key, attempt and state; append-only
-- What was about to be sent and what became of it. `key` follows from batch, recipient and content, so that the same
-- again is recognised. A row `intended` is committed before the request and every other state after it; `owner` is the
-- process that made the request. `contact` is the recipient as the lake may keep it (see privacy); neither the text nor
-- a hash that tells it without the key of the lake's hashes is here, only `fingerprint`, to recognise it in the log.
-- `price` is the estimate that was shown, `problem` one line without numbers or texts.
create table outbox_events (
    key varchar not null,
    attempt integer not null,
    state varchar not null,
    happened_at timestamptz not null,
    intended_at timestamptz not null,
    batch varchar not null,
    account_sid varchar not null,
    contact varchar not null,
    sender varchar,
    messaging_service_sid varchar,
    fingerprint varchar,
    segments integer not null,
    media_count integer not null,
    send_at timestamptz,
    price decimal(12, 6),
    currency varchar,
    actor varchar not null,
    owner varchar not null,
    message_sid varchar,
    error_code integer,
    problem varchar
);

-- grain: one row per key, as its latest attempt stands
-- Whatever ends an attempt outranks what it began with, and proof that Twilio has the message outranks all.
create view outbox as
select *
from outbox_events
qualify row_number() over (
    partition by key
    order by attempt desc,
        case state when 'accepted' then 3 when 'intended' then 0 when 'unclear' then 1 else 2 end desc,
        happened_at desc
) = 1;
-- ===== 035_conversations
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

-- Seconds from one moment to a later one that lie in business hours.
create macro business_seconds(began_at, ended_at) as (
    select coalesce(sum(greatest(0, least(epoch(ended_at), epoch(timezone(timezone, day + to_minutes(closes))))
                                  - greatest(epoch(began_at), epoch(timezone(timezone, day + to_minutes(opens)))))), 0)
    from (
        select unnest(generate_series(
            date_trunc('day', timezone(timezone, began_at)), timezone(timezone, ended_at), interval 1 day
        )) as day, weekday, opens, closes, timezone
        from business_hours
    )
    where isodow(day) = weekday
);

-- grain: one row per sender of a messaging service's pool
-- A sender belongs to one service: the one that the catalog names, else that of its latest message with one.
create view sender_pools as
select sender, messaging_service_sid
from (
    select sender, messaging_service_sid, 1 as evidence, read_at as moment
    from senders
    where sender is not null and messaging_service_sid is not null
    union all
    select sender, messaging_service_sid, 2, max(date_created)
    from raw_messages
    where sender is not null and messaging_service_sid is not null
    group by sender, messaging_service_sid
)
qualify row_number() over (partition by sender order by evidence, moment desc, messaging_service_sid) = 1;

-- grain: one row per message_sid that belongs to a conversation
-- `our_side` is the messaging service whose pool the sender is in, else the sender: all senders of a service
-- make one conversation with a contact. It follows from the sender alone, so each `conversation_id` (one per
-- sender and contact) belongs to one conversation.
create view conversation_lines as
select facts.*, coalesce(pools.messaging_service_sid, facts.sender, facts.messaging_service_sid) as our_side
from message_facts facts
left join sender_pools pools on pools.sender = facts.sender
where facts.contact is not null and coalesce(facts.sender, facts.messaging_service_sid) is not null;

-- grain: one row per run of questions that a contact wrote before we answered, as its first message
-- A question is an inbound message that is no keyword (Twilio answers those). An answer is an outbound one that is
-- no automatic `outbound-reply`, and neither failed nor still to come. `is_first` begins a thread that was silent for
-- 24 hours. `closed_at` is when somebody here resolved the conversation without an answer.
create view reply_blocks as
with people as (
    select distinct our_side, contact from conversation_lines where not is_outbound and keyword is null
),
lines as (
    select
        l.*,
        not is_outbound and keyword is null as is_question,
        is_outbound and direction <> 'outbound-reply'
            and status not in ('failed', 'undelivered', 'canceled', 'scheduled') as is_answer,
        lag(date_created) over (
            partition by l.our_side, l.contact order by date_created, is_outbound, message_sid
        ) as previous_at
    from conversation_lines l
    join people p on p.our_side = l.our_side and p.contact = l.contact
),
turns as (
    select
        *,
        lag(is_answer) over turn as is_after_answer,
        min(date_created) filter (is_answer) over (
            partition by our_side, contact order by date_created, is_outbound, message_sid
            rows between current row and unbounded following
        ) as answered_at
    from lines
    where is_question or is_answer
    window turn as (partition by our_side, contact order by date_created, is_outbound, message_sid)
),
blocks as (
    select
        * exclude (is_question, is_answer, previous_at, is_after_answer),
        previous_at is null or date_created - previous_at >= interval 24 hours as is_first
    from turns
    where is_question and coalesce(is_after_answer, true)
),
resolved as (
    select l.our_side, l.contact, e.happened_at
    from conversation_events e
    join (select distinct conversation_id, our_side, contact from conversation_lines) l
        on l.conversation_id = e.conversation_id
    where e.kind = 'state' and e.value = 'resolved'
),
closings as (
    select b.message_sid, min(r.happened_at) as closed_at
    from blocks b
    join resolved r on r.our_side = b.our_side and r.contact = b.contact
        and r.happened_at >= b.date_created and (b.answered_at is null or r.happened_at < b.answered_at)
    group by b.message_sid
)
select
    b.*, c.closed_at,
    epoch(b.answered_at) - epoch(b.date_created) as reply_seconds,
    case when b.answered_at is not null
        then business_seconds(b.date_created, b.answered_at) end as business_reply_seconds
from blocks b
left join closings c on c.message_sid = b.message_sid;

-- grain: one row per conversation (our_side, contact)
-- `state` is what was set last, and open again after a new question or at the end of a snooze; quiet while the
-- contact has asked nothing. `waiting_since` is the first question without an answer, while the state is open.
create view conversations as
with facts as (
    select
        our_side, contact,
        min({'at': date_created, 'id': conversation_id})['id'] as conversation_id,
        max(account_sid) as account_sid,
        max(country) as country,
        count(*) as messages,
        count(*) filter (not is_outbound) as received,
        min(date_created) as first_at,
        max(date_created) as last_at,
        max({'at': date_created, 'sid': message_sid})['sid'] as last_message_sid,
        max({'at': date_created, 'sender': sender}) filter (sender is not null)['sender'] as last_sender,
        max(date_created) filter (not is_outbound and keyword is null) as asked_at
    from conversation_lines
    group by our_side, contact
),
placed as (
    select l.our_side, l.contact, e.*
    from conversation_events e
    join (select distinct conversation_id, our_side, contact from conversation_lines) l
        on l.conversation_id = e.conversation_id
),
decisions as (
    select
        our_side, contact,
        max({'at': happened_at, 'value': value, 'until': until}) filter (kind = 'state') as state,
        max({'at': happened_at, 'value': value}) filter (kind = 'assignee')['value'] as assignee,
        count(*) filter (kind = 'note') as notes
    from placed
    group by our_side, contact
),
labels as (
    select our_side, contact, list(value order by value) as labels
    from (
        select our_side, contact, value, kind
        from placed
        where kind in ('label', 'unlabel')
        qualify row_number() over (partition by our_side, contact, value order by happened_at desc, kind desc) = 1
    )
    where kind = 'label'
    group by our_side, contact
),
unanswered as (
    select our_side, contact, max(date_created) as waiting_since
    from reply_blocks
    where answered_at is null
    group by our_side, contact
),
joined as (
    select
        f.*,
        case
            when d.state['value'] is null or (d.state['value'] <> 'open' and f.asked_at > d.state['at'])
                or (d.state['value'] = 'snoozed' and d.state['until'] <= now())
                then case when f.asked_at is null then 'quiet' else 'open' end
            else d.state['value']
        end as state,
        d.state['until'] as snoozed_until,
        d.state['value'] is not null and d.state['value'] <> 'open' and f.asked_at > d.state['at'] as is_reopened,
        d.assignee,
        coalesce(d.notes, 0) as notes,
        coalesce(l.labels, []) as labels,
        u.waiting_since as unanswered_since
    from facts f
    left join decisions d on d.our_side = f.our_side and d.contact = f.contact
    left join labels l on l.our_side = f.our_side and l.contact = f.contact
    left join unanswered u on u.our_side = f.our_side and u.contact = f.contact
)
select * exclude (unanswered_since), case when state = 'open' then unanswered_since end as waiting_since
from joined;
-- ===== 036_contacts
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

-- grain: one row per address that somebody said something about
create view contact_overlay as
select
    address,
    max(value) filter (field = 'name') as name,
    max(value) filter (field = 'labels') as labels,
    max(value) filter (field = 'language') as language,
    max(value) filter (field = 'time_zone') as time_zone,
    max(value) filter (field = 'merged_into') as merged_into,
    max(happened_at) as changed_at
from (
    select *
    from contact_events
    qualify row_number() over (partition by address, field order by happened_at desc, event_id desc) = 1
)
group by address;

-- grain: one row per address that wrote, was written to, or was named by us
-- `person` is the address that stands for the person; merged addresses share its name, labels and language.
create view contacts as
select
    coalesce(seen.address, own.address) as address,
    coalesce(own.merged_into, seen.address, own.address) as person,
    coalesce(main.name, own.name) as name,
    coalesce(main.labels, own.labels) as labels,
    coalesce(main.language, own.language) as language,
    coalesce(own.time_zone, main.time_zone) as time_zone,
    seen.country, seen.first_at, seen.last_at,
    coalesce(seen.received, 0) as received,
    coalesce(seen.sent, 0) as sent
from (
    select
        contact as address, max(country) as country, min(date_created) as first_at, max(date_created) as last_at,
        count(*) filter (not is_outbound) as received, count(*) filter (is_outbound) as sent
    from message_facts
    where contact is not null
    group by contact
) seen
full join contact_overlay own on own.address = seen.address
left join contact_overlay main on main.address = own.merged_into;
-- ===== 040_revocations
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

create or replace view message_facts as
select
    message_sid, account_sid, messaging_service_sid, direction, is_outbound, status,
    is_final_at(status, coalesce(date_sent, date_created), now()) as is_final,
    error_code, from_address, to_address, sender, sender_type, contact, country, body, keyword, revocation,
    revocation_language, encoding, segments, media_count, abs(price)::decimal(12, 6) as spend, currency,
    date_created, date_sent, date_updated, conversation_id
from raw_messages
where not exists (select 1 from tombstones t where t.message_sid = raw_messages.message_sid);
-- ===== 041_audits
-- grain: one row per view of messages that should not have been sent
-- Each audit is a view of the offending messages themselves, with all columns of `message_facts`, so that a count of it
-- and its rows are the same thing. They say what the log and the records here show; they are no legal opinion.

-- What really went out to somebody. `reach` is what an opt-out of it covers: a messaging service shares its opt-outs
-- between its senders, also when one of them is used directly.
create view sender_reach as
select account_sid, sender, max(messaging_service_sid) as messaging_service_sid
from senders where messaging_service_sid is not null group by all;

create view sent_facts as
select
    m.*, coalesce(m.date_sent, m.date_created) as sent_at,
    coalesce(m.messaging_service_sid, r.messaging_service_sid, m.sender) as reach
from message_facts m
left join sender_reach r on r.account_sid = m.account_sid and r.sender = m.sender
where m.is_outbound and m.status in ('sending', 'sent', 'delivered', 'undelivered', 'read', 'partially_delivered');

-- grain: one row per address, reach and time in which an opt-out held
create view opt_out_spans as
with said as (
    select e.address, coalesce(r.messaging_service_sid, e.scope) as reach, e.happened_at, max(e.kind) as kind,
        arg_max(e.source, e.kind) as source
    from consent_events e
    left join sender_reach r on r.account_sid = e.account_sid and r.sender = e.scope
    where e.kind in ('opt-in', 'opt-out')
    group by all
), turns as (
    select *, lag(kind) over w as before
    from said window w as (partition by address, reach order by happened_at)
), changes as (
    select *, lead(happened_at) over (partition by address, reach order by happened_at) as until
    from turns where kind is distinct from before
)
select address, reach, source, happened_at as since, until from changes where kind = 'opt-out';

create view sends_to_opted_out as
select
    m.message_sid, bool_or(o.reach in (m.reach, '*')) as is_own,
    max(o.since) filter (o.reach in (m.reach, '*')) as own_since, max(o.since) as any_since,
    arg_max(o.source, o.since) as opt_out_source
from sent_facts m
join opt_out_spans o on o.address = m.contact
where o.since < m.sent_at and (o.until is null or m.sent_at < o.until)
group by m.message_sid;

-- grain: one row per message sent to somebody who had opted out of this sender or service, or of everything
create view audit_after_opt_out as
select m.*, o.own_since as opted_out_at, o.opt_out_source
from sent_facts m join sends_to_opted_out o on o.message_sid = m.message_sid and o.is_own;

-- grain: one row per message sent to somebody who had opted out of another sender or service of ours
create view audit_after_opt_out_elsewhere as
select m.*, o.any_since as opted_out_at, o.opt_out_source
from sent_facts m join sends_to_opted_out o on o.message_sid = m.message_sid and not o.is_own;

-- Quiet hours, worked out from the rules for every place that the log writes to: the place of a contact as far as the
-- address tells, the hours there in which sending is allowed, and what they were made from.
create table quiet_places (
    place varchar not null,
    profile varchar not null,
    zones varchar not null,
    zone_source varchar not null,
    rules varchar not null
);
create table quiet_spans (profile varchar not null, opens_at timestamptz not null, closes_at timestamptz not null);
create table quiet_judged (
    rules_key varchar not null,
    rules_as_of date not null,
    rules_source varchar not null,
    first_day date not null,
    last_day date not null,
    made_at timestamptz not null
);

-- In the plan of +1 the area code; elsewhere the number but for its last three digits; of a hidden number the country.
create macro address_place(contact, country) as (
    case
        when regexp_matches(contact, '(^|:)\+1[2-9][0-9]{2}[0-9*X]*$')
            then left(split_part(contact, ':', -1), 5)
        when regexp_matches(contact, '(^|:)\+[1-9][0-9]{6,14}$')
            then left(split_part(contact, ':', -1), length(split_part(contact, ':', -1)) - 3)
        else 'country:' || coalesce(country, '')
    end
);

-- grain: one row per message sent in quiet hours where its recipient may be
create view audit_quiet_hours as
with judged as (
    select m.*, p.profile, p.zones, p.zone_source, p.rules
    from sent_facts m join quiet_places p on p.place = address_place(m.contact, m.country)
)
select j.* exclude (profile)
from judged j
asof left join quiet_spans s on s.profile = j.profile and s.opens_at <= j.sent_at
where s.closes_at is null or j.sent_at >= s.closes_at;

-- grain: one row per message sent without an opt-in on record for its sender or service, or for everything, by then
create view audit_without_consent as
with opted_in as (
    select e.address, coalesce(r.messaging_service_sid, e.scope) as reach, min(e.happened_at) as since
    from consent_events e
    left join sender_reach r on r.account_sid = e.account_sid and r.sender = e.scope
    where e.kind = 'opt-in'
    group by all
)
select m.*
from sent_facts m
left join opted_in o on o.address = m.contact and o.reach = m.reach
left join opted_in e on e.address = m.contact and e.reach = '*'
where m.contact is not null and coalesce(least(o.since, e.since) > m.sent_at, true);

-- grain: one row per first message to somebody that does not say how to opt out
-- First in this log, which may begin later than the contact. A body that is not here is not judged.
create view audit_first_contact as
select * from (
    select * from sent_facts
    where sender_type in ('long code', 'toll-free', 'short code', 'alphanumeric')
    qualify row_number() over (partition by contact, reach order by sent_at, message_sid) = 1
)
where body <> '' and not regexp_matches(
    body, '\b(stop|unsubscribe|opt[ -]?out|stopall|alto|baja|abmelden|abbestellen|d[eé]sabonner|d[eé]sinscrire)\b', 'i'
);

-- grain: one row per message to the United States from a sender whose registration is known not to be in order
create view audit_unregistered as
select m.*, s.registration, coalesce(s.registration_status, 'none') as registration_status
from sent_facts m join senders s on s.account_sid = m.account_sid and s.sender = m.sender
where s.removed_at is null and m.country = 'US'
  and ((s.registration = 'a2p' and s.registration_status is distinct from 'VERIFIED')
    or (s.registration = 'toll-free' and s.registration_status is distinct from 'TWILIO_APPROVED'));

-- grain: one row per message that went out, with how many its contact got in the seven days up to it
create view audit_frequency as
select *, count(*) over (
    partition by contact order by sent_at range between interval 7 days preceding and current row
) as messages_in_week
from sent_facts where contact is not null;

-- When ten business days are over, by the day a wish came in (UTC); US federal holidays are no business days.
create table opt_out_clock (day date not null, due_at timestamptz not null);

-- grain: one row per inbound message that may ask in its own words to be left alone
create view revocations as
with decided as (
    select message_sid, decision, actor, note, decided_at from revocation_decisions
    qualify row_number() over (partition by message_sid order by decided_at desc, decision_id) = 1
), waiting as (
    select m.*, coalesce(m.messaging_service_sid, r.messaging_service_sid, m.sender) as reach,
        d.decision, d.actor, d.note, d.decided_at, c.due_at
    from message_facts m
    left join sender_reach r on r.account_sid = m.account_sid and r.sender = m.sender
    left join decided d on d.message_sid = m.message_sid
    left join opt_out_clock c on c.day = cast(m.date_created at time zone 'UTC' as date)
    where not m.is_outbound and m.revocation is not null
)
select *, coalesce(decision, 'waiting') as state,
    coalesce(decision is distinct from 'not-opt-out' and coalesce(decided_at, now()) > due_at, false) as is_late
from waiting;
-- ===== 042_erasures
-- grain: one row per person_hash
-- Who was erased, as hashes with a key that is not in the lake: enough to recognise their number when it comes in again
-- or is to be messaged, and not to find it out.
create table erased_people (
    person_hash varchar not null,
    erasure_id varchar not null,
    erased_at timestamptz not null
);
-- ===== 043_consent_pushes
-- grain: one row per event_id that Twilio's Consent API was told of; append-only
-- `error_code` is 0 where Twilio took it, else its own with the reasons in words.
create table consent_pushes (
    event_id varchar not null,
    error_code integer not null,
    problem varchar,
    pushed_at timestamptz not null
);
-- ===== 044_retention
-- grain: one row per rule of `[retention]` that removes messages or their texts
-- What was removed because of its age stays away, though Twilio goes on listing it: see retained.py.
create table retention_horizons (
    rule varchar not null,
    removed_before timestamptz not null,
    applied_at timestamptz not null
);
-- ===== 045_quicker_audits
-- grain: one row per view of 041_audits.sql that is made anew: the same rows in a fraction of the time
-- What is looked for over the whole log is looked for with few columns, and a period narrows it where it can.

-- With the moment of creation, so that a period asked for narrows these rows too.
create or replace view sends_to_opted_out as
select
    m.message_sid, m.date_created, bool_or(o.reach in (m.reach, '*')) as is_own,
    max(o.since) filter (o.reach in (m.reach, '*')) as own_since, max(o.since) as any_since,
    arg_max(o.source, o.since) as opt_out_source
from sent_facts m
join opt_out_spans o on o.address = m.contact
where o.since < m.sent_at and (o.until is null or m.sent_at < o.until)
group by m.message_sid, m.date_created;

create or replace view audit_after_opt_out as
select m.*, o.own_since as opted_out_at, o.opt_out_source
from sent_facts m
join sends_to_opted_out o on o.message_sid = m.message_sid and o.date_created = m.date_created and o.is_own;

create or replace view audit_after_opt_out_elsewhere as
select m.*, o.any_since as opted_out_at, o.opt_out_source
from sent_facts m
join sends_to_opted_out o on o.message_sid = m.message_sid and o.date_created = m.date_created and not o.is_own;

create or replace view audit_first_contact as
with first as (
    select min({'sent_at': sent_at, 'message_sid': message_sid}) as sent
    from sent_facts
    where sender_type in ('long code', 'toll-free', 'short code', 'alphanumeric')
    group by contact, reach
)
select m.* from sent_facts m
where m.message_sid in (select sent.message_sid from first)
    and m.body <> '' and not regexp_matches(
        m.body, '\b(stop|unsubscribe|opt[ -]?out|stopall|alto|baja|abmelden|abbestellen|d[eé]sabonner|d[eé]sinscrire)\b', 'i'
    );

-- Every message that went out within a period of creation (NULL: from ever, for ever), with how many its contact got
-- in the seven days up to it. What is sent within seven days was created within 36 days more: Twilio schedules 35 ahead.
create macro sends_by_frequency(first_created, created_before) as table
with sends as (
    select message_sid, contact, sent_at, date_created
    from sent_facts
    where contact is not null
        and (first_created is null or date_created >= first_created::timestamptz - interval 43 days)
        and (created_before is null or date_created < created_before::timestamptz + interval 36 days)
), counted as (
    select message_sid, date_created, count(*) over (
        partition by contact order by sent_at range between interval 7 days preceding and current row
    ) as messages_in_week
    from sends
)
select m.*, c.messages_in_week
from sent_facts m
join counted c on c.message_sid = m.message_sid and c.date_created = m.date_created
where m.contact is not null
    and (first_created is null or m.date_created >= first_created)
    and (created_before is null or m.date_created < created_before);

create or replace view audit_frequency as select * from sends_by_frequency(null, null);
-- ===== 046_opt_outs
-- grain: one row per account_sid, sender, messaging_service_sid and time in which the sender was seen in the service
-- What messages and the catalog showed: a message that names both proves it. `seen_until` and `left_at` are NULL while
-- nothing says that it left; then it was seen last and missing first at these moments. A row without a service: all
-- services were read with this sender on the list, and it was in none.
create table membership_spans (
    account_sid varchar not null,
    sender varchar not null,
    messaging_service_sid varchar,
    first_seen_at timestamptz not null,
    seen_until timestamptz,
    left_at timestamptz
);

-- grain: one row per account_sid whose messaging services were read whole, with the last time
create table membership_reads (
    account_sid varchar not null,
    read_at timestamptz not null
);

-- The sender that an opt-out or opt-in was said to, where `scope` names its service.
alter table consent_events add column said_to varchar;
merge into consent_events t
using (select message_sid, sender from raw_messages where sender is not null) m
on t.message_sid = m.message_sid and t.source in ('keyword', 'twilio-21610', 'revocation')
when matched then update set said_to = m.sender;

insert into membership_spans
with shown as (
    select account_sid, sender, messaging_service_sid, min(date_created) as first_seen_at, max(date_created) as last_at
    from raw_messages
    where sender is not null and messaging_service_sid is not null
    group by account_sid, sender, messaging_service_sid
    union all
    select account_sid, sender, messaging_service_sid, read_at, 'infinity'::timestamptz
    from senders where messaging_service_sid is not null and removed_at is null
), merged as (
    select account_sid, sender, messaging_service_sid, min(first_seen_at) as first_seen_at, max(last_at) as last_at
    from shown group by account_sid, sender, messaging_service_sid
)
select
    m.account_sid, m.sender, m.messaging_service_sid, m.first_seen_at,
    case when s.read_at > m.last_at then m.last_at end, case when s.read_at > m.last_at then s.read_at end
from merged m
left join senders s on s.account_sid = m.account_sid and s.sender = m.sender and s.removed_at is null
    and s.messaging_service_sid <> m.messaging_service_sid;

-- Who an address belongs to; the same as `person_of` of workbench/messaging/person.py, which says why.
create macro bare_address(address) as (
    case when address[1] = '+' then address
        else regexp_replace(address, '^(?:sms|whatsapp|rcs|messenger):((?:\+|anon-).*)$', '\1', 'is') end
);
create macro person_of_number(number) as (
    case number[:3]
        when '+52' then regexp_replace(number, '^\+52(?:1|01|044|045)([0-9]{10})$', '+52\1')
        when '+54' then
            case when regexp_matches(number, '^\+549[0-9]{10}$') then '+54' || number[5:]
            else regexp_replace(
                number,
                '^\+549?0?(?:(11)15([0-9]{8})|(2(?:2[013]|3[067]|49|6[01346]|80|9[147-9])|3(?:36|4[1-358]|5[138]|6[24]|7[069]|8[013578]))15([0-9]{7})|([23][0-9]{3})15([0-9]{6}))$',
                '+54\1\2\3\4\5\6'
            ) end
        when '+55' then regexp_replace(number, '^\+55([1-9][1-9])([6-9][0-9]{7})$', '+55\19\2')
        when '+22' then
            case
                when regexp_matches(number, '^\+229[24-69][0-9]{7}$') then '+22901' || number[5:]
                when regexp_matches(number, '^\+225[04-9][0-3][0-9]{6}$') then '+22501' || number[5:]
                when regexp_matches(number, '^\+225[04-9][4-6][0-9]{6}$') then '+22505' || number[5:]
                when regexp_matches(number, '^\+225[04-9][7-9][0-9]{6}$') then '+22507' || number[5:]
                else number
            end
        else number
    end
);
create macro person_of(address) as (person_of_number(bare_address(address)));
create macro channel_family(address) as (
    case when starts_with(address, 'whatsapp:') then 'whatsapp'
        when starts_with(address, 'messenger:') then 'messenger' else 'sms' end
);
create macro is_service(scope) as (starts_with(scope, 'MG') and length(scope) = 34);

-- grain: one row per account_sid, side (a sender, or a service that chooses one) and node besides itself
-- What an opt-out of reaches a message from there: the services of a sender; the senders of a service, and theirs.
-- An opt-out said before `left_at` counts. The node '' is there for every sender of which something is known, with
-- the time at which it had left its last service, if it ever was in one.
create view side_nodes as
with spans as materialized (
    select account_sid, sender, messaging_service_sid as service, coalesce(left_at, 'infinity'::timestamptz) as left_at
    from membership_spans
), nodes as (
    select account_sid, sender as side, service as node, left_at from spans where service is not null
    union all
    select account_sid, sender, '', case when service is not null then left_at end from spans
    union all
    select account_sid, service, sender, left_at from spans where service is not null and left_at = 'infinity'::timestamptz
    union all
    select a.account_sid, a.service, b.service, b.left_at
    from spans a
    join spans b on b.account_sid = a.account_sid and b.sender = a.sender and b.service <> a.service
    where a.left_at = 'infinity'::timestamptz
)
select account_sid, side, node, max(left_at) as left_at
from nodes group by account_sid, side, node;

-- grain: one row per event_id of an opt-out or opt-in
-- `sender` is the one it was said to; `families` are the channels that it is about: those of that sender, or all.
create view consent_said as
with heard as (
    select *, case when scope = '*' or starts_with(scope, 'topic:') then null
        when is_service(scope) then said_to else scope end as sender
    from consent_events
    where kind in ('opt-in', 'opt-out')
)
select
    event_id, account_sid, person_of(address) as person, scope, kind, source, happened_at, sender,
    case when sender is null then ['sms', 'whatsapp', 'messenger'] else [channel_family(sender)] end as families
from heard;

-- grain: one row per opt-in and node that it reaches: what it names, and the services that its sender was seen in
-- Where a membership is not known it counts as none: an opt-in must not reach further than what was said.
create macro opt_in_nodes_of(people) as table
with said as materialized (
    select *, unnest(families) as family from consent_said
    where kind = 'opt-in' and (people is null or person in (select unnest(people)))
)
select person, family, scope as node, happened_at from said
union
select person, family, sender, happened_at from said where sender is not null
union
select s.person, s.family, m.messaging_service_sid, s.happened_at
from said s
join membership_spans m on m.account_sid = s.account_sid and m.sender = s.sender
    and m.messaging_service_sid is not null and m.first_seen_at <= s.happened_at
    and (m.left_at is null or s.happened_at <= m.seen_until);

-- grain: one row per opt-out, channel and node that it reaches, with the time until an opt-in lifted it there
-- An opt-out reaches what it names, the sender it was said to, and the services of that sender then and later. Where
-- these are not known (no row, and no whole reading since) it reaches every service of the account (`any:`); what reaches a service also reaches the
-- senders of which nobody knows a service (`some:`). `people` narrows it to these persons; NULL means everybody.
create macro opt_out_spans_of(people) as table
with heard as materialized (
    select *, unnest(families) as family from consent_said
    where people is null or person in (select unnest(people))
), members as materialized (
    select
        account_sid, sender, messaging_service_sid as service, first_seen_at,
        coalesce(seen_until + interval 1 microsecond, 'infinity'::timestamptz) as surely_until,
        coalesce(left_at, 'infinity'::timestamptz) as left_at
    from membership_spans
), said as (
    select event_id, person, family, account_sid, source, happened_at as since, sender, scope
    from heard where kind = 'opt-out'
), nodes as materialized (
    select *, scope as node, null::timestamptz as left_at from said
    union
    select *, sender, null from said where sender is not null
    union
    select s.*, m.service, max(m.left_at)
    from said s
    join members m on m.account_sid = s.account_sid and m.sender = s.sender and m.service <> s.scope
        and m.left_at > s.since
    group by all
    union
    select s.*, 'any:' || s.account_sid, 'infinity'::timestamptz
    from said s
    where s.sender is not null
        and not exists (select 1 from members m where m.account_sid = s.account_sid and m.sender = s.sender)
        and not exists (select 1 from membership_reads r where r.account_sid = s.account_sid and r.read_at >= s.since)
), keys as (
    -- What an opt-in has to reach to lift it, and from when until before when that is so.
    select event_id, family, person, node, since, '*' as key, '-infinity'::timestamptz as begins,
        'infinity'::timestamptz as ends
    from nodes
    union all
    select event_id, family, person, node, since, node, '-infinity'::timestamptz, 'infinity'::timestamptz from nodes where node <> '*'
    union all
    -- What follows from the sender ends with it, as long as it is there.
    select event_id, family, person, node, since, sender, '-infinity'::timestamptz, left_at from nodes where left_at is not null
    union all
    -- A sender ends with its service, where it surely was in it.
    select n.event_id, n.family, n.person, n.node, n.since, m.service, m.first_seen_at, m.surely_until
    from nodes n
    join members m on m.account_sid = n.account_sid and m.sender = n.sender and m.service is not null
    where n.node = n.sender
), opt_ins as (
    select person, family, happened_at, scope as node from heard where kind = 'opt-in'
    union
    select person, family, happened_at, sender from heard where kind = 'opt-in' and sender is not null
    union
    select h.person, h.family, h.happened_at, m.service
    from heard h
    join members m on m.account_sid = h.account_sid and m.sender = h.sender and m.service is not null
        and h.happened_at >= m.first_seen_at and h.happened_at < m.surely_until
    where h.kind = 'opt-in'
), lifted as (
    select k.event_id, k.family, k.node, min(i.happened_at) as until
    from keys k
    join opt_ins i on i.person = k.person and i.family = k.family and i.node = k.key
        and i.happened_at > k.since and i.happened_at >= k.begins and i.happened_at < k.ends
    group by k.event_id, k.family, k.node
), spans as (
    select n.* exclude (left_at), l.until
    from nodes n
    left join lifted l on l.event_id = n.event_id and l.family = n.family and l.node = n.node
)
select *
from spans
union all
select * replace ('some:' || account_sid as node) from spans where is_service(node) or node = 'any:' || account_sid;

create or replace view opt_out_spans as select * from opt_out_spans_of(null);

-- Whether an opt-out of a node reaches a message from a side of ours by name; the service then decides for its senders.
create macro is_named(node, account, sender, service) as (
    node = '*' or node is not distinct from sender or node is not distinct from service
    or (service is not null and node = 'any:' || account)
);
-- The same by what is known, or not known, of the sender's memberships: `shared_until` is `left_at` of its row in
-- side_nodes for this node, and `left_at` that of the node ''.
create macro is_shared(node, account, service, since, shared_until, left_at, is_known) as (
    coalesce(shared_until > since, false)
    or (node = 'any:' || account and (not is_known or coalesce(left_at > since, false)))
    or (node = 'some:' || account and service is null and not is_known)
);

create or replace view sends_to_opted_out as
with sides as materialized (select * from side_nodes),
pairs as (
    select
        m.message_sid, m.date_created, m.sent_at, o.person, m.sender, o.source, o.since,
        is_named(o.node, m.account_sid, m.sender, m.messaging_service_sid) as is_named,
        is_shared(
            o.node, m.account_sid, m.messaging_service_sid, o.since, n.left_at, p.left_at,
            m.sender is null or p.side is not null or coalesce(r.read_at >= o.since, false)
        ) as is_shared
    from sent_facts m
    join opt_out_spans o on o.person = person_of(m.contact) and o.family = channel_family(m.contact)
        and o.since < m.sent_at and (o.until is null or m.sent_at < o.until)
    left join sides n on n.account_sid = m.account_sid and n.node = o.node
        and n.side = coalesce(m.sender, m.messaging_service_sid)
    left join sides p on p.account_sid = m.account_sid and p.side = m.sender and p.node = ''
    left join membership_reads r on r.account_sid = m.account_sid
), judged as (
    -- Who said START to a sender by name may be written to from it, whatever it shares with others.
    select *, is_named or (is_shared and not exists (
        select 1 from consent_said i
        where i.kind = 'opt-in' and i.person = pairs.person and i.sender = pairs.sender
            and i.happened_at > pairs.since and i.happened_at <= pairs.sent_at
    )) as is_own
    from pairs
)
select
    message_sid, date_created, bool_or(is_own) as is_own, min(since) filter (is_own) as own_since,
    max(since) as any_since, coalesce(arg_min(source, since) filter (is_own), arg_max(source, since)) as opt_out_source
from judged group by message_sid, date_created;

-- grain: one row per person and scope, with the last thing that was said
create or replace view consent_state as
select address, scope, kind as state, source, message_sid, happened_at as since, actor, event_id
from consent_events
where kind in ('opt-in', 'opt-out')
qualify row_number() over (
    partition by person_of(address), scope order by happened_at desc, kind = 'opt-out' desc, recorded_at desc
) = 1;

-- grain: one row per person and scope whose last opt-out still holds somewhere
create or replace view suppressions as
select address, scope, source, happened_at as since, event_id
from consent_events
where event_id in (select event_id from opt_out_spans where until is null)
qualify row_number() over (
    partition by person_of(address), scope order by happened_at desc, recorded_at desc
) = 1;

-- grain: one row per message sent without an opt-in on record for its sender or service, or for everything, by then
create or replace view audit_without_consent as
with opted_in as (
    select person, family, node, min(happened_at) as since from opt_in_nodes_of(null) group by all
)
select m.*
from sent_facts m
where m.contact is not null and not exists (
    select 1 from opted_in o
    where o.person = person_of(m.contact) and o.family = channel_family(m.contact)
        and o.node in ('*', m.sender, m.messaging_service_sid, m.reach) and o.since <= m.sent_at
);
-- ===== 047_persons
-- grain: one row per view that is made anew: what was counted by address is counted by person (see 046_opt_outs.sql)

-- grain: one row per person (`person_of`) that somebody said something about, with the address it was last said of
create or replace view contact_overlay as
select
    person_of(address) as person_key,
    max({'at': happened_at, 'address': address})['address'] as address,
    max(value) filter (field = 'name') as name,
    max(value) filter (field = 'labels') as labels,
    max(value) filter (field = 'language') as language,
    max(value) filter (field = 'time_zone') as time_zone,
    max(value) filter (field = 'merged_into') as merged_into,
    max(happened_at) as changed_at
from (
    select *
    from contact_events
    qualify row_number() over (
        partition by person_of(address), field order by happened_at desc, event_id desc
    ) = 1
)
group by person_of(address);

-- grain: one row per address that wrote, was written to, or was named by us
-- `person` stands for the person: an address of theirs, without channel and in today's spelling. All addresses of a
-- person, and merged ones, share name, labels and language.
create or replace view contacts as
with seen as (
    select
        contact as address, max(country) as country, min(date_created) as first_at, max(date_created) as last_at,
        count(*) filter (not is_outbound) as received, count(*) filter (is_outbound) as sent
    from message_facts
    where contact is not null
    group by contact
), named as (
    select address, null as country, null as first_at, null as last_at, 0 as received, 0 as sent
    from (select distinct address from contact_events)
    where address not in (select address from seen)
), everybody as (
    select * from seen union all select * from named
)
select
    e.address,
    coalesce(person_of(own.merged_into), person_of(e.address)) as person,
    coalesce(main.name, own.name) as name,
    coalesce(main.labels, own.labels) as labels,
    coalesce(main.language, own.language) as language,
    coalesce(own.time_zone, main.time_zone) as time_zone,
    e.country, e.first_at, e.last_at, e.received, e.sent
from everybody e
left join contact_overlay own on own.person_key = person_of(e.address)
left join contact_overlay main on main.person_key = person_of(own.merged_into);

create or replace view audit_first_contact as
with first as (
    select min({'sent_at': sent_at, 'message_sid': message_sid}) as sent
    from sent_facts
    where sender_type in ('long code', 'toll-free', 'short code', 'alphanumeric')
    group by person_of(contact), reach
)
select m.* from sent_facts m
where m.message_sid in (select sent.message_sid from first)
    and m.body <> '' and not regexp_matches(
        m.body, '\b(stop|unsubscribe|opt[ -]?out|stopall|alto|baja|abmelden|abbestellen|d[eé]sabonner|d[eé]sinscrire)\b', 'i'
    );

-- Every message that went out within a period of creation (NULL: from ever, for ever), with how many its person got
-- in the seven days up to it. What is sent within seven days was created within 36 days more: Twilio schedules 35 ahead.
create or replace macro sends_by_frequency(first_created, created_before) as table
with sends as (
    select message_sid, person_of(contact) as person, sent_at, date_created
    from sent_facts
    where contact is not null
        and (first_created is null or date_created >= first_created::timestamptz - interval 43 days)
        and (created_before is null or date_created < created_before::timestamptz + interval 36 days)
), counted as (
    select message_sid, date_created, person, count(*) over (
        partition by person order by sent_at range between interval 7 days preceding and current row
    ) as messages_in_week
    from sends
)
select m.*, c.person, c.messages_in_week
from sent_facts m
join counted c on c.message_sid = m.message_sid and c.date_created = m.date_created
where m.contact is not null
    and (first_created is null or m.date_created >= first_created)
    and (created_before is null or m.date_created < created_before);

create or replace view audit_frequency as select * from sends_by_frequency(null, null);
-- ===== 048_quarantined_rows
-- grain: one row per resource, account_sid and row_key of a row that could not be read
-- What Twilio listed or pushed and nobody could understand, kept with its reason until it can: `row_key` is the SID, or
-- a digest where there is none; `part` is what has to be read again to see the row (a GMT day, a service, a country).
-- `raw_value` is the field's value as far as the privacy mode allows, its shape (`9999-99-99`) in every mode but `full`.
-- `times` counts how often the row came so; `resolved_at` is set once it could be read or was not there any more.
create table quarantined_rows (
    resource varchar not null,
    account_sid varchar not null,
    row_key varchar not null,
    sid varchar,
    part varchar not null,
    from_address varchar,
    to_address varchar,
    field varchar,
    reason varchar not null,
    raw_value varchar,
    first_seen_at timestamptz not null,
    last_seen_at timestamptz not null,
    times integer not null,
    resolved_at timestamptz
);

-- grain: one row per account_sid and first GMT day that a sync was for
-- From the earliest on every day should be there, also where a first sync was cut short.
create table sync_starts (
    account_sid varchar not null,
    since date not null
);
-- ===== 049_removals
-- grain: one row per removal_id
-- Deletions that have to be gone from files, old snapshots and free pages too: committed at `begun_at` with the rows,
-- `finished_at` NULL until no old copy is left. `person_hash` is of an erasure (the key is not in the lake), and
-- `attachments` a JSON list of files under `media/` that go with the rows, NULL once they are gone.
create table removals (
    removal_id varchar not null,
    kind varchar not null,
    person_hash varchar,
    subject varchar,
    actor varchar not null,
    begun_at timestamptz not null,
    finished_at timestamptz,
    attachments varchar
);
-- ===== 050_lake_identity
-- grain: one row per lake
-- The name by which the folder of files knows its catalog, whatever either is called and wherever it is moved.
create table lake_identity (lake_id varchar not null, created_at timestamptz not null);

insert into lake_identity select uuid()::varchar, now();

-- grain: one row per lake that has a key
-- Tells the key of this lake's hashes from any other one, without giving it away (see secret_key.py).
create table lake_key (key_check varchar not null, written_at timestamptz not null);

insert into lake_key
select key_check, chosen_at from privacy_choice where key_check is not null order by chosen_at limit 1;

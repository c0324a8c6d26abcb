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

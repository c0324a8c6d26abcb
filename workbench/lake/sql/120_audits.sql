-- grain: one row per place of a contact, as far as the address tells
-- Quiet hours, worked out from the rules for every place that the log writes to: here the places; then the hours there
-- in which sending is allowed, and what both were made from.
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

-- When ten business days are over, by the day a wish came in (UTC); US federal holidays are no business days.
create table opt_out_clock (day date not null, due_at timestamptz not null);

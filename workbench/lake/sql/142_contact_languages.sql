-- grain: one row per contact (an address) of whom a text is kept
-- The language in which they write: that of their latest text that says it clearly (see messaging/languages.py), as
-- ISO 639 has it; empty where none of the latest does. `message_sid` is that text, else the latest one; the row goes
-- with its words. `judged_until` is when the latest text that was looked at came in.
create table contact_languages (
    contact varchar not null,
    language varchar,
    message_sid varchar not null,
    judged_until timestamptz not null
);

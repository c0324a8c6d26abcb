-- gives: an address without its channel
-- version: 1
-- The same as in `person_of` of workbench/messaging/person.py, which says why.
create or replace macro bare_address(address) as (
    case when address[1] = '+' then address
        else regexp_replace(address, '^(?:sms|whatsapp|rcs|messenger):((?:\+|anon-).*)$', '\1', 'is') end
);

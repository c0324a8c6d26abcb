-- gives: who an address belongs to, as their number in today's spelling
-- version: 1
-- The same as `person_of` of workbench/messaging/person.py, which says why.
create or replace macro person_of(address) as (person_of_number(bare_address(address)));

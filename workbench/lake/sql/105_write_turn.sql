-- grain: one row per lake
-- A catalog that several machines write has no lock of ours. Every write there moves this row on, so that of
-- two at once the second conflicts and runs again on what the first one left: no message comes in twice.
create table write_turn (turn bigint not null);

insert into write_turn values (0);

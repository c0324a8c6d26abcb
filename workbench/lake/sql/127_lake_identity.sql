-- grain: one row per lake
-- The name by which the folder of files knows its catalog, whatever either is called and wherever it is moved.
create table lake_identity (lake_id varchar not null, created_at timestamptz not null);

insert into lake_identity select uuid()::varchar, now();

-- grain: one row per lake that has a key
-- Tells the key of this lake's hashes from any other one, without giving it away (see secret_key.py).
create table lake_key (key_check varchar not null, written_at timestamptz not null);

insert into lake_key
select key_check, chosen_at from privacy_choice where key_check is not null order by chosen_at limit 1;

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

-- grain: one row per person_hash
-- Who was erased, as hashes with a key that is not in the lake: enough to recognise their number when it comes in again
-- or is to be messaged, and not to find it out.
create table erased_people (
    person_hash varchar not null,
    erasure_id varchar not null,
    erased_at timestamptz not null
);

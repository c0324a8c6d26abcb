-- grain: one row per check, subject and moment at which a state began
-- What the doctor found when the schedule ran it. `subject` is empty where a check is about one thing; `ended_at` is
-- set once the state is another one or the subject is not found any more. `seen_at` is the last examination.
create table health_states (
    check_name varchar not null,
    subject varchar not null,
    state varchar not null,
    evidence varchar not null,
    repair varchar not null,
    link varchar not null,
    began_at timestamptz not null,
    seen_at timestamptz not null,
    ended_at timestamptz
);

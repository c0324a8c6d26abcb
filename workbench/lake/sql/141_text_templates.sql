-- grain: one row per message_sid
-- The template of an outbound message's text (see messaging/skeletons.py): an id of `text_templates`. Empty where no
-- text was kept; messages from before get theirs with the next sync.
alter table raw_messages add column template varchar;

-- grain: one row per template_id
-- The words that the texts of a template share, with ⟨…⟩ for what differs. They only become fewer. `start_hash` and
-- `end_hash` are keyed hashes of the first and last words of its first text, to find what may belong to it: the words
-- may be somebody's name. `longest` counts the words of its longest text.
create table text_templates (
    template_id varchar not null,
    words varchar not null,
    longest integer not null,
    start_hash varchar not null,
    end_hash varchar not null,
    found_at timestamptz not null
);

-- grain: one row per skeleton_id, a hash of a text without its certain blanks
create table text_skeletons (
    skeleton_id varchar not null,
    template_id varchar not null
);

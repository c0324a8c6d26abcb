-- grain: one row per list of an account's own keywords
-- The lists that the stored texts were searched for; `list_key` is a hash of the words with their meanings.
create table keyword_lists (
    list_key varchar not null,
    searched_at timestamptz not null
);

-- What an A2P campaign says people can write: words, one a line. NULL where the service has no campaign.
alter table messaging_services add column opt_out_words varchar;
alter table messaging_services add column help_words varchar;

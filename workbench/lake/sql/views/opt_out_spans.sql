-- grain: one row per opt-out, channel and node that it reaches (see opt_out_spans_of)
-- version: 1
create or replace view opt_out_spans as select * from opt_out_spans_of(null);

-- gives: whether an opt-out of a node reaches a message from a side of ours by name
-- version: 1
-- The service then decides for its senders.
create or replace macro is_named(node, account, sender, service) as (
    node = '*' or node is not distinct from sender or node is not distinct from service
    or (service is not null and node = 'any:' || account)
);

-- gives: whether an opt-out of a node reaches a message by what is known, or not known, of its sender's memberships
-- version: 1
-- `shared_until` is `left_at` of its row in side_nodes for this node, and `left_at` that of the node ''.
create or replace macro is_shared(node, account, service, since, shared_until, left_at, is_known) as (
    coalesce(shared_until > since, false)
    or (node = 'any:' || account and (not is_known or coalesce(left_at > since, false)))
    or (node = 'some:' || account and service is null and not is_known)
);

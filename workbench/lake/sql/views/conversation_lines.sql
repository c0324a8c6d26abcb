-- grain: one row per message_sid that belongs to a conversation
-- version: 1
-- `our_side` is the messaging service whose pool the sender is in, else the sender: all senders of a service
-- make one conversation with a contact. It follows from the sender alone, so each `conversation_id` (one per
-- sender and contact) belongs to one conversation.
create or replace view conversation_lines as
select facts.*, coalesce(pools.messaging_service_sid, facts.sender, facts.messaging_service_sid) as our_side
from message_facts facts
left join sender_pools pools on pools.sender = facts.sender
where facts.contact is not null and coalesce(facts.sender, facts.messaging_service_sid) is not null;

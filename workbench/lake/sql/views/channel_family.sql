-- gives: the channels that share opt-outs with that of an address: sms, whatsapp or messenger
-- version: 1
create or replace macro channel_family(address) as (
    case when starts_with(address, 'whatsapp:') then 'whatsapp'
        when starts_with(address, 'messenger:') then 'messenger' else 'sms' end
);

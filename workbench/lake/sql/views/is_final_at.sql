-- gives: whether nothing more is expected of a status at a moment
-- version: 1
-- Many routes never send a receipt, so `sent` counts as final after 72 hours.
create or replace macro is_final_at(status, began_at, moment) as (
    status in ('delivered', 'read', 'undelivered', 'failed', 'canceled', 'received')
    or (status = 'sent' and began_at < moment - interval 72 hours)
);

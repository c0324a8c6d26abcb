-- grain: one row per message sent in quiet hours where its recipient may be
-- version: 1
-- One of the audits: see sent_facts.sql.
create or replace view audit_quiet_hours as
with judged as (
    select m.*, p.profile, p.zones, p.zone_source, p.rules
    from sent_facts m join quiet_places p on p.place = address_place(m.contact, m.country)
)
select j.* exclude (profile)
from judged j
asof left join quiet_spans s on s.profile = j.profile and s.opens_at <= j.sent_at
where s.closes_at is null or j.sent_at >= s.closes_at;

-- gives: the place of a contact as far as its address tells (see quiet_places)
-- version: 1
-- In the plan of +1 the area code; elsewhere the number but for its last three digits; of a hidden number the country.
create or replace macro address_place(contact, country) as (
    case
        when regexp_matches(contact, '(^|:)\+1[2-9][0-9]{2}[0-9*X]*$')
            then left(split_part(contact, ':', -1), 5)
        when regexp_matches(contact, '(^|:)\+[1-9][0-9]{6,14}$')
            then left(split_part(contact, ':', -1), length(split_part(contact, ':', -1)) - 3)
        else 'country:' || coalesce(country, '')
    end
);

-- gives: a number in today's spelling, whatever spelling it has been written in
-- version: 1
-- The same as in `person_of` of workbench/messaging/person.py, which says why.
create or replace macro person_of_number(number) as (
    case number[:3]
        when '+52' then regexp_replace(number, '^\+52(?:1|01|044|045)([0-9]{10})$', '+52\1')
        when '+54' then
            case when regexp_matches(number, '^\+549[0-9]{10}$') then '+54' || number[5:]
            else regexp_replace(
                number,
                '^\+549?0?(?:(11)15([0-9]{8})|(2(?:2[013]|3[067]|49|6[01346]|80|9[147-9])|3(?:36|4[1-358]|5[138]|6[24]|7[069]|8[013578]))15([0-9]{7})|([23][0-9]{3})15([0-9]{6}))$',
                '+54\1\2\3\4\5\6'
            ) end
        when '+55' then regexp_replace(number, '^\+55([1-9][1-9])([6-9][0-9]{7})$', '+55\19\2')
        when '+22' then
            case
                when regexp_matches(number, '^\+229[24-69][0-9]{7}$') then '+22901' || number[5:]
                when regexp_matches(number, '^\+225[04-9][0-3][0-9]{6}$') then '+22501' || number[5:]
                when regexp_matches(number, '^\+225[04-9][4-6][0-9]{6}$') then '+22505' || number[5:]
                when regexp_matches(number, '^\+225[04-9][7-9][0-9]{6}$') then '+22507' || number[5:]
                else number
            end
        else number
    end
);

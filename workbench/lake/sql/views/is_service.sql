-- gives: whether a scope of consent is a messaging service
-- version: 1
create or replace macro is_service(scope) as (starts_with(scope, 'MG') and length(scope) = 34);

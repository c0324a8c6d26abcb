"""The mask of an address in SQL, for searching and sorting by what is shown and by nothing else."""

from __future__ import annotations

from typing import LiteralString


def shown_address_sql(column: LiteralString) -> LiteralString:
    """SQL that gives what :func:`workbench.messaging.addresses.mask` shows of a column's addresses."""
    name: LiteralString = f"split_part({column}, ':', -1)"
    # A colon alone is no prefix.
    prefix: LiteralString = f"coalesce(nullif(left({column}, length({column}) - length({name})), ':'), '')"
    # First the plain number, which nearly every address is: it takes no regular expression.
    return f"""case
        when starts_with({column}, '+') and length({column}) >= 8
            and not contains({column}, ':') and not contains({column}, '***')
            then left({column}, least(5, length({column}) - 7)) || '***' || right({column}, 4)
        when {column} is null or {column} = '' or contains({column}, '***')
            or regexp_full_match({column}, '[0-9]{{3,8}}')
            or regexp_full_match({column}, '[!-*,-9;-~ ][!-9;-~ ]{{0,10}}')
                and regexp_matches({column}, '[A-Za-z]')
            or regexp_full_match({column}, '(?is)rcs:(?:[^+:][^:]*)?')
            then {column}
        when length({name}) < 8
            then {prefix} || '***' || case when length({name}) > 4 then right({name}, 2) else '' end
        when not regexp_full_match({name}, '(?s)\\+.*|[0-9]+') then {prefix} || '***' || right({name}, 4)
        else {prefix} || left({name}, least(5, length({name}) - 7)) || '***' || right({name}, 4)
    end"""

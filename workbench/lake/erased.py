"""People who were erased: known by a keyed hash only, kept out of the lake, and never messaged again.

Twilio goes on listing what it keeps of an erased person, so every save asks here first. The key is a file of
the installation (``secret_key.py``); the lake by itself gives no number away.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from workbench.lake.connect import Lake
from workbench.lake.secret_key import home_of, known_lake_key, lake_key
from workbench.messaging.person import spellings

BLOT = "[erased]"
"""Stands in other people's texts where an erased person's number was."""

_NUMBER = re.compile(r"(?<![0-9])[1-9][0-9]{8,14}(?![0-9])")
_MAY_HOLD_NUMBER = "[1-9][0-9]{8}"
"""For Arrow, which cannot look around."""


def person_hash(key: bytes, address: str) -> str:
    """The hash by which an erased person is known again, over every channel."""
    name = address.rpartition(":")[2]
    return hashlib.blake2b(name.encode(), digest_size=16, key=key, person=b"wb-erased").hexdigest()


def save_erased(
    cursor: duckdb.DuckDBPyConnection,
    addresses: Iterable[str],
    erasure_id: str,
    erased_at: datetime,
) -> None:
    """Remember a person, under each form of their address, in the caller's transaction; twice is once.

    Raises:
        ConfigError, LakeRefused: the lake's key is missing, or another one is in its place.
    """
    key = lake_key(cursor, home_of(cursor))
    for known in sorted({person_hash(key, address) for address in addresses}):
        cursor.execute(
            "insert into erased_people select ?, ?, ? "
            "where not exists (select 1 from erased_people where person_hash = ?)",
            [known, erasure_id, erased_at, known],
        )


def remove_erased(cursor: duckdb.DuckDBPyConnection, addresses: Iterable[str]) -> int:
    """Forget that a person was erased, in the caller's transaction; how many addresses were known.

    Raises:
        ConfigError, LakeRefused: as in :func:`save_erased`.
    """
    if not cursor.execute("select 1 from erased_people limit 1").fetchall():
        return 0
    key = known_lake_key(cursor, home_of(cursor))
    known = sorted({person_hash(key, address) for address in addresses})
    removed = cursor.execute(
        "delete from erased_people where person_hash in (select unnest(?))", [known]
    ).fetchall()
    return int(removed[0][0])


def find_erased(cursor: duckdb.DuckDBPyConnection, addresses: Sequence[str]) -> dict[str, datetime]:
    """Which of these addresses belong to people who were erased, and since when.

    Raises:
        ConfigError, LakeRefused: people were erased, and the key by which they are known is missing, or
        another one is in its place: they would come back.
    """
    erased = dict(cursor.execute("select person_hash, erased_at from erased_people").fetchall())
    if not erased:
        return {}
    key = known_lake_key(cursor, home_of(cursor))
    hashes = {
        address: [person_hash(key, form) for form in (address, *spellings(address))] for address in addresses
    }
    return {
        address: min(erased[known] for known in forms if known in erased)
        for address, forms in hashes.items()
        if any(known in erased for known in forms)
    }


def is_erased(lake: Lake, address: str) -> bool:
    """Whether an address belongs to somebody who was erased.

    Raises:
        ConfigError, LakeRefused: as in :func:`find_erased`.
    """
    with lake.cursor() as cursor:
        return bool(find_erased(cursor, [address]))


def without_erased(cursor: duckdb.DuckDBPyConnection, messages: pa.Table) -> pa.Table:
    """The messages (`MESSAGE_SCHEMA`) without those of people who were erased, nor their numbers in texts."""
    contacts = [contact for contact in pc.unique(messages["contact"]).to_pylist() if contact]
    telling = pc.fill_null(pc.match_substring_regex(messages["body"], _MAY_HOLD_NUMBER), False)
    written = {body: numbers_in(body) for body in messages["body"].filter(telling).to_pylist()}
    numbers = {number for numbers_of_text in written.values() for number in numbers_of_text}
    erased = find_erased(cursor, [*contacts, *numbers])
    if not erased:
        return messages
    is_erased = pc.fill_null(
        pc.is_in(messages["contact"], value_set=pa.array(list(erased), pa.string())), False
    )
    if not numbers.isdisjoint(erased):
        bodies = [_blotted(body, written, erased) for body in messages["body"].to_pylist()]
        index = messages.schema.get_field_index("body")
        messages = messages.set_column(index, messages.schema.field(index), pa.array(bodies, pa.string()))
    return messages.filter(pc.invert(is_erased))


def numbers_in(text: str) -> list[str]:
    """What may be whole numbers in a text, as E.164."""
    return ["+" + digits for digits in _NUMBER.findall(text)]


def blotted(text: str, numbers: Iterable[str]) -> str:
    """The text without these numbers, with their plus or not."""
    for number in numbers:
        text = text.replace(number, BLOT).replace(number[1:], BLOT)
    return text


def _blotted(
    body: str | None, written: Mapping[str, list[str]], erased: Mapping[str, datetime]
) -> str | None:
    return body and blotted(body, (number for number in written.get(body, ()) if number in erased))

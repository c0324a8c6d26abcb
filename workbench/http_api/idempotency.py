"""`Idempotency-Key`: the same write again is answered as the first time and done once, also after a crash.

A key is committed as `running` before the deed and as `answered` after it. What a crash left in between is
done again, so a deed must be one that can be: it finds what it did before (an event by the id that the key
gives it, a message by its key in the outbox).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Annotated, Any

import duckdb
from fastapi import Depends, Header, Request
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from workbench.api.installation import Installation
from workbench.errors import ConfigError, NotAllowed, NothingKnown, UsageError
from workbench.http_api.opened import OpenedInstallation, opened_of
from workbench.http_api.problems import PROBLEM_TYPE, ApiProblem, plain
from workbench.lake.idempotency import KeyRow, KeyState, append_key, read_key
from workbench.messaging.number_masking import mask_numbers
from workbench.sending.owner import Owner, this_process
from workbench.tokens.store import Token

REPLAYED_HEADER = "Idempotent-Replayed"
_GIVEN = "$given"


@dataclass(frozen=True)
class WriteAnswer:
    """What a write is answered.

    Args:
        is_final: whether the same key is answered so from now on; not where nothing was done, or where nobody
            knows yet what became of it.
    """

    status: int
    body: Mapping[str, Any]
    is_final: bool = True


class KeyedWrite:
    """One request that writes, with the key that it was given, or without one.

    Args:
        key: the value of `Idempotency-Key`.
        place: method and path.
    """

    def __init__(self, opened: OpenedInstallation, token: Token, key: str | None, place: str) -> None:
        self._opened, self._token, self._key, self._place = opened, token, key, place
        self._row: KeyRow | None = None
        self.given: Any = None
        """The body, as JSON values."""

    @property
    def installation(self) -> Installation:
        return self._opened.installation

    @cached_property
    def id(self) -> str | None:
        """Names this write for good: the same key of the same token gives the same id. None without a key."""
        return self._hash("key", self._key) if self._key is not None else None

    @property
    def subject(self) -> str | None:
        """The key in the outbox of what a request that did not end was sending."""
        return self._row.subject if self._row else None

    def once(
        self, body: BaseModel | None, do: Callable[[], WriteAnswer], *, begins: bool = True
    ) -> JSONResponse:
        """Do it and answer, or answer what it was answered before.

        Args:
            body: what was asked for; another body under the same key is refused.
            do: may be done again after a crash.
            begins: commit that it begins before `do`; False where `do` calls :meth:`begin` itself.

        Raises:
            ApiProblem: the key was used for something else, or the first request still runs.
        """
        self.given = jsonable_encoder(body, exclude_unset=True) if body is not None else None
        if self.id is None:
            return self._response(do(), is_replayed=False)
        with self._taken() as answered:
            if answered is not None:
                return self._response(answered, is_replayed=True)
            if begins:
                self.begin()
            try:
                answer = do()
            except (UsageError, NotAllowed, ConfigError, NothingKnown, ApiProblem):
                self._release()
                raise
            self._note_answer(answer)
            return self._response(answer, is_replayed=False)

    def begin(self, subject: str | None = None) -> None:
        """Commit that this is being done, as the last step before it; without a key it does nothing.

        Args:
            subject: the key in the outbox of what is sent.
        """
        if self.id is not None:
            self._append("running", subject=subject)

    @contextmanager
    def _taken(self) -> Iterator[WriteAnswer | None]:
        """Take the key for this thread; gives the answer if there is one."""
        name = f"request {self._token.name} {self.id}"
        if not self._owner.begin([name]):
            raise self._still_running()
        try:
            with self.installation.lake.cursor() as cursor:
                self._row = self._read(cursor)
            yield self._stored_answer()
        finally:
            self._owner.end([name])

    def _read(self, cursor: duckdb.DuckDBPyConnection) -> KeyRow | None:
        """The key's row. Refuses another request under it, and one that another process works on."""
        row = read_key(cursor, self._token.name, str(self.id))
        if row is None or row.state == "released":
            return row
        if row.request != self._request:
            raise ApiProblem(
                422,
                "key-used-before",
                f"The Idempotency-Key {str(self._key)[:40]!r} was used for another request; give each "
                "request a key of its own, and the same one only to repeat it as it was.",
            )
        if row.state == "running" and not self._owner.is_abandoned(
            row.owner, row.happened_at, datetime.now(UTC)
        ):
            raise self._still_running()
        return row

    def _append(self, state: KeyState, subject: str | None = None, answer: WriteAnswer | None = None) -> None:
        def work(cursor: duckdb.DuckDBPyConnection) -> KeyRow:
            latest = self._read(cursor)
            row = KeyRow(
                token=self._token.name,
                key=str(self.id),
                step=latest.step + 1 if latest else 1,
                state=state,
                happened_at=datetime.now(UTC),
                request=self._request,
                owner=self._owner.id,
                subject=subject,
                status=answer.status if answer else None,
                answer=self._kept(answer) if answer else None,
            )
            append_key(cursor, row)
            return row

        self._row = self.installation.lake.write(work)

    def _note_answer(self, answer: WriteAnswer) -> None:
        if answer.is_final:
            self._append("answered", self.subject, answer)
        else:
            self._release()

    def _release(self) -> None:
        """Nothing was done: the key may be used again. What was perhaps sent is never released."""
        if self._row is not None and self._row.state == "running" and self.subject is None:
            self._append("released")

    def _stored_answer(self) -> WriteAnswer | None:
        row = self._row
        if row is None or row.state != "answered" or row.status is None or row.answer is None:
            return None
        return WriteAnswer(row.status, with_given(json.loads(row.answer), self.given))

    def _kept(self, answer: WriteAnswer) -> str:
        body = without_numbers(plain(answer.body), self.given)
        return json.dumps(without_given(body, self.given), ensure_ascii=False)

    def _response(self, answer: WriteAnswer, *, is_replayed: bool) -> JSONResponse:
        body = without_numbers(plain(answer.body), self.given)
        headers = {REPLAYED_HEADER: "true"} if is_replayed else {}
        return JSONResponse(body, answer.status, headers, PROBLEM_TYPE if answer.status >= 400 else None)

    def _still_running(self) -> ApiProblem:
        return ApiProblem(
            409,
            "still-running",
            "The first request with this Idempotency-Key still runs; ask again with the same key.",
            headers={"Retry-After": "1"},
        )

    @property
    def _owner(self) -> Owner:
        return this_process(self.installation.lake)

    @cached_property
    def _request(self) -> str:
        return self._hash("request", f"{self._place} {json.dumps(self.given, sort_keys=True)}")

    def _hash(self, what: str, text: str | None) -> str:
        data = f"{self._token.name} {what} {text}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(
            data, digest_size=16, key=self._opened.hash_key(), person=b"wb-http-request"
        ).hexdigest()


def without_given(answer: Any, given: Any) -> Any:
    """The answer with each text that the caller gave replaced by where it stood: texts and names are kept
    nowhere else than where they belong."""
    places: dict[str, str] = {}
    for place, text in _texts(given, ""):
        places.setdefault(text, place)
    return _mapped(answer, lambda text: {_GIVEN: places[text]} if text in places else text)


def with_given(kept: Any, given: Any) -> Any:
    """The answer again, with the same body."""
    texts = dict(_texts(given, ""))
    if isinstance(kept, dict):
        if set(kept) == {_GIVEN}:
            return texts[kept[_GIVEN]]
        return {name: with_given(value, given) for name, value in kept.items()}
    return [with_given(value, given) for value in kept] if isinstance(kept, list) else kept


def without_numbers(answer: Any, given: Any) -> Any:
    """The answer with numbers masked in every sentence that is not the caller's own."""
    own = {text for _, text in _texts(given, "")}
    return _mapped(answer, lambda text: mask_numbers(text) if " " in text and text not in own else text)


def _texts(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _texts(item, f"{place}/{name}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, f"{place}/{index}")


def _mapped(value: Any, change: Callable[[str], Any]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {name: _mapped(item, change) for name, item in value.items()}
    return [_mapped(item, change) for item in value] if isinstance(value, list) else value


def _keyed_write(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=255,
            pattern=r"^[\x21-\x7e]+$",
            description="The same key again gives the same answer; done is it once. Kept for 48 hours.",
        ),
    ] = None,
) -> KeyedWrite:
    token: Token = request.scope["state"]["token"]
    return KeyedWrite(opened_of(request), token, idempotency_key, f"{request.method} {request.url.path}")


Write = Annotated[KeyedWrite, Depends(_keyed_write)]
"""A parameter of every route that writes."""

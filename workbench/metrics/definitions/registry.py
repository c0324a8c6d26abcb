"""Definitions by name: the built-in ones, and beside them those of the installation that is open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

T = TypeVar("T")


class Definitions(Mapping[str, T]):
    """The built-in definitions first, then the users' own. Safe to read while others put new ones beside."""

    def __init__(self, built_in: Mapping[str, T]) -> None:
        self.built_in: Mapping[str, T] = built_in
        self._all: Mapping[str, T] = built_in
        self._refused: Mapping[str, str] = {}

    def __getitem__(self, name: str) -> T:
        return self._all[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def put_beside(self, own: Mapping[str, T], refused: Mapping[str, str]) -> None:
        """Know these besides the built-in ones, instead of any before; a built-in name always wins.

        Args:
            refused: names that somebody tried to define, with what is wrong.
        """
        self._all, self._refused = {**self.built_in, **own, **self.built_in}, refused

    def reason(self, name: str) -> str:
        """Why a name that somebody defined is not known; empty where nobody did."""
        return self._refused.get(name, "")

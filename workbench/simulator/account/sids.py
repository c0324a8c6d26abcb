"""SIDs that look random but contain the serial number, so that a million messages need no index by SID.

A SID is a prefix and 32 hexadecimal digits: a keyed hash of the serial number, then the serial number masked
by a hash of that hash. With the account's key it can be decoded; a SID of another account is recognised as
such.
"""

from __future__ import annotations

import re
from hashlib import blake2b

_HEX_32 = re.compile(r"[A-Z]{2}[0-9a-f]{32}")
_MASK = (1 << 64) - 1


class SidCodec:
    """Encodes serial numbers as SIDs and decodes them, for one kind of resource of one account."""

    def __init__(self, key: str) -> None:
        self._head = blake2b(digest_size=8, key=f"{key}:head".encode()[:64])
        self._mask = blake2b(digest_size=8, key=f"{key}:mask".encode()[:64])

    def encode(self, prefix: str, serial: int) -> str:
        head = self._digest(self._head, serial.to_bytes(8, "big"))
        tail = serial ^ int.from_bytes(self._digest(self._mask, head), "big")
        return f"{prefix}{head.hex()}{tail:016x}"

    def decode(self, sid: str) -> int | None:
        """The serial number, or None if the SID does not belong to this account and kind."""
        if not _HEX_32.fullmatch(sid):
            return None
        head = bytes.fromhex(sid[2:18])
        serial = (int(sid[18:], 16) ^ int.from_bytes(self._digest(self._mask, head), "big")) & _MASK
        return serial if self._digest(self._head, serial.to_bytes(8, "big")) == head else None

    @staticmethod
    def _digest(keyed: blake2b, data: bytes) -> bytes:
        state = keyed.copy()
        state.update(data)
        return state.digest()


def derive_sid(seed: int | str, prefix: str, name: str) -> str:
    """A SID that depends on the seed and a name only: the account itself, its numbers, its services."""
    return prefix + derive_hex(seed, f"{prefix}:{name}")


def derive_hex(seed: int | str, name: str) -> str:
    """32 hexadecimal digits from a seed and a name; also used as tokens and secrets."""
    return blake2b(f"{seed}:{name}".encode(), digest_size=16, person=b"workbench-sim").hexdigest()

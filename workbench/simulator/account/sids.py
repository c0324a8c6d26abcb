"""SIDs that look random and yet hold their row number, so that a million messages need no index by SID.

A SID is 32 hexadecimal digits behind a prefix: a keyed hash of the serial number, then the serial masked
by a hash of that. Whoever knows the account's key turns it back; a SID of another account is recognised
as foreign.
"""

from __future__ import annotations

import re
from hashlib import blake2b

_HEX_32 = re.compile(r"[A-Z]{2}[0-9a-f]{32}")
_MASK = (1 << 64) - 1


class SidCodec:
    """Serial number to SID and back, for one kind of resource of one account."""

    def __init__(self, key: str) -> None:
        self._head = blake2b(digest_size=8, key=f"{key}:head".encode()[:64])
        self._mask = blake2b(digest_size=8, key=f"{key}:mask".encode()[:64])

    def encode(self, prefix: str, serial: int) -> str:
        head = self._digest(self._head, serial.to_bytes(8, "big"))
        tail = serial ^ int.from_bytes(self._digest(self._mask, head), "big")
        return f"{prefix}{head.hex()}{tail:016x}"

    def decode(self, sid: str) -> int | None:
        """The serial number, or None if this is no SID of ours."""
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
    """32 hexadecimal digits from a seed and a name; also what stands in for tokens and secrets."""
    return blake2b(f"{seed}:{name}".encode(), digest_size=16, person=b"workbench-sim").hexdigest()

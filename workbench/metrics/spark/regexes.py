"""Regular expressions of DuckDB (RE2) as Spark (Java) spells them: both match the same texts. Pure."""

from __future__ import annotations

_FLAGS = {"i": "iu", "s": "s"}
#: Java's `\b` knows the letters of every alphabet; RE2's only those of ASCII.
_BOUNDARY = "(?:(?<=[0-9A-Za-z_])(?![0-9A-Za-z_])|(?<![0-9A-Za-z_])(?=[0-9A-Za-z_]))"
_SPELLED = {"b": _BOUNDARY, "s": r"[\t\n\f\r ]"}


def java_pattern(pattern: str, options: str = "") -> str:
    """The pattern for Java; `options` are those of DuckDB's functions, without `g`.

    Raises:
        ValueError: an option or escape whose meaning differs in a way that is not known here.
    """
    unknown = set(options) - set(_FLAGS)
    if unknown:
        raise ValueError(f"the option {sorted(unknown)[0]!r} of a regular expression")
    # With d only \n ends a line, as in RE2.
    flags = "(?d" + "".join(_FLAGS[option] for option in options) + ")"
    parts, is_in_class, at = [flags], False, 0
    while at < len(pattern):
        character = pattern[at]
        if character == "\\":
            parts.append(_escape(pattern[at + 1], is_in_class))
            at += 2
            continue
        if is_in_class:
            is_in_class = character != "]"
            # Java reads these two inside of a class as operators on sets.
            parts.append("\\" + character if character in "[&" else character)
        else:
            is_in_class = character == "["
            parts.append(r"\z" if character == "$" else character)
        at += 1
    return "".join(parts)


def _escape(letter: str, is_in_class: bool) -> str:
    if letter in "BCQE" or (is_in_class and letter in "bs"):
        raise ValueError(f"the escape \\{letter} of a regular expression")
    return _SPELLED.get(letter, "\\" + letter)


def java_replacement(replacement: str) -> str:
    r"""What a match becomes, for Java: `\1` is `$1`."""
    parts, at = [], 0
    while at < len(replacement):
        character = replacement[at]
        if character == "\\" and at + 1 < len(replacement):
            after = replacement[at + 1]
            parts.append(f"${after}" if after.isdigit() else "\\" + after)
            at += 2
            continue
        parts.append("\\$" if character == "$" else character)
        at += 1
    return "".join(parts)

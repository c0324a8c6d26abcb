"""Every kind of file of an installation: its owner, and what an erasure and a backup do to it.

All code that walks through WORKBENCH_HOME uses this table. A file that a process has open or opens again is
never replaced or removed by another process: it is changed in place with the same length, or its owner deals
with it. Each new kind of file needs an entry here (a test finds files without one). Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

HOOKS_LOCK, PAGES_LOCK, SPOOL_FOLDER = "hooks.lock", "pages.lock", "spool"
WORKER_LOCK, WORKER_STATE = "worker.lock", "worker.json"
API_LOCK, REMOVALS_LOCK = "api.lock", "removals.lock"
MOVE_LOCK, MOVE_FILE = "lake-move.lock", "lake-move.json"
DRAFTS_FOLDER = "drafts"
REPLY_FILES_FOLDER = "attachments"
FLEET_STATE = "fleet.json"
"""Says that a home belongs to a fleet, and which revision of each shared file it has."""


class Treatment(Enum):
    """What an erasure does to a file that names the person."""

    LEAVE = "never opened: it holds nothing of anybody"
    BY_HAND = "left and named: only a person can change it"
    BY_OWNER = "its own room takes care of it"
    BLANK_WORDS = "the words are overwritten in place"
    BLANK_NUMBERS = "the number is overwritten in place; the person's texts are never in it"
    BLANK_LINES = "the lines are overwritten in place"
    DROP_LINES = "the lines are taken out"
    REMOVE = "removed"
    REMOVE_ALWAYS = "removed whatever it holds: what it holds cannot be searched"


class InBackup(Enum):
    """What a backup does with a file."""

    COPY = "copied"
    SECRET = "copied into an encrypted backup only"
    LEAVE_OUT = "left out: it means nothing elsewhere, or is kept elsewhere"


@dataclass(frozen=True)
class HomeFile:
    """A kind of file, by its path under WORKBENCH_HOME."""

    pattern: str
    """As for `fnmatch`: `*` goes across folders."""
    owner: str
    treatment: Treatment
    in_backup: InBackup = InBackup.COPY
    is_shared: bool = False
    """Whether the machines of a fleet have it in common (docs/fleet.md); any other file is one machine's."""


_KEEP, _BLANK = Treatment.LEAVE, Treatment.BLANK_WORDS
_SECRET, _NOT = InBackup.SECRET, InBackup.LEAVE_OUT

HOME_FILES: tuple[HomeFile, ...] = (
    HomeFile("set-aside/*", "a lake or files of one that were set aside", Treatment.BY_HAND, _NOT),
    # The catalogs hold rows of people, which cannot be searched for.
    HomeFile("backups/*", "an upgrade: the catalog before it", Treatment.REMOVE_ALWAYS, _NOT),
    HomeFile("backup.json", "`workbench backup`: where and when the last one was made", _KEEP, _NOT),
    HomeFile("worker.json", "the worker: how far it is and what fails", _KEEP, _NOT),
    HomeFile("restoring.json", "`workbench restore`: which backup is being restored", _KEEP, _NOT),
    HomeFile("lake-move.json", "`workbench lake move`: how far it is", _KEEP, _NOT),
    # If a held lock were removed, a second process could take it.
    HomeFile("*.lock", "a process that must be the only one", _KEEP, _NOT),
    HomeFile("privacy.key", "the lake: the key of hashes", _KEEP, _SECRET, is_shared=True),
    HomeFile("access.key", "the pages: the key of sessions", _KEEP, _SECRET, is_shared=True),
    HomeFile("link.token", "the pages: the token of the printed link", _KEEP, _SECRET),
    HomeFile("metrics.token", "the servers: the token of /metrics", _KEEP, _SECRET),
    HomeFile("signed-out.json", "the pages: sessions by random name", _KEEP, is_shared=True),
    # The key would open what the database keeps of this home, so no copy of either is made.
    HomeFile("fleet.key", "`workbench fleet`: the key of what machines share", _KEEP, _NOT),
    HomeFile("fleet.key.new", "`workbench fleet rekey`: the next key", _KEEP, _NOT),
    HomeFile(FLEET_STATE, "the fleet: which revision of each shared file is here", _KEEP, _NOT),
    HomeFile("audit.anchor", "the lake: the last row of the audit trail", _KEEP),
    HomeFile("workbench-lake.json", "the lake: whose the files beside it are", _KEEP, _NOT),
    HomeFile("*/workbench-lake.json", "the lake: whose the files beside it are", _KEEP, _NOT),
    HomeFile("workbench.toml", "a person", Treatment.BY_HAND, is_shared=True),
    HomeFile("credentials.toml", "a person", Treatment.BY_HAND, _SECRET, is_shared=True),
    HomeFile("quiet_hours.toml", "a person", Treatment.BY_HAND, is_shared=True),
    HomeFile("templates/*.toml", "a person", Treatment.BY_HAND, is_shared=True),
    HomeFile("boards/*.toml", "My pages: which tiles each has", Treatment.BY_HAND, is_shared=True),
    HomeFile("alert_rules/*.toml", "the page Explore: alerts on views", Treatment.BY_HAND, is_shared=True),
    HomeFile(
        "subscriptions/*.toml", "`workbench views`: views that are mailed", Treatment.BY_HAND, is_shared=True
    ),
    HomeFile(
        "views/*.toml",
        "`workbench views` and the page Explore: saved views",
        Treatment.BY_HAND,
        is_shared=True,
    ),
    HomeFile("dashboards/*", "a person: pages of their own", Treatment.BY_HAND, is_shared=True),
    HomeFile("metrics/*", "a person: metrics of their own", Treatment.BY_HAND, is_shared=True),
    # Before the notebooks of people's own: a run never has a name that one of theirs may have.
    HomeFile("reports/*_????-??-??_????-??-??_*", "a run of a report, written whole", Treatment.REMOVE),
    HomeFile("reports/*.ipynb", "a person: reports of their own", Treatment.BY_HAND, is_shared=True),
    HomeFile("tokens.toml", "`workbench tokens`", Treatment.BY_HAND, _SECRET, is_shared=True),
    HomeFile("token-uses.json", "the servers: when each token was last used", _KEEP, _NOT),
    HomeFile("users.toml", "`workbench users`", Treatment.BY_HAND, _SECRET, is_shared=True),
    HomeFile(
        "notification_targets.toml",
        "`workbench notifications set`",
        Treatment.BY_HAND,
        _SECRET,
        is_shared=True,
    ),
    HomeFile(
        "simulated-account*", "the demo's simulated Twilio account, which is Twilio's side", Treatment.BY_HAND
    ),
    HomeFile("erasures/*.begun.json", "an erasure that is not finished: what it still has to do", _KEEP),
    HomeFile("erasures/.*", "an erasure that was killed while it wrote what it has to do", _BLANK),
    HomeFile("erasures/*", "proofs of erasures", Treatment.BLANK_NUMBERS),
    # The hooks process has it open; within seconds a webhook is saved into the lake or refused by it.
    HomeFile("spool/*.spool", "the hooks", Treatment.BY_OWNER),
    HomeFile("spool/set-aside.jsonl", "the hooks, which append", Treatment.BLANK_LINES),
    HomeFile("spool/*.damaged", "the hooks: kept for a person to look at", _BLANK),
    # An entry belongs to the audit trail, so it stays, without the number.
    HomeFile("access-journal.*", "the pages, which append", Treatment.BLANK_NUMBERS),
    HomeFile("*.log", "the process that logs, for days", Treatment.BLANK_LINES, _NOT),
    HomeFile("*.log.[0-9]", "the process that logs, for days", Treatment.BLANK_LINES, _NOT),
    HomeFile("drafts/*", "the inbox: answers that a person has not sent yet", Treatment.REMOVE, _SECRET),
    # Each begins with a line that names the contact, so that an erasure finds it.
    HomeFile(
        "attachments/*", "the inbox: files of answers, until Twilio has them", Treatment.REMOVE, _SECRET
    ),
    HomeFile("media/*", "sync and the inbox: attachments", Treatment.REMOVE),
    HomeFile("reports/*", "a run of a report, written whole", Treatment.REMOVE),
    HomeFile("tmp/duckdb_temp*", "engines: what did not fit into memory", Treatment.REMOVE_ALWAYS, _NOT),
    HomeFile("tmp/spark-*", "Spark: what did not fit into memory", Treatment.REMOVE_ALWAYS, _NOT),
    HomeFile("tmp/*", "a report or a backup that is being made", _BLANK, _NOT),
    # `write_whole` renames such a file a moment later, unless the process was killed.
    HomeFile(".*.????????", "a process that is replacing a file", _BLANK, _NOT),
    HomeFile("*/.*.????????", "a process that is replacing a file", _BLANK, _NOT),
    HomeFile("*/ducklake-????????-*.parquet", "another lake", Treatment.BY_HAND, _NOT),
)
"""The first pattern that fits counts. The lake's own files have no pattern, because they can be anywhere."""

_UNKNOWN_LINES = ("*.jsonl", "*.ndjson", "*.csv", "*.tsv", "*.txt")


def is_ours(name: str) -> bool:
    """Whether a path under WORKBENCH_HOME is one of the product's own."""
    return any(fnmatchcase(name, file.pattern) for file in HOME_FILES)


def is_shared(name: str) -> bool:
    """Whether the machines of a fleet have a file in common, by its path under WORKBENCH_HOME with slashes.

    Never a path that leads out of the home: names come from a database, too.
    """
    path = PurePosixPath(name)
    if path.is_absolute() or str(path) != name or "\\" in name or not name.isprintable():
        return False
    # Files that editors, compilers and `write_whole` leave for a moment.
    if any(part.startswith((".", "~")) or part == "__pycache__" for part in path.parts):
        return False
    for file in HOME_FILES:
        if fnmatchcase(name, file.pattern):
            return file.is_shared
    return False


def holds_secrets(name: str) -> bool:
    """Whether a file decides who may come in, or holds secrets."""
    return in_backup(name) is InBackup.SECRET or name == "signed-out.json"


def in_backup(name: str) -> InBackup:
    """What a backup does with a file, by its path under WORKBENCH_HOME; a user's own is copied."""
    for file in HOME_FILES:
        if fnmatchcase(name, file.pattern):
            return file.in_backup
    return InBackup.COPY


def treatment_of(name: str) -> Treatment:
    """What an erasure does to a file, by its path under WORKBENCH_HOME with slashes.

    A file that the user put there loses the lines with the number, or is removed if it has no lines, because
    any copy of a person's data must be erased. The dry run names such files.
    """
    for file in HOME_FILES:
        if fnmatchcase(name, file.pattern):
            return file.treatment
    is_lines = any(fnmatchcase(name, pattern) for pattern in _UNKNOWN_LINES)
    return Treatment.DROP_LINES if is_lines else Treatment.REMOVE

"""The schedule for machines where no server runs: as a crontab or as systemd units. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import timedelta

from workbench.api.schedule import Rule
from workbench.errors import UsageError

FORMATS = ("cron", "systemd")


def schedule_text(rules: Sequence[Rule], format: str, *, home: str, python: str) -> str:
    """What to install, as one text.

    Args:
        home: WORKBENCH_HOME of the jobs.
        python: the interpreter that has this program.

    Raises:
        UsageError: cron cannot express a rule.
    """
    write = _cron if format == "cron" else _systemd
    return write(rules, home, python)


def _cron(rules: Sequence[Rule], home: str, python: str) -> str:
    lines = [
        "# Times of day are this machine's. Install with: workbench schedule print | crontab -",
        "# (that replaces the crontab you have; put these lines into it with crontab -e instead)",
    ]
    for rule in rules:
        command = " ".join(
            (
                f"WORKBENCH_HOME={shlex.quote(home)}",
                shlex.quote(python),
                "-m workbench schedule run",
                rule.job,
            )
        )
        # A bare % begins standard input in a crontab.
        lines.append(f"{_cron_times(rule)} {command}".replace("%", r"\%"))
    return "\n".join(lines) + "\n"


def _cron_times(rule: Rule) -> str:
    if rule.at:
        return f"{rule.at.minute} {rule.at.hour} * * *"
    assert rule.every is not None
    minutes = rule.every // timedelta(minutes=1)
    if minutes < 60 and 60 % minutes == 0:
        return f"*/{minutes} * * * *" if minutes > 1 else "* * * * *"
    if minutes % 60 == 0 and minutes // 60 <= 24 and 24 % (minutes // 60) == 0:
        return {60: "0 * * * *", 1440: "0 0 * * *"}.get(minutes, f"0 */{minutes // 60} * * *")
    raise UsageError(
        f"[schedule] {rule.job} is every {minutes} minutes, which cron cannot express. Choose a divisor of "
        "an hour (5m, 15m) or of a day (2h, 6h), or use --format systemd."
    )


def _systemd(rules: Sequence[Rule], home: str, python: str) -> str:
    parts = [
        "# Two files for each job, for ~/.config/systemd/user/; then: systemctl --user daemon-reload\n"
        "# and for each: systemctl --user enable --now workbench-JOB.timer"
    ]
    for rule in rules:
        parts.append(
            f"# --- workbench-{rule.job}.service\n"
            f"[Unit]\nDescription=Workbench: {rule.job}\n\n"
            f"[Service]\nType=oneshot\nEnvironment={_unit_quoted(f'WORKBENCH_HOME={home}')}\n"
            f"ExecStart={_unit_quoted(python)} -m workbench schedule run {rule.job}"
        )
        parts.append(
            f"# --- workbench-{rule.job}.timer\n"
            f"[Unit]\nDescription=Workbench: when to run {rule.job}\n\n"
            f"[Timer]\n{_timer_times(rule)}\n\n[Install]\nWantedBy=timers.target"
        )
    return "\n\n".join(parts) + "\n"


def _timer_times(rule: Rule) -> str:
    if rule.at:
        return f"OnCalendar=*-*-* {rule.at:%H:%M}:00 {rule.timezone}\nPersistent=true\nRandomizedDelaySec=120"
    assert rule.every is not None
    seconds = int(rule.every.total_seconds())
    return f"OnActiveSec=1min\nOnUnitActiveSec={seconds}s\nRandomizedDelaySec={min(120, seconds // 10)}"


def _unit_quoted(text: str) -> str:
    """One word of a unit file, whatever is in it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"'

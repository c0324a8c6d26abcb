"""Sends a report by mail: the files of one manifest, or a link to them. Altered files are never sent.

`[smtp]` of the settings names the server; the password comes from the environment. Without encryption, only a
server on this machine is allowed.
"""

from __future__ import annotations

import json
import logging
import mimetypes
import smtplib
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from workbench.errors import TRY_AGAIN, ConfigError, UsageError, WorkbenchError
from workbench.lake import Lake
from workbench.lake.audit import append_audit
from workbench.reports.manifest import read_manifest
from workbench.roles import current_actor
from workbench.settings import Secret, Settings

log = logging.getLogger(__name__)

PASSWORD_VARIABLE = "WORKBENCH_SMTP_PASSWORD"
_USUAL_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
MAIL_SECONDS = 30
_LARGEST_BYTES = 20_000_000


class MailUnavailable(WorkbenchError):
    """The mail server cannot be reached, or asks for another attempt later."""

    exit_code = TRY_AGAIN


class MailUncertain(MailUnavailable):
    """The connection broke while the mail was handed over: it may have been taken."""


@dataclass(frozen=True)
class MailSettings:
    """The checked `[smtp]`. `password` is None if the server needs none."""

    host: str
    port: int
    security: str
    sender: str
    to: tuple[str, ...]
    user: str | None = None
    password: Secret | None = None


def mail_settings(settings: Settings) -> MailSettings:
    """`[smtp]` with the password, complete.

    Raises:
        ConfigError: a required setting is missing, or two settings contradict each other.
    """
    smtp = settings.smtp
    if smtp.host is None or smtp.sender is None:
        raise ConfigError(
            'Mail needs a server: add [smtp] with host = "smtp.example.com" and from = "reports@example.com" '
            f"to workbench.toml; the password goes into {PASSWORD_VARIABLE}."
        )
    if smtp.security == "none" and smtp.host not in _LOOPBACK:
        raise ConfigError(
            f'[smtp] security is "none" and the server {smtp.host} is another machine: a report would cross '
            'the network in the clear. Use "starttls" or "tls".'
        )
    if smtp.user and not smtp.password:
        raise ConfigError(f"[smtp] user is {smtp.user!r} and {PASSWORD_VARIABLE} is not set: set it.")
    port = smtp.port or _USUAL_PORTS[smtp.security]
    return MailSettings(smtp.host, port, smtp.security, smtp.sender, smtp.to, smtp.user, smtp.password)


def send_report(
    settings: Settings,
    lake: Lake,
    manifest_path: Path,
    to: Sequence[str],
    *,
    formats: Sequence[str],
    link: str | None = None,
) -> list[str]:
    """Send one report and write the recipients into the audit trail; returns the addresses.

    Raises:
        UsageError: no address, a malformed one, or files that are missing, altered or too large.
        ConfigError: `[smtp]` or its password is wrong.
        MailUnavailable: the server cannot be reached now.
        WorkbenchError: the server refused it, or some of the addresses; says which.
    """
    mail = mail_settings(settings)
    manifest = read_manifest(manifest_path)
    addresses = _addresses(to or mail.to)
    files = _chosen_files(manifest, manifest_path.parent, formats)
    message = build_message(manifest, mail.sender, addresses, files, _checked_link(link))
    refused = _deliver(mail, message)
    accepted = [address for address in addresses if address not in refused]
    detail = {
        "report": manifest["report"],
        "files": [path.name for path in files],
        "to": [mask_mail(address) for address in accepted],
        "link": link is not None,
    }
    lake.write(
        lambda cursor: append_audit(
            cursor, "report-send", actor=current_actor(), subject=manifest["title"], detail=detail
        )
    )
    if refused:
        raise WorkbenchError(
            f"The mail server {mail.host}:{mail.port} refused {', '.join(refused)}; "
            "it was sent to the others."
        )
    return addresses


def send_text(
    settings: Settings, to: Sequence[str], subject: str, text: str, *, seconds: float = MAIL_SECONDS
) -> list[str]:
    """Send a short mail without files; returns the addresses that the server refused while it took others.

    Args:
        seconds: how long to wait for the server.

    Raises:
        UsageError: no address, or a malformed one.
        ConfigError: `[smtp]` or its password is wrong.
        MailUnavailable: the server cannot be reached now.
        MailUncertain: it may have taken the mail.
        WorkbenchError: the server refused it.
    """
    mail = mail_settings(settings)
    message = _begin_message(subject, mail.sender, _addresses(to))
    message.set_content(text + "\n")
    return _deliver(mail, message, seconds)


@dataclass(frozen=True)
class MailedPage:
    """A mail with numbers: as text and as HTML, with its pictures and its file.

    `pictures` are PNG, which the HTML names as ``cid:picture-0``.
    """

    subject: str
    text: str
    html: str
    pictures: Sequence[bytes]
    file_name: str
    file: bytes
    message_id: str


def send_page(settings: Settings, to: Sequence[str], page: MailedPage) -> list[str]:
    """Send a mail with numbers; returns the addresses that the server refused while it took others.

    Raises:
        UsageError: no address, or a malformed one, or the mail is too large.
        ConfigError: `[smtp]` or its password is wrong.
        MailUnavailable: the server cannot be reached now.
        MailUncertain: it may have taken the mail.
        WorkbenchError: the server refused it.
    """
    mail = mail_settings(settings)
    size = len(page.file) + sum(map(len, page.pictures))
    if size > _LARGEST_BYTES:
        raise UsageError(
            f"The mail has {size:,} bytes; mail takes up to {_LARGEST_BYTES:,}. Choose fewer values."
        )
    message = _begin_message(page.subject, mail.sender, _addresses(to))
    message.replace_header("Message-ID", f"<{page.message_id}@workbench.invalid>")
    message.set_content(page.text)
    message.add_alternative(page.html, subtype="html")
    body = message.get_payload()[1]  # type: ignore[index]
    for number, picture in enumerate(page.pictures):
        body.add_related(picture, "image", "png", cid=f"<picture-{number}>")  # type: ignore[union-attr]
    message.add_attachment(page.file, maintype="text", subtype="csv", filename=page.file_name)
    return _deliver(mail, message)


def sent_files(lake: Lake) -> set[str]:
    """Names of the files that were mailed or linked, from the audit trail."""
    rows = lake.rows("select detail from audit_events where action = 'report-send'")
    return {name for (detail,) in rows for name in json.loads(detail)["files"]}


def build_message(
    manifest: Mapping[str, Any], sender: str, to: Sequence[str], files: Sequence[Path], link: str | None
) -> EmailMessage:
    """The mail: title and problems of the report, without its numbers, and the files or a link to them."""
    message = _begin_message(str(manifest["title"]), sender, to)
    lines = [str(manifest["title"]), f"As of {manifest['as_of']}"]
    problems = [problem["text"] for problem in manifest["problems"]]
    if problems:
        lines += ["", "Read this before the numbers:", *(f"- {text}" for text in problems)]
    if link:
        lines += ["", *(f"{link.rstrip('/')}/{quote(path.name)}" for path in files)]
    message.set_content("\n".join(lines) + "\n")
    for path in () if link else files:
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        main, _, sub = ("application/x-ipynb+json" if path.suffix == ".ipynb" else kind).partition("/")
        message.add_attachment(path.read_bytes(), maintype=main, subtype=sub, filename=path.name)
    return message


def _begin_message(subject: str, sender: str, to: Sequence[str]) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = " ".join(subject.split())
    message["From"], message["To"] = sender, ", ".join(to)
    message["Date"], message["Message-ID"] = (
        formatdate(localtime=False),
        make_msgid(domain="workbench.invalid"),
    )
    return message


def mask_mail(address: str) -> str:
    """`ann@example.com` becomes `a***@example.com`."""
    name, _, domain = address.rpartition("@")
    return f"{name[:1]}***@{domain}"


def _addresses(given: Sequence[str]) -> list[str]:
    if not given:
        raise UsageError("Nobody to send it to: give --to ann@example.com, or set [smtp] to.")
    for address in given:
        name, _, domain = address.rpartition("@")
        if not name or "." not in domain or any(char.isspace() or char in "<>,;" for char in address):
            raise UsageError(f"{address!r} is not a mail address; write it as ann@example.com.")
    return list(dict.fromkeys(given))


def _chosen_files(manifest: Mapping[str, Any], folder: Path, formats: Sequence[str]) -> list[Path]:
    there = {Path(file["name"]).suffix[1:]: folder / Path(file["name"]).name for file in manifest["files"]}
    for format in formats:
        if format not in there:
            raise UsageError(
                f"The report has no {format} file; it has {', '.join(sorted(there))}. Choose with --format."
            )
    chosen = [there[format] for format in dict.fromkeys(formats)]
    size = sum(path.stat().st_size for path in chosen)
    if size > _LARGEST_BYTES:
        raise UsageError(
            f"The files have {size:,} bytes; mail takes up to {_LARGEST_BYTES:,}. Send a link: --link https://…"
        )
    return chosen


def _checked_link(link: str | None) -> str | None:
    if link is None:
        return None
    parts = urlsplit(link)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username:
        raise UsageError(
            f"--link is {link!r}; write the folder's address as https://files.example.com/reports/."
        )
    return link


def _deliver(mail: MailSettings, message: EmailMessage, seconds: float = MAIL_SECONDS) -> list[str]:
    """Send the message; returns the addresses that the server refused while it accepted others.

    What the server answered to the message decides: an error of the goodbye after it changes nothing.
    """
    where = f"{mail.host}:{mail.port}"
    unavailable = MailUnavailable
    try:
        with _connected(mail, seconds) as server:
            if mail.security == "starttls":
                server.starttls(context=ssl.create_default_context())
            if mail.user and mail.password:
                server.login(mail.user, mail.password.reveal())
            unavailable = MailUncertain
            return sorted(server.send_message(message))
    except smtplib.SMTPAuthenticationError as error:
        raise ConfigError(
            f"The mail server {where} does not accept [smtp] user {mail.user!r} with {PASSWORD_VARIABLE} "
            f"(code {error.smtp_code})."
        ) from error
    except smtplib.SMTPNotSupportedError as error:
        raise ConfigError(
            f"The mail server {where} offers no encryption or sign-in as [smtp] asks for (security = "
            f'"{mail.security}"): {error}'
        ) from error
    except smtplib.SMTPRecipientsRefused as error:
        refused = ", ".join(sorted(error.recipients))
        raise WorkbenchError(f"The mail server {where} refused {refused}; nothing was sent.") from error
    except smtplib.SMTPResponseException as error:
        kind = MailUnavailable if 400 <= error.smtp_code < 500 else WorkbenchError
        reply = (
            error.smtp_error.decode(errors="replace")
            if isinstance(error.smtp_error, bytes)
            else error.smtp_error
        )
        raise kind(f"The mail server {where} refused the report: {error.smtp_code} {reply}") from error
    except ssl.SSLCertVerificationError as error:
        raise ConfigError(
            f"The certificate of the mail server {where} is not valid: {error.verify_message}."
        ) from error
    except (OSError, smtplib.SMTPException) as error:
        raise unavailable(f"The mail server {where} cannot be reached: {error}. Try again later.") from error


@contextmanager
def _connected(mail: MailSettings, seconds: float) -> Iterator[smtplib.SMTP]:
    server = _connect(mail, seconds)
    try:
        yield server
    finally:
        try:
            server.quit()
        except (OSError, smtplib.SMTPException) as error:
            log.info(
                "The mail server %s:%s did not end the connection in order: %s", mail.host, mail.port, error
            )
        finally:
            server.close()


def _connect(mail: MailSettings, seconds: float) -> smtplib.SMTP:
    if mail.security == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(mail.host, mail.port, timeout=seconds, context=context)
    return smtplib.SMTP(mail.host, mail.port, timeout=seconds)

"""Removes what a bucket keeps of deleted files: old versions, their markers, and uploads that never ended.

A bucket with versioning answers a deletion by hiding the object. Only files of this lake are touched: those
under its prefix whose names DuckLake gives, and that are deleted already.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from workbench.lake.left_files import is_written_by_lake

_LONGEST_UPLOAD = timedelta(hours=1)
"""A younger one may be a file that another machine is writing."""
_PER_REQUEST = 1000
_NOT_OFFERED = frozenset({"NotImplemented", "MethodNotAllowed", "UnsupportedOperation"})


@dataclass(frozen=True)
class _ObjectVersion:
    """A version of an object, or a marker that hides the versions before it."""

    key: str
    version_id: str


@dataclass(frozen=True)
class _OldVersions:
    """What a bucket keeps under a prefix of files that are deleted."""

    versions: list[_ObjectVersion] = field(default_factory=list)
    markers: list[_ObjectVersion] = field(default_factory=list)


def remove_old_versions(data: str) -> list[str]:
    """Remove them from the bucket of ``s3://bucket/prefix/``; returns what stays all the same, in sentences.

    What the bucket does not allow stays (a lock on its objects, no right to delete versions): it would not be
    allowed the next time either, so it is said and not tried for ever.
    """
    address = urlsplit(data)
    bucket, prefix = address.netloc, address.path.strip("/") + "/"
    client = boto3.client("s3")
    try:
        kept = _said(
            "The bucket's old versions of deleted files", lambda: _remove_versions(client, bucket, prefix)
        )
        return kept + _said(
            "Parts of files whose upload never ended", lambda: _remove_uploads(client, bucket, prefix)
        )
    finally:
        client.close()


def _said(what: str, remove: Callable[[], str | None]) -> list[str]:
    """Run a step; what it leaves, as a sentence."""
    try:
        left = remove()
    except (BotoCoreError, ClientError) as error:
        if isinstance(error, ClientError) and error.response["Error"].get("Code") in _NOT_OFFERED:
            return []
        left = f"{type(error).__name__}: {error}"
    return [f"{what} could not be removed ({left}); remove them at the store."] if left else []


def _remove_versions(client: Any, bucket: str, prefix: str) -> str | None:
    """Versions before their markers: without its marker a version would be an object again."""
    old = _find_old_versions(client, bucket, prefix)
    errors = _delete(client, bucket, old.versions)
    locked = {error["Key"] for error in errors}
    errors += _delete(client, bucket, [marker for marker in old.markers if marker.key not in locked])
    if not errors:
        return None
    return f"{len(errors):,} of them, as {errors[0]['Key']}: {errors[0].get('Message') or errors[0]['Code']}"


def _find_old_versions(client: Any, bucket: str, prefix: str) -> _OldVersions:
    old = _OldVersions()
    for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        old.versions.extend(
            _ObjectVersion(version["Key"], version["VersionId"])
            for version in page.get("Versions", ())
            if not version["IsLatest"] and is_written_by_lake(version["Key"].removeprefix(prefix))
        )
        old.markers.extend(
            _ObjectVersion(marker["Key"], marker["VersionId"])
            for marker in page.get("DeleteMarkers", ())
            if is_written_by_lake(marker["Key"].removeprefix(prefix))
        )
    return old


def _delete(client: Any, bucket: str, versions: Sequence[_ObjectVersion]) -> list[dict[str, Any]]:
    """Delete versions; the store's word on each that it kept."""
    errors: list[dict[str, Any]] = []
    for start in range(0, len(versions), _PER_REQUEST):
        named = [
            {"Key": version.key, "VersionId": version.version_id}
            for version in versions[start : start + _PER_REQUEST]
        ]
        answer = client.delete_objects(Bucket=bucket, Delete={"Objects": named, "Quiet": True})
        errors += answer.get("Errors", ())
    return errors


def _remove_uploads(client: Any, bucket: str, prefix: str) -> None:
    before = datetime.now(UTC) - _LONGEST_UPLOAD
    for page in client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, Prefix=prefix):
        for upload in page.get("Uploads", ()):
            name = upload["Key"].removeprefix(prefix)
            if upload["Initiated"] < before and is_written_by_lake(name):
                client.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])

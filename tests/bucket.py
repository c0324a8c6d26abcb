"""A real S3 server of a test run (moto's), on a free port of this machine, with a bucket for each test."""

from __future__ import annotations

import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
import httpx

from tests.ports import free_port


@dataclass(frozen=True)
class BucketServer:
    """A running S3 server; it checks no keys."""

    url: str

    @property
    def environment(self) -> dict[str, str]:
        """What every S3 tool reads from the environment to reach it."""
        return {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": self.url,
        }

    def client(self) -> Any:
        """The official client for it."""
        return boto3.client(
            "s3",
            endpoint_url=self.url,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            region_name="us-east-1",
        )

    def new_bucket(self, *, keeps_versions: bool = False) -> str:
        """The name of an empty bucket."""
        name, client = f"lake-{uuid.uuid4().hex[:12]}", self.client()
        client.create_bucket(Bucket=name)
        if keeps_versions:
            client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        client.close()
        return name


@contextmanager
def bucket_server() -> Iterator[BucketServer]:
    """A server of its own process, ended at the end."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        server = BucketServer(f"http://127.0.0.1:{port}")
        try:
            _wait_for(server.url, process)
            yield server
        finally:
            process.terminate()


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert process.poll() is None, "the S3 server ended before it answered"
        try:
            httpx.get(f"{url}/moto-api/", timeout=5)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the S3 server did not answer within a minute")

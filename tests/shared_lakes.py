"""Empty lakes on PostgreSQL and S3 for homes of tests: copies of one database."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import psycopg

from tests.postgres import PostgresServer
from workbench.lake import open_lake
from workbench.settings import load_settings


class SharedLakes:
    """Makes a lake on the servers for each home; the first call makes what the others are copies of."""

    def __init__(self, postgres: PostgresServer, bucket: str, folder: Path) -> None:
        self._postgres, self._bucket, self._folder = postgres, bucket, folder
        self._template = ""

    def settle(self, home: Path) -> None:
        """Write a workbench.toml into a home, so that each process of it has its lake on the servers."""
        name = f"lake_{uuid.uuid4().hex[:12]}"
        data = f"s3://{self._bucket}/{name}/"
        if not self._template:
            self._template = self._make_template()
        with psycopg.connect(self._postgres.address(), autocommit=True) as connection:
            connection.execute(f'create database "{name}" template "{self._template}"')
        with psycopg.connect(self._postgres.address(name), autocommit=True) as connection:
            connection.execute("update ducklake_metadata set value = %s where key = 'data_path'", [data])
        _write_settings(home, self._postgres.address(name), data)

    def _make_template(self) -> str:
        """An empty lake, closed: a database can only be copied while nobody uses it."""
        database = self._postgres.new_database()
        _write_settings(self._folder, database, f"s3://{self._bucket}/template/")
        open_lake(load_settings({"WORKBENCH_HOME": str(self._folder)})).close()
        return database.partition(" ")[0].removeprefix("dbname=")


def _write_settings(home: Path, database: str, data: str) -> None:
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    text = f"[lake]\ncatalog = {json.dumps(f'postgres:{database}')}\ndata = {json.dumps(data)}\n"
    (home / "workbench.toml").write_text(text, encoding="utf-8")

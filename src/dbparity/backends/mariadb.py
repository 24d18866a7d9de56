"""MariaDB, where it differs from MySQL."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from sqlalchemy import text

from dbparity.backends.base import Commands, Credentials, Features, Service, quoted
from dbparity.backends.catalogues import mysql
from dbparity.backends.homes.mysql import MariaDBHome
from dbparity.backends.mysql import MySQL, MySQLService, _login

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sqlalchemy import Connection, Dialect, Table


class MariaDBService(MySQLService):
    """A MariaDB server that never waits for a disk."""

    image: ClassVar[str] = "mariadb:{version}"
    versions: ClassVar[tuple[str, ...]] = ("11", "10")
    binary: ClassVar[str] = "mariadbd"
    version: ClassVar[str] = r"Ver (\d+(?:\.\d+)*)-MariaDB"

    def environment(self, credentials: Credentials) -> dict[str, str]:
        """The variables of the public image."""
        return {"MARIADB_ROOT_PASSWORD": credentials.password}

    def commands(self, binary: Path, home: Path, port: int, credentials: Credentials) -> Commands:
        """Initialize with MariaDB's own script, which lies in the bin folder beside sbin."""
        data = f"--datadir={home / 'data'}"
        root = binary.resolve().parent.parent
        initialize = (
            *(str(root / "bin" / "mariadb-install-db"), "--no-defaults", data),
            *(f"--basedir={root}", "--skip-test-db", "--auth-root-authentication-method=normal"),
        )
        serve = (str(binary), "--no-defaults", data, f"--basedir={root}", *self._listen(home, port))
        return Commands({"init.sql": _login(credentials)}, (initialize,), (*serve, *self.arguments))


class MariaDB(MySQL):
    """MariaDB 10.5 and later."""

    name: ClassVar[str] = "mariadb"
    title: ClassVar[str] = "MariaDB"
    service: ClassVar[Service | None] = MariaDBService()
    hides_columns: ClassVar[tuple[int, ...]] = (10, 3, 3)
    lags_by: ClassVar[str] = "Seconds_Behind_Master"
    moved_counters: ClassVar[str] = (
        "SELECT table_name FROM information_schema.tables "
        "WHERE table_schema = DATABASE() AND auto_increment > 1"
    )
    counted: ClassVar[str] = (
        "SELECT table_name, auto_increment FROM information_schema.tables "
        "WHERE table_schema = DATABASE() AND auto_increment IS NOT NULL"
    )
    sequences: ClassVar[str] = (
        "SELECT table_name FROM information_schema.tables "
        "WHERE table_schema = DATABASE() AND table_type = 'SEQUENCE'"
    )

    words: ClassVar[mysql.Dialect] = mysql.MARIADB

    def dialect(self, version: tuple[int, ...]) -> Dialect:
        """The type UUID came with 10.7."""
        dialect = super().dialect(version)
        dialect.supports_sequences = True
        dialect.supports_native_uuid = version >= (10, 7)
        return dialect

    def home(self, version: tuple[int, ...]) -> MariaDBHome:
        """As MySQL does, but for UUIDs."""
        return MariaDBHome(self.dialect(version).identifier_preparer, version)

    def features(self, version: tuple[int, ...]) -> Features:
        """MySQL's, but RETURNING and sequences are there, and trailing spaces do not count.

        SKIP LOCKED came with 10.6.
        """
        return replace(
            super().features(version),
            enforces_foreign_keys_beside_null=True,
            expression_indexes=False,
            insert_returning=True,
            delete_returning=True,
            trailing_space_sensitive=False,
            indexes_text=True,
            row_locks=version >= (10, 6),
            sequences=True,
        )

    def clear(self, connection: Connection, tables: Sequence[Table]) -> None:
        """As on MySQL, and restart the sequences."""
        super().clear(connection, tables)
        for name in connection.scalars(text(self.sequences)).all():
            connection.exec_driver_sql(f"ALTER SEQUENCE {quoted(connection, name)} RESTART")

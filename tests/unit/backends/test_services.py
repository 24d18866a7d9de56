from __future__ import annotations

from pathlib import Path

import pytest

from dbparity.backends.base import Commands, Credentials, Service
from dbparity.backends.mariadb import MariaDBService
from dbparity.backends.mysql import MySQLService
from dbparity.backends.postgresql import PostgreSQLService

CREDENTIALS = Credentials("root", "s3cret", "shop")
HOME = Path("/run/home")
SERVICES = [PostgreSQLService(), MySQLService(), MariaDBService()]


def commands(service: Service) -> Commands:
    return service.commands(Path("/opt/sbin") / service.binary, HOME, 4711, CREDENTIALS)


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.binary)
def test_password_is_in_a_file_and_on_no_command_line(service: Service) -> None:
    made = commands(service)
    words = [word for command in (*made.initialize, made.serve) for word in command]
    assert not any(CREDENTIALS.password in word for word in words)
    assert any(CREDENTIALS.password in content for content in made.files.values())


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.binary)
def test_server_listens_on_the_loopback_alone(service: Service) -> None:
    words = " ".join(commands(service).serve)
    assert "listen_addresses=127.0.0.1" in words or "--bind-address=127.0.0.1" in words
    assert "4711" in words


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.binary)
def test_server_from_binaries_is_as_volatile_as_one_in_a_container(service: Service) -> None:
    assert set(service.arguments) <= set(commands(service).serve)


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.binary)
def test_server_keeps_all_its_files_at_home(service: Service) -> None:
    made = commands(service)
    words = [word for command in (*made.initialize, made.serve) for word in command]
    paths = [word.rpartition("=")[2] for word in words if "/" in word]
    outside = [path for path in paths if not path.startswith((str(HOME), "/opt"))]
    assert outside == []


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.binary)
def test_password_is_given_to_the_image(service: Service) -> None:
    assert CREDENTIALS.password in service.environment(CREDENTIALS).values()


def test_data_of_postgresql_lie_below_the_folder_that_is_kept_in_memory() -> None:
    service = PostgreSQLService()
    assert service.environment(CREDENTIALS)["PGDATA"].startswith(f"{service.data}/")


def test_mariadb_is_initialized_by_the_script_of_the_same_installation(tmp_path: Path) -> None:
    made = MariaDBService().commands(tmp_path / "sbin" / "mariadbd", HOME, 4711, CREDENTIALS)
    assert made.initialize[0][0] == str(tmp_path.resolve() / "bin" / "mariadb-install-db")

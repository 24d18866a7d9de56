from __future__ import annotations

import os
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from dbparity import pytest_parity, pytest_plugin
from dbparity.conformance.base import check
from dbparity.results import (
    Finding,
    Item,
    Observation,
    Outcome,
    Place,
    Result,
    Severity,
    Skipped,
    Verified,
)
from dbparity.servers.ledger import Run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.conformance.base import Check
    from dbparity.servers.database import Database

SHOP = """
from sqlalchemy import Column, Integer, MetaData, String, Table

metadata = MetaData()
goods = Table(
    "goods",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(20)),
)
"""
SETTINGS = """
[tool.dbparity]
metadata = "{module}:metadata"
pythonpath = ["."]
targets = ["sqlite"]
providers = ["file"]
"""


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pytester: pytest.Pytester) -> Path:
    """Records of its own; nothing outside has a say."""
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = session\n")
    for name in os.environ:
        if name.startswith("DBPARITY_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("DBPARITY_STATE", str(tmp_path / "state"))
    return tmp_path / "state" / "runs"


@pytest.fixture
def module(tmp_path: Path) -> str:
    """The application's module; Python remembers modules by their names."""
    return f"plugin_shop_{abs(hash(tmp_path)):x}"


@pytest.fixture
def shop(pytester: pytest.Pytester, module: str) -> pytest.Pytester:
    """A project with an application."""
    pytester.makepyfile(**{module: SHOP})
    pytester.makepyprojecttoml(SETTINGS.format(module=module))
    return pytester


def passed(_database: Database) -> Iterator[Item]:
    """Holds everywhere."""
    yield Verified("it holds")


def failed(_database: Database) -> Iterator[Item]:
    """Holds nowhere."""
    yield Finding("FAULT", Severity.LOST, "a row is gone", Place("goods"), "1", "0", "look for it")


def skipped(_database: Database) -> Iterator[Item]:
    """Cannot be tried."""
    yield Skipped("there is nothing to try")


def differs(database: Database) -> Iterator[Item]:
    """Each target answers, but not alike."""
    yield Observation("the driver", database.target.driver, Place("goods"))


def differs_a_little(database: Database) -> Iterator[Item]:
    """Each target answers, and nobody minds that it is not alike."""
    yield Observation("the driver", database.target.driver, severity=Severity.NOTE)


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[Check]:
    """The checks that there are."""
    made: list[Check] = []
    monkeypatch.setattr(pytest_plugin, "load_checks", lambda: tuple(made))
    return made


def test_test_runs_on_every_configured_target(shop: pytest.Pytester) -> None:
    shop.makepyfile("def test_target(target): print('on', target)")
    result = shop.runpytest_inprocess("-v")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        ["*::test_target?sqlite+pysqlite? PASSED*", "*::test_target?sqlite+aiosqlite? PASSED*"]
    )


def test_option_chooses_the_targets(shop: pytest.Pytester) -> None:
    shop.makepyfile("def test_target(target): assert str(target) == 'sqlite+aiosqlite'")
    result = shop.runpytest_inprocess("--dbparity-target", "sqlite+aiosqlite")
    result.assert_outcomes(passed=1)


def test_option_can_be_repeated(shop: pytest.Pytester) -> None:
    shop.makepyfile("def test_target(target): pass")
    targets = ("--dbparity-target=sqlite+pysqlite", "--dbparity-target=sqlite+aiosqlite")
    shop.runpytest_inprocess(*targets).assert_outcomes(passed=2)


def test_database_holds_the_configured_applications_schema(
    shop: pytest.Pytester, module: str
) -> None:
    shop.makepyfile(f"""
        from {module} import goods

        def test_goods(database):
            def add(database):
                with database.engine.begin() as connection:
                    connection.execute(goods.insert().values(name="lamp"))
                    return len(connection.execute(goods.select()).all())
            assert database.run(add) == 1

        def test_goods_again(database):
            test_goods(database)
    """)
    shop.runpytest_inprocess().assert_outcomes(passed=4)


def test_database_is_empty_where_no_application_is_configured(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        from sqlalchemy import inspect

        def test_tables(engine):
            assert inspect(engine).get_table_names() == []
    """)
    result = pytester.runpytest_inprocess("--dbparity-target", "sqlite")
    result.assert_outcomes(passed=1)


def test_sync_engines_are_for_sync_drivers(shop: pytest.Pytester, module: str) -> None:
    shop.makepyfile(f"""
        from {module} import goods

        def test_engine(engine, target):
            assert target.driver == "pysqlite"
            with engine.connect() as connection:
                assert connection.execute(goods.select()).all() == []

        def test_connection(connection, target):
            assert target.driver == "pysqlite"
            connection.execute(goods.insert().values(name="lamp"))
    """)
    shop.runpytest_inprocess().assert_outcomes(passed=2)


def test_async_engine_is_for_async_drivers(shop: pytest.Pytester, module: str) -> None:
    shop.makepyfile(f"""
        import pytest
        from {module} import goods

        @pytest.mark.asyncio(loop_scope="session")
        @pytest.mark.parametrize("name", ["lamp", "chair"])
        async def test_engine(async_engine, target, name):
            assert target.driver == "aiosqlite"
            async with async_engine.begin() as connection:
                await connection.execute(goods.insert().values(name=name))
                assert len((await connection.execute(goods.select())).all()) == 1
    """)
    shop.runpytest_subprocess().assert_outcomes(passed=2)


def test_plugin_works_without_pytest_asyncio(shop: pytest.Pytester) -> None:
    shop.makepyfile("def test_target(target): pass")
    shop.runpytest_inprocess("-p", "no:asyncio").assert_outcomes(passed=2)


def test_missing_target_is_skipped_with_the_reason(shop: pytest.Pytester) -> None:
    shop.makepyfile("def test_target(target): pass")
    result = shop.runpytest_inprocess("--dbparity-target", "mysql+pymysql", "-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*mysql+pymysql: no server: no provider that is asked (file)*"])


def test_missing_target_fails_where_it_is_required(shop: pytest.Pytester) -> None:
    shop.makepyfile("def test_target(target): pass")
    result = shop.runpytest_inprocess("--dbparity-target", "mysql+pymysql", "--dbparity-require")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*mysql+pymysql: no server: no provider that is asked (file)*"])


def test_migrated_database_is_made_by_the_migrations(shop: pytest.Pytester) -> None:
    env = """
    from alembic import context
    from sqlalchemy import create_engine

    connection = context.config.attributes.get("connection")
    if connection is None:
        connection = create_engine(context.config.get_main_option("sqlalchemy.url")).connect()
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
    """
    revision = """
    from alembic import op
    from sqlalchemy import Column, Integer

    revision, down_revision = "one", None

    def upgrade():
        op.create_table("goods", Column("id", Integer, primary_key=True))
    """
    versions = shop.mkdir("migrations") / "versions"
    versions.mkdir()
    (versions.parent / "env.py").write_text(dedent(env))
    (versions / "one.py").write_text(dedent(revision))
    shop.path.joinpath("alembic.ini").write_text("[alembic]\nscript_location = migrations\n")
    with (shop.path / "pyproject.toml").open("a") as file:
        file.write('\nalembic = "alembic.ini"\n')
    shop.makepyfile("""
        from dbparity import Meaning, diff

        def test_drift(database, migrated_database, schema_of):
            (found,) = [
                difference
                for difference in diff(schema_of(database), schema_of(migrated_database))
                if difference.place.table == "goods"
            ]
            assert (found.meaning, found.place.column) == (Meaning.MISSING, "name")
    """)
    shop.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=2)


def test_migrated_database_is_skipped_without_migrations(shop: pytest.Pytester) -> None:
    shop.makepyfile("def test_nothing(migrated_database): pass")
    result = shop.runpytest_inprocess("-rs")
    result.assert_outcomes(skipped=2)
    result.stdout.fnmatch_lines(["*no migrations are configured*"])


def test_servers_of_further_databases_are_those_of_the_tests(shop: pytest.Pytester) -> None:
    shop.makepyfile("""
        def test_two(database_environment, target, database):
            with database_environment.lease(target) as other:
                assert other.url != database.url
                assert other.version == database.version
    """)
    shop.runpytest_inprocess().assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--dbparity-target=SQLite", "*'SQLite' is not a target; write backend,*"),
        ("--dbparity-target=oracle", "*unknown backend 'oracle'; known:*"),
        ("--dbparity-target=sqlite+odbc", "*unknown driver of sqlite 'odbc'; known:*"),
    ],
)
def test_option_that_names_no_target_is_refused_without_a_traceback(
    shop: pytest.Pytester, option: str, words: str
) -> None:
    shop.makepyfile("def test_target(target): pass")
    result = shop.runpytest_inprocess(option)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([words])
    assert "Traceback" not in result.stderr.str() + result.stdout.str()


def test_setting_that_cannot_be_used_is_refused_without_a_traceback(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyprojecttoml("[tool.dbparity]\ntragets = []\n")
    result = pytester.runpytest_inprocess()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*tragets: no such setting; the settings are:*"])
    assert "Traceback" not in result.stderr.str()


def test_application_that_cannot_be_imported_is_refused_when_its_checks_are_asked_for(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyprojecttoml(SETTINGS.format(module="no_such_shop"))
    result = pytester.runpytest_inprocess("--dbparity")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*no_such_shop:metadata: module 'no_such_shop' cannot be*"])


@pytest.mark.parametrize(
    ("test", "arguments"),
    [("def test_nothing(): pass", ()), ("def test_target(target): pass", ("--collect-only",))],
)
def test_nothing_is_started_where_no_test_needs_a_target(
    shop: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    test: str,
    arguments: tuple[str, ...],
) -> None:
    shop.makepyfile(test)
    monkeypatch.delattr(Run, "begin")
    assert shop.runpytest_inprocess(*arguments).ret == 0


def test_nothing_is_left_when_the_tests_have_run(shop: pytest.Pytester, state: Path) -> None:
    shop.makepyfile("""
        def test_folder(database):
            print("folder", database.url.database)
    """)
    result = shop.runpytest_inprocess("-s")
    result.assert_outcomes(passed=2)
    folders = [line.split()[-1] for line in result.outlines if "folder /" in line]
    assert len(folders) == 2
    assert not any(Path(folder).parents[1].exists() for folder in folders)
    assert not list(state.iterdir())


def test_nothing_is_left_when_a_test_ends_the_session(shop: pytest.Pytester, state: Path) -> None:
    shop.makepyfile("""
        import pytest

        def test_exit(database):
            pytest.exit("enough")
    """)
    shop.runpytest_subprocess()
    assert not list(state.iterdir())


def test_nothing_is_left_when_a_test_is_interrupted(shop: pytest.Pytester, state: Path) -> None:
    shop.makepyfile("""
        def test_interrupt(database):
            raise KeyboardInterrupt
    """)
    assert shop.runpytest_subprocess().ret == pytest.ExitCode.INTERRUPTED
    assert not list(state.iterdir())


def test_users_own_parameter_of_the_name_is_left_alone(shop: pytest.Pytester) -> None:
    shop.makepyfile("""
        import pytest

        @pytest.mark.parametrize("target", ["moon", "mars"])
        def test_flight(target):
            assert target in {"moon", "mars"}
    """)
    shop.runpytest_inprocess().assert_outcomes(passed=2)


@pytest.mark.parametrize("options", ["", "params=['moon', 'mars']"])
def test_users_own_fixture_of_the_name_is_left_alone(shop: pytest.Pytester, options: str) -> None:
    shop.makepyfile(f"""
        import pytest

        @pytest.fixture({options})
        def target(request):
            return getattr(request, "param", "moon")

        def test_flight(target):
            assert target in {{"moon", "mars"}}
    """)
    shop.runpytest_inprocess().assert_outcomes(passed=2 if options else 1)


def test_checks_are_collected_for_every_target(shop: pytest.Pytester, checks: list[Check]) -> None:
    checks.append(check("schema")(passed))
    result = shop.runpytest_inprocess("--dbparity", "-v")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        ["*schema::passed?sqlite+pysqlite?*", "*schema::passed?sqlite+aiosqlite?*"]
    )


def test_check_that_no_driver_changes_is_collected_once(
    shop: pytest.Pytester, checks: list[Check]
) -> None:
    checks.append(check("schema", once=True)(passed))
    result = shop.runpytest_inprocess("--dbparity", "-v")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*schema::passed?sqlite+pysqlite?*"])


def test_check_that_runs_alone_is_not_collected(shop: pytest.Pytester, checks: list[Check]) -> None:
    checks.append(check("performance", alone=True)(passed))
    assert shop.runpytest_inprocess("--dbparity").ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_checks_are_not_collected_unasked(shop: pytest.Pytester, checks: list[Check]) -> None:
    checks.append(check("schema")(passed))
    assert shop.runpytest_inprocess().ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_checks_are_selected_like_tests(shop: pytest.Pytester, checks: list[Check]) -> None:
    checks += [check("schema")(passed), check("schema")(failed)]
    result = shop.runpytest_inprocess("--dbparity", "-k", "passed and pysqlite")
    result.assert_outcomes(passed=1, deselected=3)


def test_failed_check_shows_its_finding_and_no_traceback(
    shop: pytest.Pytester, checks: list[Check]
) -> None:
    checks.append(check("schema")(failed))
    result = shop.runpytest_inprocess("--dbparity", "--dbparity-target=sqlite+pysqlite")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "lost FAULT goods: a row is gone",
            "  expected: 1",
            "  found:    0",
            "  cure:     look for it",
        ]
    )
    assert "pytest_plugin.py" not in result.stdout.str()


def test_skipped_check_gives_its_reason(shop: pytest.Pytester, checks: list[Check]) -> None:
    checks.append(check("schema")(skipped))
    result = shop.runpytest_inprocess("--dbparity", "-rs")
    result.assert_outcomes(skipped=2)
    result.stdout.fnmatch_lines(["SKIPPED*there is nothing to try"])


def test_check_on_a_refused_schema_shows_the_refusal(
    pytester: pytest.Pytester, module: str, checks: list[Check]
) -> None:
    pytester.makepyfile(**{module: SHOP + 'goods.schema = "warehouse"\n'})
    pytester.makepyprojecttoml(SETTINGS.format(module=module))
    checks.append(check("schema")(passed))
    result = pytester.runpytest_inprocess("--dbparity")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*SchemaRefused: sqlite refuses table 'goods'*"])


def test_targets_that_answer_differently_fail_a_session_whose_tests_pass(
    shop: pytest.Pytester, checks: list[Check]
) -> None:
    checks.append(check("schema")(differs))
    result = shop.runpytest_inprocess("--dbparity")
    result.assert_outcomes(passed=2)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "*dbparity: targets that disagree*",
            "wrong DIVERGES-DIFFERS goods: the targets do not agree on the driver",
        ]
    )


def test_difference_that_is_a_note_fails_nothing(
    shop: pytest.Pytester, checks: list[Check]
) -> None:
    checks.append(check("schema")(differs_a_little))
    result = shop.runpytest_inprocess("--dbparity")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["note DIVERGES-DIFFERS-A-LITTLE*"])


def test_test_that_fails_on_one_target_only_is_in_the_table_by_its_error(
    shop: pytest.Pytester,
) -> None:
    shop.makepyfile(
        test_a="""
        def test_one(target):
            assert target.driver != "aiosqlite", "asynchronous"

        def test_two(target):
            assert target.driver != "aiosqlite", "asynchronous"
    """
    )
    result = shop.runpytest_inprocess()
    result.assert_outcomes(passed=2, failed=2)
    result.stdout.fnmatch_lines(
        [
            "*dbparity: targets that disagree*",
            "AssertionError: asynchronous",
            "  test_a.py::test_one?*?",
            "    fails on  sqlite+aiosqlite",
            "    passes on sqlite+pysqlite",
            "  test_a.py::test_two?*?",
        ]
    )


def test_test_whose_setup_fails_on_one_target_is_in_the_table(shop: pytest.Pytester) -> None:
    shop.makepyfile(
        test_a="""
        import pytest

        @pytest.fixture
        def sync(target):
            if target.driver == "aiosqlite":
                pytest.fail("it is not", pytrace=False)

        def test_sync(sync): pass
    """
    )
    result = shop.runpytest_inprocess()
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["it is not", "  test_a.py::test_sync?*?"])


@pytest.mark.parametrize("body", ["assert False", "pass", "pytest.skip()"])
def test_table_is_not_shown_where_the_targets_agree(shop: pytest.Pytester, body: str) -> None:
    shop.makepyfile(f"import pytest\n\ndef test_target(target): {body}\n")
    result = shop.runpytest_inprocess()
    result.stdout.no_fnmatch_line("*targets that disagree*")


@pytest.mark.slow
def test_workers_share_one_run_and_leave_nothing(shop: pytest.Pytester, state: Path) -> None:
    shop.makepyfile("""
        import time
        from pathlib import Path
        import pytest

        @pytest.mark.parametrize("number", range(6))
        def test_folder(database, number, worker_id):
            folder = Path(database.url.database).parent
            Path("folders").open("a").write(f"{folder} {worker_id}\\n")
            deadline = time.monotonic() + 30
            while len({line.split()[1] for line in Path("folders").open()}) < 2:
                assert time.monotonic() < deadline
                time.sleep(0.01)
    """)
    result = shop.runpytest_subprocess("-n", "2")
    result.assert_outcomes(passed=12)
    lines = (shop.path / "folders").read_text().split("\n")[:-1]
    (folder,) = {line.split()[0] for line in lines}
    assert {line.split()[1] for line in lines} == {"gw0", "gw1"}
    assert not Path(folder).parent.exists()
    assert not list(state.iterdir())


@pytest.mark.slow
def test_table_is_shown_where_workers_ran_the_tests(shop: pytest.Pytester) -> None:
    shop.makepyfile(
        test_a="""
        def test_sync(target):
            assert target.driver == "pysqlite", "asynchronous"
    """
    )
    result = shop.runpytest_subprocess("-n", "2")
    result.stdout.fnmatch_lines(["AssertionError: asynchronous", "  test_a.py::test_sync?*?"])


@pytest.mark.slow
def test_worker_that_crashes_leaves_nothing(shop: pytest.Pytester, state: Path) -> None:
    shop.makepyfile("""
        import os

        def test_crash(database):
            os._exit(3)

        def test_other(database): pass
    """)
    shop.runpytest_subprocess("-n", "2")
    assert not list(state.iterdir())


def test_observations_cross_from_a_worker_whole() -> None:
    observations = (
        Observation("a question", "an answer", Place("goods", "name"), Severity.NOTE, "a cure"),
    )
    result = Result("sqlite+pysqlite", "schema", "differs", Outcome.PASSED)
    result = Result(**{**vars(result), "observations": observations})
    assert pytest_parity.unpack(pytest_parity.pack(result)) == result

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from dbparity.errors import ApplicationError, SettingsInvalid, TargetInvalid, TargetUnknown
from dbparity.performance.options import BenchOptions
from dbparity.results import Severity
from dbparity.servers.base import ORDER
from dbparity.settings import Settings
from dbparity.stores.options import HealthOptions
from dbparity.targets import Target

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def configure(tmp_path: Path) -> Callable[[str], Path]:
    """Write ``[tool.dbparity]`` with these lines; return its folder."""

    def write(lines: str) -> Path:
        (tmp_path / "pyproject.toml").write_text(f"[tool.dbparity]\n{lines}\n")
        return tmp_path

    return write


def load(folder: Path, **variables: str) -> Settings:
    return Settings.load(folder, variables)


def test_every_backend_is_a_target_where_nothing_is_configured(tmp_path: Path) -> None:
    assert load(tmp_path).targets == tuple(
        map(Target, ("sqlite", "postgresql", "mysql", "mariadb"))
    )


def test_every_setting_is_read(configure: Callable[[str], Path]) -> None:
    folder = configure("""
        metadata = "shop.models:Base.metadata"
        alembic = "alembic.ini"
        pythonpath = ["src"]
        factory = "shop.seed:factories"
        configure = "shop.engines:configure"
        workloads = "shop.bench:workloads"
        seed = "shop.bench:seed"
        irreversible = ["0002"]
        alembic-x = ["url={url}"]
        alembic-environment = { DB_URL = "{url}" }
        targets = ["sqlite", "postgresql+asyncpg@17"]
        images = { "postgresql@17" = "registry/pg:17" }
        urls = { mysql = "mysql://root:secret@db/mysql" }
        providers = ["file", "native"]
        native-path = ["programs", "/opt/mysql/bin"]
        reuse = true
        max-age-hours = 2
        require = true
        fail-on = "lost"

        [tool.dbparity.bench]
        rows = 7
        limit = 0.2
        limits = { "select.*" = 0.3 }
        launches = 2
        reference = "postgresql"
        ratios = { sqlite = { connect = 2 } }
        groups = [["sqlite+pysqlite", "sqlite+aiosqlite"]]
        uneven = { mysql = ["insert.*"] }
        requirements = { query = { p95 = 20 } }
    """)
    settings = load(folder)
    assert settings == Settings(
        metadata="shop.models:Base.metadata",
        alembic=folder / "alembic.ini",
        pythonpath=(folder / "src",),
        factory="shop.seed:factories",
        configure="shop.engines:configure",
        workloads="shop.bench:workloads",
        seed="shop.bench:seed",
        irreversible=("0002",),
        alembic_x=("url={url}",),
        alembic_environment={"DB_URL": "{url}"},
        targets=(Target("sqlite"), Target("postgresql", "asyncpg", "17")),
        images={"postgresql@17": "registry/pg:17"},
        urls={"mysql": "mysql://root:secret@db/mysql"},
        providers=("file", "native"),
        folders=(folder / "programs", folder.joinpath("/opt/mysql/bin")),
        reuse=True,
        max_age=timedelta(hours=2),
        require=True,
        fail_on=Severity.LOST,
        bench=BenchOptions(
            rows=7,
            limit=0.2,
            limits={"select.*": 0.3},
            launches=2,
            reference="postgresql",
            ratios={"sqlite": {"connect": 2}},
            groups=(("sqlite+pysqlite", "sqlite+aiosqlite"),),
            uneven={"mysql": ("insert.*",)},
            requirements={"query": {"p95": 20}},
        ),
    )


def test_nearest_pyproject_is_read(configure: Callable[[str], Path]) -> None:
    folder = configure('targets = ["sqlite"]')
    (folder / "src" / "shop").mkdir(parents=True)
    settings = load(folder / "src" / "shop")
    assert settings.targets == (Target("sqlite"),)


def test_pyproject_without_a_table_configures_nothing(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "shop"\n')
    assert load(tmp_path) == Settings()


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ('tragets = ["sqlite"]', "tragets: no such setting; the settings are: alembic, alembic-"),
        ('targets = "sqlite"', "targets: of type str; write a list"),
        ('targets = ["sqlite", 3]', "targets: 3 is not a string; write a list of strings"),
        ('reuse = "yes"', "reuse: of type str; write a bool"),
        ("images = { mysql = 9 }", "images: 9 is not a string"),
        ('fail-on = "bad"', "'bad' is no severity; write one of: lost, wrong, degraded, note"),
        ("workloads = []", "workloads: of type list; write a str"),
        ("seed = 3", "seed: of type int; write a str"),
        ("bench = 3", "bench: of type int; write a dict"),
        ("bench = { lmiit = 1 }", "bench.lmiit: no such setting; the settings are: rows, limit,"),
        ('bench = { limit = "10%" }', "Expected `float`, got `str` - at `$.limit`; see docs/bench"),
        ("bench = { limit = 0 }", "Expected `float` > 0.0 - at `$.limit`"),
        ("bench = { launches = 0 }", "Expected `int` >= 1 - at `$.launches`"),
        ("bench = { rows = 0 }", "Expected `int` >= 1 - at `$.rows`"),
        ("bench = { ratios = { mysql = 2 } }", "Expected `object`, got `int` - at `$.ratios[...]`"),
        ("stores = { cache = 3 }", "stores: 3 is not a string"),
        ('stores = { "My Cache" = "x" }', "stores.My Cache: no name of a store; name it by small"),
        ("health = { lmiit = 1 }", "health.lmiit: no such setting; the settings are: limit, slow"),
        ("health = { limit = 0 }", "Expected `float` > 0.0 - at `$.limit`; see docs/health.md"),
        ("bench = { requirements = { query = { mean = 3 } } }", "'mean' is no quantile: write p50"),
    ],
)
def test_setting_that_cannot_be_used_is_named_with_its_place_and_the_cure(
    configure: Callable[[str], Path], lines: str, words: str
) -> None:
    folder = configure(lines)
    with pytest.raises(SettingsInvalid) as caught:
        load(folder)
    assert words in str(caught.value)
    assert f"{folder / 'pyproject.toml'} [tool.dbparity]" in str(caught.value)


def test_stores_are_named_with_their_urls(configure: Callable[[str], Path]) -> None:
    folder = configure("""
        stores = { main = "postgresql://db/shop", cache = "$CACHE_URL", vectors = "${VECTORS}" }
        health = { limit = 2, slow = 0.5, optional = ["cache"], revisions = "main" }
    """)
    settings = load(
        folder,
        CACHE_URL="redis://:secret@cache/0",
        DBPARITY_STORE_MAIN="postgresql://me:secret@elsewhere/shop",
        DBPARITY_STORE_OTHER_ONE="sqlite:///other.db",
        DBPARITY_STORE_="no name",
    )

    assert settings.store("cache") == "redis://:secret@cache/0"
    assert settings.store("main") == "postgresql://me:secret@elsewhere/shop"
    assert settings.store("other_one") == "sqlite:///other.db"
    assert list(settings.stores) == ["main", "cache", "vectors", "other_one"]
    assert settings.health == HealthOptions(
        limit=2, slow=0.5, optional=("cache",), revisions="main"
    )
    assert "secret" not in repr(settings)


def test_a_store_that_is_not_there_or_not_set_is_told_when_it_is_asked_for(
    configure: Callable[[str], Path],
) -> None:
    settings = load(configure('stores = { cache = "${CACHE_URL}" }'))
    with pytest.raises(
        SettingsInvalid, match=r"\{CACHE_URL\} is not set; set CACHE_URL to its URL"
    ):
        settings.store("cache")
    with pytest.raises(SettingsInvalid, match=r"no such store; name one of .*: cache; or set"):
        settings.store("main")


def test_table_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool]\ndbparity = 3\n")
    with pytest.raises(SettingsInvalid, match=r"tool\.dbparity: not a table"):
        load(tmp_path)


def test_file_that_is_not_toml_is_refused_with_the_line(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.dbparity\n")
    with pytest.raises(SettingsInvalid, match=r"not TOML: .*line 1.*correct the line"):
        load(tmp_path)


def test_text_that_is_no_target_is_refused(configure: Callable[[str], Path]) -> None:
    with pytest.raises(TargetInvalid, match="'PostgreSQL 17'"):
        load(configure('targets = ["PostgreSQL 17"]'))


def test_url_that_cannot_be_read_is_refused_without_its_password(
    configure: Callable[[str], Path],
) -> None:
    folder = configure('urls = { mysql = "postgresql://root:secret@db/mysql" }')
    with pytest.raises(SettingsInvalid, match="the URL of mysql: it is of postgresql") as caught:
        load(folder)
    assert "secret" not in str(caught.value)


def test_url_of_an_unknown_backend_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TargetUnknown, match="unknown backend 'oracle'"):
        load(tmp_path, DBPARITY_URL_ORACLE="oracle://root:secret@db")


def test_variables_come_before_the_file(configure: Callable[[str], Path], tmp_path: Path) -> None:
    folder = configure("""
        targets = ["sqlite"]
        images = { "mysql@9" = "mine:9", "mysql@8" = "mine:8" }
        require = true
        native-path = ["programs"]
    """)
    settings = load(
        folder,
        DBPARITY_TARGETS="postgresql@17, mariadb",
        DBPARITY_IMAGE_MYSQL_9="theirs:9",
        DBPARITY_IMAGE_MARIADB_10_11="theirs:10",
        DBPARITY_URL_POSTGRESQL="postgresql://db/postgres",
        DBPARITY_REQUIRE="0",
        DBPARITY_REUSE="1",
        DBPARITY_NATIVE_PATH=f"{tmp_path}:/opt",
    )
    assert settings.targets == (Target("postgresql", "", "17"), Target("mariadb"))
    assert settings.images == {
        "mysql@9": "theirs:9",
        "mysql@8": "mine:8",
        "mariadb@10.11": "theirs:10",
    }
    assert settings.urls == {"postgresql": "postgresql://db/postgres"}
    assert (settings.require, settings.reuse) == (False, True)
    assert [str(path) for path in settings.folders] == [str(tmp_path), "/opt"]


@pytest.mark.parametrize("text", ["", "0", "no", "False"])
def test_flag_is_unset_by_what_means_no(tmp_path: Path, text: str) -> None:
    assert not load(tmp_path, DBPARITY_REUSE=text).reuse


def test_other_variables_are_left_to_those_who_know_them(tmp_path: Path) -> None:
    others = {"DBPARITY_STATE": "state", "DBPARITY_IMAGE_": "x", "IMAGE_MYSQL": "x", "REUSE": "1"}
    assert load(tmp_path, **others) == Settings()


def test_options_come_before_everything_unless_they_are_empty() -> None:
    settings = Settings(targets=(Target("sqlite"),), reuse=True)
    changed = settings.with_options(targets=(), reuse=False, require=True, fail_on=None)
    assert changed == Settings(targets=(Target("sqlite"),), reuse=True, require=True)


def test_passwords_are_not_shown() -> None:
    assert "secret" not in repr(Settings(urls={"mysql": "mysql://root:secret@db/mysql"}))


def test_providers_get_what_is_meant_for_them(tmp_path: Path) -> None:
    settings = Settings(
        images={"mysql": "mine"}, folders=(tmp_path,), reuse=True, max_age=timedelta(hours=1)
    )
    options = settings.server_options
    assert (options.images, options.folders) == ({"mysql": "mine"}, (tmp_path,))
    assert (options.reuse, options.max_age, options.providers) == (True, timedelta(hours=1), ORDER)


def test_application_is_imported_from_its_folder(configure: Callable[[str], Path]) -> None:
    folder = configure("""
        metadata = "settings_shop:metadata"
        pythonpath = ["src"]
        irreversible = ["0002"]
        alembic-x = ["url={url}"]
        alembic-environment = { DB_URL = "{url}" }
    """)
    (folder / "src").mkdir()
    (folder / "src" / "settings_shop.py").write_text(
        "from sqlalchemy import Column, Integer, MetaData, Table\n"
        "metadata = MetaData()\n"
        "Table('goods', metadata, Column('id', Integer, primary_key=True))\n"
    )
    application = load(folder).application()
    assert list(application.metadata.tables) == ["goods"]
    assert application.irreversible == ("0002",)
    assert application.alembic_x == ("url={url}",)
    assert application.alembic_environment == {"DB_URL": "{url}"}


def test_another_process_is_told_the_application_as_json(tmp_path: Path) -> None:
    settings = Settings(
        metadata="shop:metadata",
        workloads="shop:workloads",
        pythonpath=(tmp_path,),
        alembic=tmp_path,
    )
    assert json.loads(json.dumps(settings.application_arguments)) == {
        "metadata": "shop:metadata",
        "alembic": None,
        "factory": "",
        "configure": "",
        "workloads": "shop:workloads",
        "seed": "",
        "pythonpath": [str(tmp_path)],
    }


def test_application_knows_what_is_required_of_it(configure: Callable[[str], Path]) -> None:
    folder = configure("""
        metadata = "settings_goods:metadata"
        pythonpath = ["src"]
        workloads = "settings_goods:workloads"
        seed = "settings_goods:seed"
        bench = { requirements = { connect = { p95 = 1 } } }
    """)
    (folder / "src").mkdir()
    (folder / "src" / "settings_goods.py").write_text(
        "from sqlalchemy import Column, Integer, MetaData, Table\n"
        "metadata = MetaData()\n"
        "Table('goods', metadata, Column('id', Integer, primary_key=True))\n"
        "workloads = {'nothing': lambda engine: print}\n"
        "seed = print\n"
    )
    application = load(folder).application()
    assert application.requirements == {"connect": {"p95": 1}}
    assert (list(application.workloads), application.seed) == (["nothing"], print)


def test_missing_application_is_cured_by_an_option_or_a_setting() -> None:
    with pytest.raises(SettingsInvalid, match=r"no application is named; .*--metadata shop"):
        Settings().application()


def test_application_that_cannot_be_imported_is_named() -> None:
    with pytest.raises(ApplicationError, match="no_such_shop:metadata: module 'no_such_shop'"):
        Settings(metadata="no_such_shop:metadata").application()

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import MetaData, create_engine

from dbparity.applications import load_application
from dbparity.errors import ApplicationError

if TYPE_CHECKING:
    from pathlib import Path

MODULE = """
from sqlalchemy import Column, Integer, MetaData, Table

class Base:
    metadata = MetaData()

Table("agent", Base.metadata, Column("id", Integer, primary_key=True))
empty = MetaData()
factories = {"agent": lambda number: {"id": number}}
strangers = {"zebra": dict, "ant": dict}
configured = []
configure = configured.append
workloads = {"select.agent": lambda engine: engine}
idle = {"select.agent": 3}
seeded = []
seed = seeded.append
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an application's module in it."""
    (tmp_path / "shop_models.py").write_text(MODULE)
    (tmp_path / "shop_broken.py").write_text("raise RuntimeError('no license')")
    (tmp_path / "shop_exits.py").write_text("raise SystemExit('no license')")
    monkeypatch.setattr(sys, "path", sys.path.copy())
    monkeypatch.delitem(sys.modules, "shop_models", raising=False)
    return tmp_path


def test_metadata_is_found_by_its_dotted_path(shop: Path) -> None:
    application = load_application("shop_models:Base.metadata", pythonpath=[shop])
    assert application.name == "shop_models:Base.metadata"
    assert isinstance(application.metadata, MetaData)
    assert list(application.metadata.tables) == ["agent"]


def test_folders_are_searched_in_their_order_and_before_all_others(shop: Path) -> None:
    other = shop / "other"
    load_application("shop_models:Base.metadata", pythonpath=[shop, other])
    assert sys.path[:2] == [str(shop), str(other)]


def test_folder_that_is_searched_already_is_not_added_again(shop: Path) -> None:
    for _ in range(2):
        load_application("shop_models:Base.metadata", pythonpath=[shop])
    assert sys.path.count(str(shop)) == 1


def test_row_factories_are_loaded(shop: Path) -> None:
    application = load_application(
        "shop_models:Base.metadata", pythonpath=[shop], factory="shop_models:factories"
    )
    assert application.factories["agent"](7) == {"id": 7}


def test_function_that_configures_engines_is_loaded(shop: Path) -> None:
    application = load_application(
        "shop_models:Base.metadata", pythonpath=[shop], configure="shop_models:configure"
    )
    assert application.configure is not None
    engine = create_engine("sqlite://")
    application.configure(engine)
    assert sys.modules["shop_models"].configured == [engine]


def test_workloads_and_the_function_that_fills_a_database_are_loaded(shop: Path) -> None:
    application = load_application(
        "shop_models:Base.metadata",
        pythonpath=[shop],
        workloads="shop_models:workloads",
        seed="shop_models:seed",
    )
    engine = create_engine("sqlite://")
    prepare: Any = application.workloads["select.agent"]
    assert prepare(engine) is engine
    assert application.seed is not None
    with engine.connect() as connection:
        application.seed(connection)
        assert sys.modules["shop_models"].seeded == [connection]


def test_application_that_declares_no_workloads_has_none(shop: Path) -> None:
    application = load_application("shop_models:Base.metadata", pythonpath=[shop])
    assert (application.workloads, application.seed) == ({}, None)


def test_alembic_is_kept_if_its_file_is_there(shop: Path) -> None:
    ini = shop / "alembic.ini"
    ini.touch()
    application = load_application("shop_models:Base.metadata", pythonpath=[shop], alembic=ini)
    assert application.alembic == ini


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"metadata": "shop_models"}, "shop_models: not of the form package.module:attribute"),
        ({"metadata": ":metadata"}, ":metadata: not of the form package.module:attribute"),
        ({"metadata": "shop_gone:metadata"}, "module 'shop_gone' cannot be imported"),
        ({"metadata": "shop_exits:metadata"}, "SystemExit: no license"),
        ({"metadata": "shop_broken:metadata"}, r"\(RuntimeError: no license\)"),
        ({"metadata": "shop_models:Base.tables"}, "has no attribute 'tables'"),
        ({"metadata": "shop_models:factories"}, "it is of type dict, not a MetaData"),
        ({"metadata": "shop_models:empty"}, "the MetaData has no tables"),
        ({"factory": "shop_models:empty"}, "it is of type MetaData, not a mapping of table names"),
        ({"factory": "shop_models:strangers"}, "no such table: ant, zebra; the tables are: agent"),
        ({"configure": "shop_models:empty"}, "it is of type MetaData, not a function"),
        ({"workloads": "shop_models:seed"}, "method, not a mapping of names"),
        ({"workloads": "shop_models:idle"}, "'select.agent' is no function; write a function of"),
        ({"seed": "shop_models:seeded"}, "it is of type list, not a function"),
        ({"seed": "shop_models:gone"}, "has no attribute 'gone'"),
    ],
)
def test_application_that_cannot_be_loaded_is_one_error_with_its_reason(
    options: dict[str, Any], text: str, shop: Path
) -> None:
    with pytest.raises(ApplicationError, match=text) as error:
        load_application(**{"metadata": "shop_models:Base.metadata", **options}, pythonpath=[shop])
    assert error.value.path in options.values()
    assert error.value.cure in str(error.value)


def test_alembic_that_is_not_there_is_named(shop: Path) -> None:
    with pytest.raises(ApplicationError, match=r"gone\.ini: no such file"):
        load_application("shop_models:Base.metadata", pythonpath=[shop], alembic=shop / "gone.ini")

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from dbparity.consistency.options import ConsistencyOptions, Declared
from dbparity.consistency.references import Pair, read
from dbparity.consistency.validator import DatabaseConsistencyValidator
from dbparity.errors import SettingsInvalid, StoreInvalid
from dbparity.settings import Settings
from dbparity.stores.base import Record, open_store

if TYPE_CHECKING:
    from pathlib import Path

    from dbparity.consistency.references import Reference

URLS = {"db": "sqlite:///shop.db", "cache": "redis://127.0.0.1/0", "vectors": "milvus:///v.db"}


def reference(source: str, target: str, **told: Any) -> Reference:  # noqa: ANN401  # Declared's own
    stores = {name: open_store(url) for name, url in URLS.items()}
    return read(Declared(source, target, **told), stores)


def test_a_key_is_made_of_columns_and_found_again() -> None:
    made = reference("db.docs", "cache.doc:{tenant}:{id}", version="rev=version")
    row = Record(7, (3, "a", 7))
    assert made.rows.fields == ("rev", "tenant", "id")
    assert made.address(row) == "doc:a:7"
    assert made.owner("doc:a:7") == "7"
    assert made.owners.key == "id"
    assert made.version == Pair("rev", "version")


def test_the_hole_by_which_a_row_is_found_may_be_named() -> None:
    made = reference("db.docs", "cache.{id}:{lang}", key="id")
    assert made.owner("7:en") == "7"


@pytest.mark.parametrize("nothing", [None, ""])
def test_a_row_without_what_makes_its_key_has_no_record(nothing: object) -> None:
    made = reference("db.docs", "cache.doc:{tenant}:{id}")
    assert not made.address(Record(7, (nothing, 7)))


def test_a_column_may_name_the_record() -> None:
    made = reference("db.docs", "vectors.chunks", key="vector_id", tenant="tenant")
    assert made.address(Record(1, ("a", 99))) == "99"
    assert not made.address(Record(1, ("a", None)))
    assert made.owner(99) == 99


def test_without_one_the_rows_key_does() -> None:
    assert reference("db.docs", "vectors.chunks").address(Record(1, ())) == "1"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("docs", "cache.doc:{id}"), "source: 'docs' names no store; write store.table"),
        (("shop.docs", "cache.doc:{id}"), "no store 'shop'; declare it in"),
        (("db.docs", "cache.doc"), "the pattern of keys has no key; write where the row's key"),
        (("db.docs", "other.doc"), "target: no store 'other'"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(arguments: tuple[str, str], said: str) -> None:
    with pytest.raises(SettingsInvalid, match=said.replace("{", r"\{")):
        reference(*arguments)


def test_a_key_that_is_not_in_the_pattern_is_refused() -> None:
    with pytest.raises(SettingsInvalid, match="key: name is not in the pattern; name one of: id"):
        reference("db.docs", "cache.doc:{id}", key="name")


def test_a_time_to_live_of_what_never_expires_is_refused() -> None:
    with pytest.raises(SettingsInvalid, match="nothing expires in vectors; leave ttl out"):
        reference("db.docs", "vectors.docs", ttl=10)


def test_two_references_of_one_name_are_refused() -> None:
    options = ConsistencyOptions((Declared("db.docs", "cache.a:{id}", name="same"),) * 2)
    with pytest.raises(SettingsInvalid, match="two are called 'same'"):
        DatabaseConsistencyValidator(URLS, options)


def test_foreign_keys_of_a_store_that_is_not_there_are_refused() -> None:
    with pytest.raises(SettingsInvalid, match="foreign-keys: no store 'shop'"):
        DatabaseConsistencyValidator(URLS, ConsistencyOptions(foreign_keys=("shop",)))


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("couch://127.0.0.1", "couch: no store has such URLs; write a URL that begins with"),
        ("shop.db", "shop.db: no store has such URLs"),
        ("postgresql://a:b@c:port/d", "postgresql: the URL cannot be read"),
        ("milvus://host:port", "milvus: the URL cannot be read"),
        ("redis://host:port", "redis: the URL cannot be read"),
    ],
)
def test_a_url_that_names_no_store_is_refused_without_its_password(url: str, said: str) -> None:
    with pytest.raises(StoreInvalid) as refused:
        open_store(url)
    assert str(refused.value).startswith(said)
    assert ":b@" not in str(refused.value)


def test_a_setting_that_is_misspelled_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        "[[tool.dbparity.consistency.references]]\n"
        'source = "db.docs"\ntarget = "cache.doc:{id}"\nrequred = true\n'
    )
    with pytest.raises(SettingsInvalid, match="unknown field `requred`"):
        Settings.load(tmp_path, {})

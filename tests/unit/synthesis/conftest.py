from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from dbparity.synthesis import RowSynthesizer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from dbparity.synthesis import Population

    Accept = Callable[..., Population]


@pytest.fixture
def engine() -> Iterator[sa.Engine]:
    engine = sa.create_engine("sqlite://")
    sa.event.listen(engine, "connect", lambda each, _: each.execute("PRAGMA foreign_keys = ON"))
    yield engine
    engine.dispose()


@pytest.fixture
def accept(engine: sa.Engine) -> Accept:
    """Make a population, and insert all of it into SQLite with its constraints enforced."""

    def accept(
        metadata: sa.MetaData, counts: int | Mapping[str, int] = 20, **options: object
    ) -> Population:
        synthesizer = RowSynthesizer(metadata, **options)  # type: ignore[arg-type]
        population = synthesizer.population(counts)
        metadata.create_all(engine)
        with engine.begin() as connection:
            for table in synthesizer.order:
                for row in population.rows[table.key]:
                    connection.execute(table.insert(), row)
            for table, key, values in population.deferred:
                found = sa.and_(*(table.c[name] == value for name, value in key.items()))
                updated = connection.execute(table.update().where(found).values(values))
                assert updated.rowcount == 1
        return population

    return accept

from __future__ import annotations

from dbparity.synthesis.domains import Domain
from dbparity.synthesis.literals import Literals
from dbparity.synthesis.narrowing import _candidates


def test_documents_may_be_lists_too() -> None:
    documents = Domain.of([{"a": 1}])
    assert list(_candidates(documents, Literals((), ()))) == [documents]
    documents = Domain(lambda number: {"a": number}, 9)
    _, other = _candidates(documents, Literals((), ()))
    assert isinstance(other.at(0), list)


def test_bytes_may_be_as_long_as_conditions_say() -> None:
    octets = Domain(lambda number: bytes([number]), 9)
    _, *others = _candidates(octets, Literals((), ("3",)))
    assert [len(other.at(0)) for other in others] == [2, 3, 4]  # type: ignore[arg-type]

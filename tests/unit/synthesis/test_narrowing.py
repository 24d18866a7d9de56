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

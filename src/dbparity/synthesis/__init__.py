"""Make valid rows for any SQLAlchemy metadata."""

from dbparity.synthesis.changes import NO_OTHER_VALUE
from dbparity.synthesis.rows import Population, RowSynthesizer

__all__ = ["NO_OTHER_VALUE", "Population", "RowSynthesizer"]

"""The contracts that backends and stores keep, for the tests of whoever brings one."""

from dbparity.testing.backends import BackendContract
from dbparity.testing.stores import StoreContract

__all__ = ["BackendContract", "StoreContract"]

"""Say which values a column type of SQLAlchemy can hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from functools import partial, singledispatch
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql

from dbparity.synthesis import domains
from dbparity.synthesis.domains import Domain
from dbparity.synthesis.words import letters, phrase

if TYPE_CHECKING:
    import enum
    from collections.abc import Callable


@singledispatch
def plain(type_: object) -> Domain | None:
    """Give the values of a column type that is no decorator, or None where they are not known."""
    python_type = getattr(type_, "python_type", object)
    return PYTHON_TYPES.get(python_type)


@plain.register
def _enum(type_: sa.Enum) -> Domain:
    members: type[enum.Enum] | None = type_.enum_class
    return Domain.of(type_.enums if members is None else members)


@plain.register(sa.String)
def _string(type_: sa.String) -> Domain:
    return domains.text(type_.length)


@plain.register(sa.CHAR)
@plain.register(sa.NCHAR)
def _padded(type_: sa.CHAR | sa.NCHAR) -> Domain:
    return domains.padded_text(type_.length or 1)


@plain.register(mysql.TINYTEXT)
def _tiny_text(_: mysql.TINYTEXT) -> Domain:
    return domains.text(63)  # of at most four bytes


@plain.register(mysql.SET)
def _set(type_: mysql.SET) -> Domain:
    members: tuple[str, ...] = tuple(type_.values)

    def at(number: int) -> object:
        return {member for bit, member in enumerate(members) if (number + 1) & (1 << bit)}

    return Domain(at, 2 ** len(members) - 1, (set(),))


def _integer(bits: int, type_: sa.Integer) -> Domain:
    return domains.whole(bits, unsigned=getattr(type_, "unsigned", False))


@plain.register(sa.Numeric)
def _numeric(type_: sa.Numeric[Any]) -> Domain:
    domain = domains.decimals(type_.precision, type_.scale or 0)
    return domain if type_.asdecimal else domains.as_floats(domain)


@plain.register(sa.Float)
def _float(type_: sa.Float[Any]) -> Domain:
    single = 24
    domain = domains.floats(double=isinstance(type_, sa.Double) or (type_.precision or 0) > single)
    if not type_.asdecimal:
        return domain
    return Domain(
        lambda n: Decimal(str(domain.at(n))), domain.size, (Decimal("0.5"), Decimal("-1.5"))
    )


@plain.register(sa.DateTime)
def _datetime(type_: sa.DateTime) -> Domain:
    return domains.datetimes(zone=type_.timezone)


@plain.register(sa.Time)
def _time(type_: sa.Time) -> Domain:
    return domains.times(zone=type_.timezone)


@plain.register(sa.LargeBinary)
@plain.register(sa.VARBINARY)
@plain.register(sa.BINARY)
def _binary(type_: sa.LargeBinary) -> Domain:
    if isinstance(type_, sa.BINARY):
        return domains.binary(type_.length or 1, exactly=True)
    return domains.binary(type_.length)


@plain.register(sa.Uuid)
def _uuid(type_: sa.Uuid[Any]) -> Domain:
    domain = domains.uuids()
    if type_.as_uuid:
        return domain
    return replace(domain, at=lambda n: str(domain.at(n)), closed=True)


@plain.register(postgresql.DOMAIN)
def _domain(type_: postgresql.DOMAIN) -> Domain | None:
    return plain(type_.data_type) if type_.check is None else None


@plain.register(postgresql.BIT)
def _bits(type_: postgresql.BIT) -> Domain:
    length = type_.length or 1
    return Domain(lambda n: postgresql.BitString.from_int(n, length), 2**length)


@plain.register(mysql.BIT)
def _mysql_bits(type_: mysql.BIT) -> Domain:
    return Domain(int, 2 ** (type_.length or 1))


def _address(number: int) -> IPv4Address:
    return IPv4Address("10.0.0.0") + number


def _hardware(number: int) -> str:
    return f"08:00:2b:{number >> 16 & 255:02x}:{number >> 8 & 255:02x}:{number & 255:02x}"


def _ranges(bound: Callable[[int], object]) -> Domain:
    """Give ranges of which no two overlap."""
    return Domain(lambda n: postgresql.Range(bound(2 * n), bound(2 * n + 1)), domains.DAYS // 2)


def _day(number: int) -> date:
    return domains.FIRST_DAY + timedelta(days=number)


def _midnight(number: int, zone: timezone | None = None) -> datetime:
    return datetime.combine(_day(number), time(), zone)


for _kind, _bits_of_kind in {
    mysql.TINYINT: 8,
    sa.SmallInteger: 16,
    mysql.MEDIUMINT: 24,
    sa.Integer: 32,
    sa.BigInteger: 64,
}.items():
    plain.register(_kind, partial(_integer, _bits_of_kind))

for _kind, _values in {
    sa.Boolean: Domain.of((True, False)),
    sa.Date: domains.dates(),
    sa.Interval: domains.intervals(),
    sa.JSON: domains.documents(),
    sa.PickleType: Domain(domains.documents().at, 1 << 31),
    mysql.YEAR: Domain(lambda n: 1970 + n, 68),
    postgresql.CIDR: Domain(lambda n: IPv4Network(_address(n)), 1 << 24, closed=True),
    postgresql.DATERANGE: _ranges(_day),
    postgresql.HSTORE: Domain(lambda n: {"key": phrase(n)}, 1 << 24, ({},)),
    postgresql.INET: Domain(_address, 1 << 24, closed=True),
    postgresql.INT4RANGE: _ranges(int),
    postgresql.INT8RANGE: _ranges(int),
    postgresql.INTERVAL: domains.intervals(),
    postgresql.MACADDR: Domain(_hardware, 1 << 24, closed=True),
    postgresql.NUMRANGE: _ranges(Decimal),
    postgresql.OID: domains.whole(32, unsigned=True),
    postgresql.TSRANGE: _ranges(_midnight),
    postgresql.TSTZRANGE: _ranges(partial(_midnight, zone=UTC)),
    postgresql.TSVECTOR: Domain(lambda n: f"'{letters(n)}'", 1 << 24, closed=True),
}.items():
    plain.register(_kind, lambda _, values=_values: values)

PYTHON_TYPES: dict[type[object], Domain] = {
    bool: Domain.of((True, False)),
    bytes: domains.binary(),
    date: domains.dates(),
    datetime: domains.datetimes(zone=False),
    Decimal: domains.decimals(10, 2),
    dict: domains.documents(),
    float: domains.floats(double=False),
    int: domains.whole(32),
    list: domains.lists(domains.text()),
    str: domains.text(),
    time: domains.times(zone=False),
    timedelta: domains.intervals(),
    UUID: domains.uuids(),
}

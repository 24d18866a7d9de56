"""Settings: ``[tool.dbparity]`` of pyproject.toml, then environment variables, then options."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from dbparity.applications import Application, load_application
from dbparity.backends.base import load_backend
from dbparity.consistency.options import ConsistencyOptions
from dbparity.errors import SettingsInvalid
from dbparity.fleet.members import load_fleet
from dbparity.fleet.options import FleetOptions
from dbparity.performance.options import BenchOptions
from dbparity.results import Severity
from dbparity.servers.base import ORDER, ServerOptions
from dbparity.servers.url import read_url
from dbparity.stores.options import HealthOptions
from dbparity.targets import Target

if TYPE_CHECKING:
    from typing import Self

    from _typeshed import DataclassInstance

    from dbparity.fleet.members import Fleet
    from dbparity.fleet.options import DatabaseOptions

    T = TypeVar("T", bound=DataclassInstance)
    D = TypeVar("D", bound=DatabaseOptions)

DEFAULT_TARGETS = ("sqlite", "postgresql", "mysql", "mariadb")
_STORE = re.compile(r"[a-z][a-z0-9_]*")
_SERVER = re.compile(r"(?P<backend>[A-Z][A-Z0-9_]*?)(_(?P<version>\d+(_\d+)*))?")


@dataclass(frozen=True)
class Settings:
    """What a project configures. Paths are absolute.

    Attributes:
        metadata: ``package.module:attribute`` of the application's MetaData; "" if none is named.
        alembic: its alembic.ini.
        pythonpath: folders to import it from.
        factory: ``package.module:attribute`` of its row factories.
        configure: ``package.module:attribute`` of what it attaches to its engines.
        workloads: ``package.module:attribute`` of what it does, for benchmarks.
        seed: ``package.module:attribute`` of what fills its database for them.
        irreversible, alembic_x, alembic_environment: see `Application`.
        targets: what it is checked on.
        images, urls, providers, reuse, max_age, folders: see `ServerOptions`.
        stores: URLs of the stores that the application keeps its data in, by name; one that is
            ``$NAME`` still has to come from that environment variable: see `store`.
        require: whether a target that is missing is an error.
        fail_on: the mildest severity that fails a run.
        bench: see `BenchOptions`.
        health: see `HealthOptions`.
        consistency: see `ConsistencyOptions`.
        fleet: see `FleetOptions`.
    """

    metadata: str = ""
    alembic: Path | None = None
    pythonpath: tuple[Path, ...] = ()
    factory: str = ""
    configure: str = ""
    workloads: str = ""
    seed: str = ""
    irreversible: tuple[str, ...] = ()
    alembic_x: tuple[str, ...] = ()
    alembic_environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    targets: tuple[Target, ...] = tuple(map(Target.parse, DEFAULT_TARGETS))
    images: Mapping[str, str] = field(default_factory=dict)
    urls: Mapping[str, str] = field(default_factory=dict, repr=False)
    stores: Mapping[str, str] = field(default_factory=dict, repr=False)
    providers: tuple[str, ...] = ORDER
    folders: tuple[Path, ...] = ()
    reuse: bool = False
    max_age: timedelta = ServerOptions.max_age
    require: bool = False
    fail_on: Severity = Severity.DEGRADED
    bench: BenchOptions = field(default_factory=BenchOptions)
    health: HealthOptions = field(default_factory=HealthOptions)
    consistency: ConsistencyOptions = field(default_factory=ConsistencyOptions)
    fleet: FleetOptions = field(default_factory=FleetOptions)

    @classmethod
    def load(cls, folder: Path, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the nearest pyproject.toml at or above ``folder``, then the environment.

        Raises:
            SettingsInvalid: a key or a value that cannot be used, with its place.
            TargetInvalid, TargetUnknown: a target or backend that cannot be read or found.
        """
        path = _pyproject(folder)
        values: dict[str, Any] = {}
        if path is not None:
            values = _from_table(path, _table(path))
        merged = {"images": {}, "urls": {}, "stores": {}} | values
        for name, text in environment.items():
            if name.startswith("DBPARITY_"):
                _from_variable(merged, name, text)
        for server, url in merged["urls"].items():
            read_url(url, load_backend(Target.parse(server).backend))
        for store, url in merged["stores"].items():
            if url.startswith("$"):
                merged["stores"][store] = environment.get(_variable(url), url)
        return cls(**merged)

    def with_options(self, **options: Any) -> Self:  # noqa: ANN401  # this class's own fields
        """The same, with those ``options`` that are neither None nor empty."""
        return replace(self, **{name: value for name, value in options.items() if value})

    @property
    def server_options(self) -> ServerOptions:
        """What is meant for the providers."""
        return ServerOptions(
            images=self.images,
            urls=self.urls,
            folders=self.folders,
            providers=self.providers,
            reuse=self.reuse,
            max_age=self.max_age,
        )

    def store(self, name: str) -> str:
        """The URL of a store; raise `SettingsInvalid` where none is configured or it is not set."""
        if name not in self.stores:
            known = ", ".join(self.stores) or "none"
            cure = (
                f"name one of [tool.dbparity.stores]: {known}; or set DBPARITY_STORE_{name.upper()}"
            )
            raise SettingsInvalid(name, "there is no such store", cure)
        url = self.stores[name]
        if url.startswith("$"):
            cure = f"set {_variable(url)} to its URL"
            raise SettingsInvalid(f"stores.{name}", f"{url} is not set", cure)
        return url

    def application(self) -> Application:
        """Import the application; raise `SettingsInvalid` where none is named."""
        if not self.metadata:
            cure = "name it: --metadata shop.models:Base.metadata, or [tool.dbparity] metadata"
            raise SettingsInvalid("metadata", "no application is named", cure)
        application = load_application(self.metadata, **self._parts, pythonpath=self.pythonpath)
        return replace(
            application,
            irreversible=self.irreversible,
            alembic_x=self.alembic_x,
            alembic_environment=self.alembic_environment,
            requirements=self.bench.requirements,
        )

    def load_fleet(self) -> Fleet:
        """Import the applications of the fleet; raise `FleetInvalid` where none is declared."""
        return load_fleet(self.fleet, self.pythonpath)

    @property
    def application_arguments(self) -> dict[str, Any]:
        """The arguments of `load_application`, as JSON has them, for another process."""
        folders = [str(folder) for folder in self.pythonpath]
        return {"metadata": self.metadata, **self._parts, "alembic": None, "pythonpath": folders}

    @property
    def _parts(self) -> dict[str, Any]:
        return {
            "alembic": self.alembic,
            "factory": self.factory,
            "configure": self.configure,
            "workloads": self.workloads,
            "seed": self.seed,
        }


def _variable(reference: str) -> str:
    """``NAME`` of ``$NAME`` and ``${NAME}``."""
    return reference.removeprefix("$").removeprefix("{").removesuffix("}")


def _pyproject(folder: Path) -> Path | None:
    candidates = (parent / "pyproject.toml" for parent in (folder, *folder.parents))
    return next((path for path in candidates if path.is_file()), None)


def _table(path: Path) -> dict[str, Any]:
    try:
        table = tomllib.loads(path.read_text()).get("tool", {}).get("dbparity", {})
    except tomllib.TOMLDecodeError as error:
        raise SettingsInvalid(str(path), f"not TOML: {error}", "correct the line") from error
    if not isinstance(table, dict):
        raise SettingsInvalid(f"{path} tool.dbparity", "not a table", "write [tool.dbparity]")
    return table


def _from_table(path: Path, table: dict[str, Any]) -> dict[str, Any]:
    values = {}
    for key, value in table.items():
        where = f"{path} [tool.dbparity] {key}"
        if key not in _READERS:
            known = ", ".join(sorted(_READERS))
            raise SettingsInvalid(where, "no such setting", f"the settings are: {known}")
        name, kind, read = _READERS[key]
        if not isinstance(value, kind):
            reason = f"of type {type(value).__name__}"
            raise SettingsInvalid(where, reason, f"write a {kind.__name__}")
        values[name] = read(where, path.parent, value)
    return values


def _text(where: str, folder: Path, value: str) -> str:  # noqa: ARG001
    return value


def _flag(where: str, folder: Path, value: bool) -> bool:  # noqa: ARG001, FBT001
    return value


def _path(where: str, folder: Path, value: str) -> Path:  # noqa: ARG001
    return folder / value


def _strings(where: str, folder: Path, value: list[object]) -> tuple[str, ...]:  # noqa: ARG001
    for item in value:
        if not isinstance(item, str):
            raise SettingsInvalid(where, f"{item!r} is not a string", "write a list of strings")
    return tuple(map(str, value))


def _paths(where: str, folder: Path, value: list[object]) -> tuple[Path, ...]:
    return tuple(folder / item for item in _strings(where, folder, value))


def _targets(where: str, folder: Path, value: list[object]) -> tuple[Target, ...]:
    return tuple(map(Target.parse, _strings(where, folder, value)))


def _servers(where: str, folder: Path, value: dict[str, object]) -> dict[str, str]:
    _strings(where, folder, list(value.values()))
    return {Target.parse(name).server: str(text) for name, text in value.items()}


def _variables(where: str, folder: Path, value: dict[str, object]) -> dict[str, str]:
    _strings(where, folder, list(value.values()))
    return {name: str(text) for name, text in value.items()}


def _hours(where: str, folder: Path, value: float) -> timedelta:  # noqa: ARG001
    return timedelta(hours=value)


def _severity(where: str, folder: Path, value: str) -> Severity:  # noqa: ARG001
    try:
        return Severity(value)
    except ValueError:
        cure = f"write one of: {', '.join(Severity)}"
        raise SettingsInvalid(where, f"{value!r} is no severity", cure) from None


def _stores(where: str, folder: Path, value: dict[str, object]) -> dict[str, str]:
    for name in value:
        if not _STORE.fullmatch(name):
            cure = "name it by small letters, digits and _"
            raise SettingsInvalid(f"{where}.{name}", "no name of a store", cure)
    return _variables(where, folder, value)


def _bench(where: str, folder: Path, value: dict[str, Any]) -> BenchOptions:  # noqa: ARG001
    return _options(where, value, BenchOptions, "docs/benchmarks.md")


def _health(where: str, folder: Path, value: dict[str, Any]) -> HealthOptions:  # noqa: ARG001
    return _options(where, value, HealthOptions, "docs/health.md")


def _consistency(where: str, folder: Path, value: dict[str, Any]) -> ConsistencyOptions:  # noqa: ARG001
    return _options(where, value, ConsistencyOptions, "docs/consistency.md")


def _fleet(where: str, folder: Path, value: dict[str, Any]) -> FleetOptions:
    options = _options(where, value, FleetOptions, "docs/fleet.md")

    def absolute(each: D) -> D:
        return msgspec.structs.replace(
            each, alembic=str(folder / each.alembic) if each.alembic else ""
        )

    return replace(
        options,
        gateway=absolute(options.gateway) if options.gateway else None,
        agents=tuple(map(absolute, options.agents)),
    )


def _options(where: str, value: dict[str, Any], kind: type[T], page: str) -> T:
    known = ", ".join(each.name for each in fields(kind))
    for key in value:
        if key not in known.split(", "):
            raise SettingsInvalid(f"{where}.{key}", "no such setting", f"the settings are: {known}")
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise SettingsInvalid(where, str(error), f"see {page}") from error


Reader = Callable[[str, Path, Any], Any]
_READERS: dict[str, tuple[str, type, Reader]] = {
    "metadata": ("metadata", str, _text),
    "alembic": ("alembic", str, _path),
    "pythonpath": ("pythonpath", list, _paths),
    "factory": ("factory", str, _text),
    "configure": ("configure", str, _text),
    "workloads": ("workloads", str, _text),
    "seed": ("seed", str, _text),
    "irreversible": ("irreversible", list, _strings),
    "alembic-x": ("alembic_x", list, _strings),
    "alembic-environment": ("alembic_environment", dict, _variables),
    "targets": ("targets", list, _targets),
    "images": ("images", dict, _servers),
    "urls": ("urls", dict, _servers),
    "providers": ("providers", list, _strings),
    "native-path": ("folders", list, _paths),
    "reuse": ("reuse", bool, _flag),
    "max-age-hours": ("max_age", int, _hours),
    "require": ("require", bool, _flag),
    "fail-on": ("fail_on", str, _severity),
    "bench": ("bench", dict, _bench),
    "stores": ("stores", dict, _stores),
    "health": ("health", dict, _health),
    "consistency": ("consistency", dict, _consistency),
    "fleet": ("fleet", dict, _fleet),
}


def _from_variable(values: dict[str, Any], name: str, text: str) -> None:
    """Let the environment variable ``name`` change ``values``; others of dbparity's are left."""
    rest = name.removeprefix("DBPARITY_")
    for prefix, key in (("IMAGE_", "images"), ("URL_", "urls")):
        match = _SERVER.fullmatch(rest.removeprefix(prefix)) if rest.startswith(prefix) else None
        if match:
            version = (match["version"] or "").replace("_", ".")
            server = str(Target(match["backend"].lower(), "", version))
            values[key] = {**values[key], server: text}
    store = rest.removeprefix("STORE_").lower()
    if rest.startswith("STORE_") and _STORE.fullmatch(store):
        values["stores"] = {**values["stores"], store: text}
    if rest == "TARGETS":
        values["targets"] = tuple(Target.parse(part.strip()) for part in text.split(","))
    elif rest == "NATIVE_PATH":
        values["folders"] = tuple(map(Path, text.split(os.pathsep)))
    elif rest in {"REUSE", "REQUIRE"}:
        values[rest.lower()] = text.lower() not in {"", "0", "no", "false"}

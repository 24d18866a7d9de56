"""The proxy harms what passes as it is told to, and nothing else."""

from __future__ import annotations

import random
import socket
import socketserver
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import make_url

from dbparity.servers.faults import BOTH, CALM, FaultProxy, Trouble, Way

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WORDS = b"a few words"
SOON, NEVER = 5.0, 0.2  # seconds


class Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        end: socket.socket = self.request
        with suppress(OSError):
            while piece := end.recv(1 << 16):
                end.sendall(piece)


@pytest.fixture
def port() -> Iterator[int]:
    """Of a server that says everything again."""
    socketserver.ThreadingTCPServer.daemon_threads = True
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.fixture
def proxy(port: int) -> Iterator[FaultProxy]:
    with FaultProxy("127.0.0.1", port, random.Random(1)) as made:
        yield made


@contextmanager
def client(proxy: FaultProxy, patience: float = SOON) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=patience) as made:
        yield made


def echoed(end: socket.socket, words: bytes = WORDS) -> bytes:
    end.sendall(words)
    return heard(end, len(words))


def heard(end: socket.socket, size: int) -> bytes:
    said = b""
    while len(said) < size and (piece := end.recv(size)):
        said += piece
    return said


def await_that(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < until


def seconds_of(end: socket.socket, words: bytes = WORDS) -> float:
    began = time.perf_counter()
    assert echoed(end, words) == words
    return time.perf_counter() - began


def test_what_is_in_no_trouble_passes(proxy: FaultProxy) -> None:
    with client(proxy) as end:
        assert echoed(end) == WORDS
        assert echoed(end, bytes(1 << 20)) == bytes(1 << 20)
        assert proxy.connections == 1
        assert proxy.passed(Way.REQUEST) == proxy.passed(Way.REPLY) == len(WORDS) + (1 << 20)


def test_a_url_leads_through_it(proxy: FaultProxy) -> None:
    url = proxy.through(make_url("postgresql+asyncpg://app:secret@db:5432/shop"))
    assert (url.host, url.port, url.database) == ("127.0.0.1", proxy.port, "shop")
    assert proxy.trouble == CALM


def test_latency_is_waited_for_each_way(proxy: FaultProxy) -> None:
    proxy.trouble = Trouble(latency=0.1)
    with client(proxy) as end:
        assert 0.2 <= seconds_of(end) < SOON


def test_jitter_is_by_chance(port: int) -> None:
    chance = random.Random(7)
    waits = sum(0.2 * chance.random() for _ in Way)
    with FaultProxy("127.0.0.1", port, random.Random(7)) as proxy, client(proxy) as end:
        proxy.trouble = Trouble(jitter=0.2)
        assert waits <= seconds_of(end) < SOON


def test_bandwidth_is_limited(proxy: FaultProxy) -> None:
    proxy.trouble = Trouble(bandwidth=1 << 20)
    with client(proxy) as end:
        assert seconds_of(end, bytes(1 << 17)) >= (1 << 17) / (1 << 20)


@pytest.mark.parametrize("way", Way)
def test_what_is_held_arrives_when_the_trouble_is_over(proxy: FaultProxy, way: Way) -> None:
    proxy.trouble = Trouble(hold=frozenset({way}))
    with client(proxy, NEVER) as end:
        end.sendall(WORDS)
        with pytest.raises(TimeoutError):
            end.recv(1)
        proxy.trouble = CALM
        end.settimeout(SOON)
        assert heard(end, len(WORDS)) == WORDS


def test_what_is_held_is_lost_with_its_connection(proxy: FaultProxy) -> None:
    proxy.trouble = Trouble(hold=frozenset({Way.REPLY}))
    with client(proxy) as end:
        end.sendall(WORDS)
        await_that(lambda: proxy.passed(Way.REQUEST) == len(WORDS))
        proxy.reset()
        with pytest.raises(ConnectionResetError):
            end.recv(1)


def test_what_is_lost_never_arrives(proxy: FaultProxy) -> None:
    with client(proxy, NEVER) as end:
        assert echoed(end) == WORDS
        proxy.trouble = Trouble(lose=BOTH)
        with pytest.raises(TimeoutError):
            echoed(end)
        proxy.trouble = CALM
        end.settimeout(SOON)
        assert echoed(end, b"later") == b"later"


def test_a_connection_is_cut_behind_so_many_bytes(proxy: FaultProxy) -> None:
    proxy.trouble = Trouble(cut_after=5)
    with client(proxy) as end:
        end.sendall(WORDS)
        assert heard(end, 5) == WORDS[:5]
        with pytest.raises(ConnectionResetError):
            end.recv(1)


def test_connections_are_ended_by_a_fin(proxy: FaultProxy) -> None:
    with client(proxy) as end:
        assert echoed(end) == WORDS
        proxy.hang_up()
        assert end.recv(1) == b""


def test_nobody_is_let_in_and_then_again(proxy: FaultProxy) -> None:
    with client(proxy) as open_before:
        assert echoed(open_before) == WORDS
        proxy.refuse()
        with pytest.raises(ConnectionRefusedError), client(proxy):
            pass
        assert echoed(open_before) == WORDS
    proxy.accept()
    with client(proxy) as end:
        assert echoed(end) == WORDS


def test_a_server_that_is_not_there_ends_the_connection() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with FaultProxy("127.0.0.1", nobody.getsockname()[1]) as proxy, client(proxy) as end:
            assert end.recv(1) == b""


def test_a_client_that_goes_leaves_nothing(proxy: FaultProxy) -> None:
    with client(proxy) as end:
        assert echoed(end) == WORDS
    await_that(lambda: proxy.connections == 0)

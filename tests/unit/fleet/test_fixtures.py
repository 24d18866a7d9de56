"""The fixtures, in a project of somebody else's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[3]
PROJECT = """
[tool.dbparity]
targets = ["sqlite"]
providers = ["file"]
[tool.dbparity.fleet.gateway]
metadata = "tests.support.meshes:GATEWAY_METADATA"
[[tool.dbparity.fleet.agents]]
names = ["poet", "critic"]
metadata = "tests.support.meshes:AGENT_METADATA"
{more}
[tool.pytest.ini_options]
pythonpath = ["{root}"]
asyncio_mode = "auto"
asyncio_default_test_loop_scope = "session"
asyncio_default_fixture_loop_scope = "session"
"""
CHATS = """
import pytest
from dbparity.fleet.assertions import assert_clean, assert_fleet_sound

@pytest.mark.parametrize("number", range(6))
async def test_chat(gateway_with_persistence, cross_database_inspector, number):
    assert_clean(cross_database_inspector)
    for agent in ("poet", "critic"):
        session = await gateway_with_persistence.create_session("ada", agent)
        await gateway_with_persistence.send_message("ada", session, str(number))
    assert_fleet_sound(cross_database_inspector)

def test_list(test_agents_list):
    assert test_agents_list == ["poet", "critic"]
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> Callable[[str], pytest.Pytester]:
    """A function that writes the project, with more about its agents."""

    def write(more: str = "") -> pytest.Pytester:
        content = PROJECT.format(root=ROOT, more=more)
        (pytester.path / "pyproject.toml").write_text(content)
        (pytester.path / "test_chats.py").write_text(CHATS)
        return pytester

    return write


def test_workers_have_databases_of_their_own_which_are_clean_for_each_test(
    project: Callable[[str], pytest.Pytester],
) -> None:
    result = project("").runpytest_subprocess("-n", "2", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=8)  # the list, on both drivers


def test_agents_of_a_product_that_is_missing_are_a_reason_to_skip(
    project: Callable[[str], pytest.Pytester], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DBPARITY_REQUIRE", raising=False)
    result = project('target = "mysql@1"').runpytest_subprocess("-rs", "-p", "no:cacheprovider")
    result.assert_outcomes(skipped=8)
    result.stdout.fnmatch_lines(["*mysql*@1*"])

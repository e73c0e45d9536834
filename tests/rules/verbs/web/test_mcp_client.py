"""The official client of the Model Context Protocol, if it is installed, understands the server."""

import asyncio
import sys
from pathlib import Path

import pytest

from onemap.tests.rules.verbs.web.asked_town import geojson, ground

ROOT = Path(__file__).resolve().parents[4]
REASON = "the official client is not installed (pip install mcp); test_mcp.py speaks the protocol by itself"

pytestmark = pytest.mark.slow


def test_the_official_client_lists_and_calls(asked_library: Path):
    mcp = pytest.importorskip("mcp", reason=REASON)
    stdio = pytest.importorskip("mcp.client.stdio", reason=REASON)
    arguments = ["-I", "-X", "utf8", str(ROOT / "__main__.py"), "mcp", str(asked_library), "--lang", "en"]

    async def talk() -> None:
        server = mcp.StdioServerParameters(command=sys.executable, args=arguments)
        async with stdio.stdio_client(server) as pipes, mcp.ClientSession(*pipes) as session:
            await session.initialize()
            tools = (await session.list_tools()).tools
            assert {"check", "identify"} <= {tool.name for tool in tools}
            asked = {"parcels": geojson({"P": ground(80, 20, 110, 50)}), "only": ["ZONE"]}
            result = await session.call_tool("check", asked)
            answer = getattr(result, "structured_content", None) or result.structuredContent
            assert answer["verdict"] == "prohibited" and answer["evidence"]["findings"][0]["features"] == ["f1"]
            refused = await session.call_tool("check", {"parcels": "nowhere.shp"})
            assert getattr(refused, "is_error", None) or refused.isError

    asyncio.run(talk())

from yarl import URL

from gateway.discovery.scan import scan
from tests.journeys.conftest import llama

__all__ = ["llama"]


async def test_a_real_model_server_is_found(llama: str) -> None:
    """llama-cpp-python's server with a model of random weights."""
    found, _ = await scan(ports=[URL(llama).port or 0])
    assert [(one.base_url, one.engine.name) for one in found] == [
        (llama.replace("127.0.0.1", "localhost"), "llama-cpp-python")
    ]
    assert [model.id for model in found[0].engine.models] == ["tiny"]

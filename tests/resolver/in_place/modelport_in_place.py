"""A pytest plugin: our clients stand in place of the SDK's while its own tests run."""

import openai

from resolver import AsyncModelportOpenAI, ModelportOpenAI

openai.OpenAI = ModelportOpenAI  # type: ignore[misc]  # the point
openai.AsyncOpenAI = AsyncModelportOpenAI  # type: ignore[misc]  # the point


def pytest_report_header() -> str:
    """Say so, and with which openai."""
    return f"in place: {openai.OpenAI.__module__} on openai {openai.__version__}"

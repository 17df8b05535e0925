"""Configuration files as texts, and what they declare."""

import textwrap
from pathlib import Path

from gateway.configuration.document import parse
from gateway.configuration.finding import Finding
from gateway.declared.model import SECTIONS, Declared
from gateway.declared.reading import examine_declared

FILE = Path("/etc/modelport/modelport.yaml")
SMALL = """\
version: 1
teams:
  research: {description: The lab, default_via: eu}
gateways:
  eu: {url: "https://gateway.example.com"}
models:
  qwen3:
    task: chat
    endpoints:
      - base_url: http://10.0.0.1:8000/v1
        upstream_model: Qwen/Qwen3-8B
        api_key: env:VLLM_KEY
      - base_url: http://10.0.0.2:8000/v1
  research/llama:
    via: server
    endpoints: [{base_url: "http://10.0.0.3:8000/v1"}]
aliases:
  fast: qwen3
"""


def examined(text: str, path: Path = FILE) -> tuple[Declared, list[Finding]]:
    """Return what the text declares and what is wrong with it."""
    document = parse(textwrap.dedent(text), path)
    return examine_declared({name: document.values[name] for name in SECTIONS if name in document.values}, document)


def declared(text: str) -> Declared:
    """Return what a right text declares."""
    found, findings = examined(text)
    assert findings == []
    return found


def told(text: str) -> list[str]:
    """Return the findings of a wrong text, each in one line."""
    return [str(finding) for finding in examined(text)[1]]

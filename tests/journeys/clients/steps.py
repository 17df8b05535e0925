"""What every client program does, whatever its library: the same steps at each address, told as JSON.

The last argument is JSON: a list of places with `urls`, `key`, `wrong_key`, `model`, `unknown`. The output is
`{url: {step: result}}`, a result being `{"ok": value, "seconds": n}` or `{"error": {…}}`. Imports nothing but the
standard library: it runs in environments that do not have the project's packages.
"""

import json
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

PROMPT = "hello"
LONG_TOKENS = 100
"""So many take the real model a second or two: a caller leaves in the middle."""
SHORT_TOKENS = 8

Step = Callable[[str, str, str], Any]
"""A step gets base_url, key and model, and returns something that JSON can say."""


def run(steps: Mapping[str, Step]) -> None:
    """Take the steps at each address and print what came of them. Steps: list, complete, stream, embed, cancel."""
    places = json.loads(sys.argv[-1])
    results = {url: _at(url, steps, place) for place in places for url in place["urls"]}
    sys.stdout.write(json.dumps(results) + "\n")


def _at(url: str, steps: Mapping[str, Step], place: Mapping[str, Any]) -> dict[str, Any]:
    key, model = place["key"], place["model"]
    results = {name: _attempt(steps[name], url, key, model) for name in ("cancel", *steps)}
    results["wrong_key"] = _attempt(steps["complete"], url, place["wrong_key"], model)
    results["unknown_model"] = _attempt(steps["complete"], url, key, place["unknown"])
    return results


def _attempt(step: Step, url: str, key: str, model: str) -> dict[str, Any]:
    begun = time.monotonic()
    try:
        return {"ok": step(url, key, model), "seconds": time.monotonic() - begun}
    except Exception as error:  # noqa: BLE001  # whatever the library raises is the result
        return {"error": told(error), "seconds": time.monotonic() - begun}


def told(error: BaseException) -> dict[str, Any]:
    """Return what a user of the library learns: class, status, code and text of an exception."""
    response = getattr(error, "response", None)
    status = getattr(error, "status_code", None) or getattr(response, "status_code", None)
    text = str(error) + str(getattr(error, "body", "") or "")
    return {"class": type(error).__name__, "status": status, "code": getattr(error, "code", None), "text": text}

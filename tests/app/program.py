"""A client program as a user would write it: it knows a server, a key and names of models, and no address.

`MODELPORT_URL`, `MODELPORT_KEY`; the names are its arguments. Prints a JSON line for each: what came back through the
resolver, and what came back to plain OpenAI at the `url` that the server publishes.
"""

import json
import os
import sys
import urllib.request

from openai import OpenAI

from resolver.client import connect


def main() -> None:
    """Call each model in both ways."""
    published = _published()
    for name in sys.argv[1:]:
        following = connect(name)
        plain = OpenAI(base_url=published[name], api_key=os.environ["MODELPORT_KEY"])
        said = {
            "model": name,
            "address": str(following.base_url),
            "resolver": _stream(following, name),
            "plain": _stream(plain, name),
        }
        sys.stdout.write(json.dumps(said) + "\n")


def _stream(client: OpenAI, model: str) -> str:
    with client.chat.completions.create(
        model=model, stream=True, messages=[{"role": "user", "content": "good morning"}]
    ) as events:
        return "".join(event.choices[0].delta.content or "" for event in events)


def _published() -> dict[str, str]:
    """Return each model's `url` as the server publishes it now."""
    server, key = os.environ["MODELPORT_URL"].rstrip("/"), os.environ["MODELPORT_KEY"]
    request = urllib.request.Request(f"{server}/api/v1/models", headers={"Authorization": f"Bearer {key}"})  # noqa: S310 - the test's own server
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - as above
        return {model["name"]: model["url"] for model in json.load(answer)["items"]}


if __name__ == "__main__":
    main()

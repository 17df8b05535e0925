"""instructor around our own client, which it takes for the SDK's: structured answers of several models.

Arguments: the server's address, a key, and the models. The output is JSON: what each model filled in.
"""

import json
import sys

import instructor  # type: ignore[import-not-found, unused-ignore]  # lives in an environment of its own
from pydantic import BaseModel

from resolver import connect


class Person(BaseModel):
    """What a model is asked to fill in."""

    name: str


def main(server: str, key: str, *models: str) -> None:
    """Ask each model by its name alone."""
    client = instructor.from_openai(connect(server=server, key=key), mode=instructor.Mode.JSON)
    question = [{"role": "user", "content": "who are you"}]
    create = client.chat.completions.create
    names = {model: create(model=model, messages=question, response_model=Person).name for model in models}
    sys.stdout.write(json.dumps(names) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

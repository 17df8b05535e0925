"""`--help` of any command, at once: typer judges the flags before it, for which it loads pydantic (0.1 s)."""

import sys
from typing import Any

import typer.main


def show_help(app: typer.Typer, words: list[str]) -> bool:
    """Write the help that the words ask for and return True; False when they ask for none, or for nothing there is."""
    context = _asked(app, words)
    if context is None:
        return False
    sys.stdout.write(f"{context.get_help()}\n")
    return True


def _asked(app: typer.Typer, words: list[str]) -> Any:
    """Return the context of the command whose help is asked for, None when there is no such command."""
    command: Any = typer.main.get_command(app)
    context = command.context_class(command, info_name="modelport")
    is_value = False
    for word in words:
        if is_value:
            is_value = False
        elif word == "--help":
            return context
        elif word == "--":
            return None
        elif word.startswith("-") and word != "-":
            is_value = _takes_value(command, word)
        elif hasattr(command, "commands"):
            command = command.commands.get(word)
            if command is None:
                return None
            context = command.context_class(command, info_name=word, parent=context)
    return None


def _takes_value(command: Any, word: str) -> bool:
    return any(word in one.opts and not one.is_flag for one in command.params if one.param_type_name == "option")

"""Completion: what the shell offers after Tab, names of models, teams, gateways, keys and contexts included."""

import os
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.command import Session, command, group
from gateway.cli.contexts import folder
from gateway.cli.failure import UsageFailure
from gateway.cli.output import write_lines
from gateway.cli.talk import say, suggest

app = typer.Typer(no_args_is_help=True)

_BASH = """\
_modelport() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    [ -n "$line" ] && COMPREPLY+=("$line")
  done < <(modelport completion words --shell bash -- "${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
  [ "${#COMPREPLY[@]}" -eq 1 ] && [ "${COMPREPLY[0]: -1}" = "=" ] && compopt -o nospace
}
complete -o default -F _modelport modelport
"""
_ZSH = """\
#compdef modelport
_modelport() {
  local -a found
  found=("${(@f)$(modelport completion words --shell zsh -- "${(j: :)${(@q)words[1,CURRENT]}}" 2>/dev/null)}")
  if [ "${#found}" -eq 0 ] || [ -z "${found[1]}" ]; then _files; else compadd -- "${found[@]}"; fi
}
if [ "$funcstack[1]" = "_modelport" ]; then _modelport; else compdef _modelport modelport; fi
"""
_FISH = """\
complete -c modelport -e
complete -c modelport -a '(modelport completion words --shell fish -- (commandline -cp) 2>/dev/null)'
"""
_SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def register(root: typer.Typer) -> None:
    """Add the commands."""
    group(app, root, "completion", about=__doc__, example="modelport completion install bash")


@command(app, "show", example='eval "$(modelport completion show bash)"')
def show(
    session: Session,  # noqa: ARG001 - every command's shape
    shell: Annotated[str | None, typer.Argument(metavar="[SHELL]", help="bash, zsh or fish [that of $SHELL].")] = None,
) -> None:
    """Print the lines that have a shell complete `modelport`."""
    write_lines([_SCRIPTS[_known(shell)].rstrip("\n")])


@command(app, "install", example="modelport completion install bash", changes=True)
def install(
    session: Session,
    shell: Annotated[str | None, typer.Argument(metavar="[SHELL]", help="bash, zsh or fish [that of $SHELL].")] = None,
) -> None:
    """Have new shells complete `modelport`: one file of ours, and for bash and zsh one line at the end of theirs."""
    shell = _known(shell)
    script, start = _places(shell)
    if session.dry_run:
        say(f"Dry run: nothing was written. It would be {script}" + (f", and a line in {start}" if start else ""))
        return
    try:
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text(_SCRIPTS[shell], encoding="utf-8")
        if start is not None:
            _add_line(start, f'[ -r "{script}" ] && . "{script}"')
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else f"{start} is no UTF-8"
        raise UsageFailure(
            f"completion cannot be installed: {reason}",
            hint=f'put into your shell\'s start file: eval "$({_SHOW} {shell})"',
        ) from error
    write_lines([script])
    say(f"{start or script} has it; new shells complete `modelport`")
    suggest(f"exec {shell}")


@command(app, "words", example="modelport completion words -- 'modelport call q'", hidden=True)
def words(
    session: Session,  # noqa: ARG001 - what is asked stands in the line that is completed
    line: Annotated[str, typer.Argument(metavar="LINE", help="The line up to the cursor.")],
    shell: Annotated[str, typer.Option("--shell", help="Whose words these are: bash splits at : and =.")] = "",
) -> None:
    """Print what may stand at the end of a line, one word per line; nothing when there is an error."""
    # Inner import: this command alone walks the tree of commands.
    from gateway.cli.completing import complete

    complete(line, breaks=os.environ.get("COMP_WORDBREAKS", "=:") if shell == "bash" else "")


_SHOW = "modelport completion show"


def _known(shell: str | None) -> str:
    name = shell or Path(os.environ.get("SHELL", "")).name
    if name not in _SCRIPTS:
        what = f"{name!r} is no shell that is known here" if name else "$SHELL does not say which shell this is"
        raise UsageFailure(what, hint=f"choose {', '.join(_SCRIPTS)}: {_SHOW} bash")
    return name


def _places(shell: str) -> tuple[Path, Path | None]:
    """Return where our script goes, and the shell's start file that needs a line for it."""
    if shell == "fish":  # fish reads this folder by itself
        return folder().parent / "fish" / "completions" / "modelport.fish", None
    script = folder() / f"completion.{shell}"
    if shell == "bash":
        return script, Path.home() / ".bashrc"
    return script, Path(os.environ.get("ZDOTDIR") or Path.home()) / ".zshrc"


def _add_line(file: Path, line: str) -> None:
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    if line in text.splitlines():
        return
    seam = "" if not text or text.endswith("\n") else "\n"
    with file.open("a", encoding="utf-8") as opened:  # appended, not replaced: it may be a link
        opened.write(f"{seam}{line}\n")

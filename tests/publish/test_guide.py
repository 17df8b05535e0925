import re
from pathlib import Path

from tests.cli.program import Shell
from tests.publish.publishing import FILES, Bench
from tests.publish.registries import PASSWORD, USER, Registry

_GUIDE = Path(__file__).resolve().parents[2] / "docs/how-to/packages.md"


def test_the_guide_works_as_it_is_written(bench: Bench, guarded: Registry) -> None:
    """UX-19: its commands, one after the other, with a registry of our own in place of the example's."""
    block = re.search(r"```bash\n(.*?)```", _GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None
    folder = bench.directory.rename(bench.directory.with_name("qwen3")).parent
    (folder / "pw").write_text(PASSWORD)
    shell = Shell(folder, {})
    for line in (
        block[1]
        .replace("registry.example.com", guarded.place)
        .replace("--username al ", f"--username {USER} ")
        .splitlines()
    ):
        command, arrow, source = line.partition(" < ")
        ended = shell.execute("sh", "-c", f"{command} --plain-http{arrow}{source}")
        assert ended.code == 0, (line, ended.err)
    copied = {path.relative_to(folder / "copy").as_posix() for path in (folder / "copy").rglob("*") if path.is_file()}
    assert copied == set(FILES)

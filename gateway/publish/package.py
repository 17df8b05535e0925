"""A directory as a CNCF ModelPack: which file is which kind of layer, and the manifest of them all (PUB-13).

Pure but for the walk through the directory. The manifest depends on names and contents alone: the same directory has
the same digest on every machine and day.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Final

from msgspec import Struct

from gateway.publish.messages import PublishError

MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
ARTIFACT: Final = "application/vnd.cncf.model.manifest.v1+json"
CONFIG: Final = "application/vnd.cncf.model.config.v1+json"
FILEPATH: Final = "org.cncf.model.filepath"
_LAYER = "application/vnd.cncf.model.{kind}.v1.raw"

_KINDS: Final = {
    "weight": ".safetensors .gguf .ggml .bin .pt .pth .ckpt .onnx .h5 .msgpack .npz .npy .pb .tflite .mlmodel .keras",
    "weight.config": ".json .yaml .yml .toml .jinja .model .vocab .merges .tiktoken .txt .cfg .ini",
    "doc": ".md .rst .pdf .html .png .jpg .jpeg .svg .gif .webp",
    "code": ".py .sh .ipynb .js .ts .c .cc .cpp .h .cu .rs .go .java .lock",
    "dataset": ".parquet .csv .tsv .jsonl .arrow",
}
_KIND_OF = {suffix: kind for kind, suffixes in _KINDS.items() for suffix in suffixes.split()}
_DOCS = ("readme", "license", "licence", "notice", "copying", "changelog", "model_card")
_LARGE = 16 * 1024 * 1024  # bytes; a file of unknown kind above it is weights, for nothing else is so large
_FORMATS = {".safetensors": "safetensors", ".gguf": "gguf", ".onnx": "onnx", ".pt": "pytorch", ".pth": "pytorch"}
_PRECISIONS = {"bfloat16": "bf16", "float16": "fp16", "float32": "fp32", "float64": "fp64"}
_MAX_CONFIG = 1024 * 1024  # bytes of a config.json that is looked into


class Source(Struct, frozen=True):
    """A file to publish: its name in the package, where it is, and what tells that it changed."""

    name: str
    path: Path
    size: int
    stamp: tuple[int, ...]


class Layer(Struct, frozen=True):
    """A blob of the package."""

    source: Source
    digest: str

    @property
    def size(self) -> int:
        """Bytes."""
        return self.source.size

    @property
    def descriptor(self) -> dict[str, Any]:
        """As it stands in the manifest."""
        return {
            "mediaType": _LAYER.format(kind=kind_of(self.source.name, self.size)),
            "digest": self.digest,
            "size": self.size,
            "annotations": {FILEPATH: self.source.name},
        }


class Package(Struct, frozen=True):
    """Everything to push. `config` and `manifest` are the very bytes."""

    layers: tuple[Layer, ...]
    config: bytes
    manifest: bytes

    @property
    def digest(self) -> str:
        """Of the manifest: it names the package."""
        return digest_of(self.manifest)

    @property
    def size(self) -> int:
        """Bytes of all blobs."""
        return sum(layer.size for layer in self.layers) + len(self.config)


def digest_of(content: bytes) -> str:
    """Return the digest as registries write it."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def kind_of(name: str, size: int) -> str:
    """Return the ModelPack kind of a file.

    >>> kind_of("model-00001.safetensors", 9), kind_of("config.json", 9), kind_of("LICENSE", 9), kind_of("x", 1 << 30)
    ('weight', 'weight.config', 'doc', 'weight')
    """
    path = PurePosixPath(name.lower())
    suffix = path.suffix
    if path.stem in _DOCS:
        return "doc"
    if suffix in _KIND_OF:
        return _KIND_OF[suffix]
    return "weight" if size > _LARGE else "weight.config"


def list_files(directory: Path, *, follow_links: bool = False) -> tuple[list[Source], list[str]]:
    """Return the files of the directory in the order of their names, and the hidden names that are left out.

    Raises:
        PublishError: no directory, no files, or a link that leaves the directory without `follow_links`.
    """
    if not directory.is_dir():
        raise PublishError("directory_missing", path=directory)
    root = directory.resolve()
    found: list[Source] = []
    hidden: list[str] = []
    for folder, folders, files in os.walk(directory, followlinks=follow_links):
        here = Path(folder)
        names = [name for name in folders if (here / name).is_symlink()] if not follow_links else []
        for name in sorted([*files, *names]):
            path = here / name
            if name.startswith("."):
                hidden.append(path.relative_to(directory).as_posix())
                continue
            if path.is_symlink() and not follow_links and not path.resolve().is_relative_to(root):
                raise PublishError("link_leaves", path=path)
            if path.is_file():
                found.append(_source(directory, path))
        hidden += [f"{(here / name).relative_to(directory).as_posix()}/" for name in folders if name.startswith(".")]
        folders[:] = sorted(name for name in folders if not name.startswith("."))
    if not found:
        raise PublishError("directory_empty", path=directory)
    return sorted(found, key=lambda one: one.name), hidden


def stamp_of(path: Path) -> tuple[int, ...]:
    """Return what changes when the file is replaced or rewritten.

    Raises:
        PublishError: it cannot be looked at.
    """
    try:
        seen = path.stat()
    except OSError as error:
        raise PublishError("file_unreadable", path=path, reason=(error.strerror or "").lower()) from error
    return seen.st_size, seen.st_mtime_ns, seen.st_ino


def make(layers: Iterable[Layer], *, name: str) -> Package:
    """Return the package of these layers; `name` is the model's in the package's own description."""
    ordered = tuple(layers)
    config = _bytes(
        {
            "descriptor": {"name": name},
            "config": _facts(ordered),
            "modelfs": {"type": "layers", "diffIds": [layer.digest for layer in ordered]},
        }
    )
    manifest = _bytes(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "artifactType": ARTIFACT,
            "config": {"mediaType": CONFIG, "digest": digest_of(config), "size": len(config)},
            "layers": [layer.descriptor for layer in ordered],
        }
    )
    return Package(ordered, config, manifest)


def _source(directory: Path, path: Path) -> Source:
    stamp = stamp_of(path)
    return Source(path.relative_to(directory).as_posix(), path, stamp[0], stamp)


def _facts(layers: Sequence[Layer]) -> dict[str, Any]:
    """Return what is known of the model without guessing: its format, and what its config.json says."""
    suffixes = [
        Path(layer.source.name).suffix.lower() for layer in layers if kind_of(layer.source.name, layer.size) == "weight"
    ]
    facts: dict[str, Any] = {}
    if formats := {_FORMATS[suffix] for suffix in suffixes if suffix in _FORMATS}:
        facts["format"] = min(formats)
    said = _said(layers)
    architectures = said.get("architectures")
    if isinstance(architectures, list) and architectures and isinstance(architectures[0], str):
        facts["architecture"] = "transformer"
    precision = _PRECISIONS.get(str(said.get("torch_dtype", said.get("dtype"))))
    if precision:
        facts["precision"] = precision
    quantization = said.get("quantization_config")
    if isinstance(quantization, dict) and isinstance(quantization.get("quant_method"), str):
        facts["quantization"] = quantization["quant_method"]
    return facts


def _said(layers: Sequence[Layer]) -> dict[str, Any]:
    own = next((one.source for one in layers if one.source.name == "config.json" and one.size <= _MAX_CONFIG), None)
    try:
        said = json.loads(own.path.read_bytes()) if own is not None else {}
    except (OSError, ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _bytes(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()

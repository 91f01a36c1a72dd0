"""Open, verify and describe a model: a bundled one, a folder, or a hub id. Imports no torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from worker.errors import ModelError
from worker.recognition.decoding import DECODINGS
from worker.recognition.labels import LabelSet
from worker.recognition.pieces import WordPieces
from worker.recognition.transitions import CRF_FILE, Transitions
from worker.recognition.windows import OVERLAP, WindowPolicy
from worker.recognition.words import RULES_VERSION, WordRule

#: Folder of the models that come with nerq.
BUNDLED = Path(__file__).parent.parent / "models"
#: What `nerq train` writes beside the weights: word rule, window policy, decoding.
NERQ_FILE = "nerq.json"
#: The longest window for a checkpoint that does not say; longer ones cost more than they give.
DEFAULT_MAX_PIECES = 510
#: Files from which transformers builds a fast tokenizer where there is no tokenizer.json.
_VOCABULARIES = ("vocab.txt", "vocab.json", "spm.model", "sentencepiece.bpe.model", "spiece.model")

#: What transformers reads a `*.model` with: packages and their modules.
_SENTENCEPIECE = {"sentencepiece": "sentencepiece", "protobuf": "google.protobuf"}


def bundled_models() -> list[str]:
    """Names of the models that come with nerq."""
    return sorted(folder.parent.name for folder in BUNDLED.glob("*/config.json"))


@dataclass(frozen=True)
class Checkpoint:
    """A token-classification model on disk, checked, with the rules for reading text that belong to it.

    `id` is a sha-256 over everything that decides which entities are found: weights, configuration, tokenizer, label
    set, word rule, window policy, decoding and the version of nerq's own text rules.
    """

    name: str
    folder: Path
    config: dict[str, Any]
    word_rule: WordRule
    window: WindowPolicy
    facts: dict[str, Any]  #: what `nerq train` recorded; empty for a foreign checkpoint
    decoding: str = "argmax"  #: `argmax`, `constrained` or `crf`; see `decoding.py`

    def __post_init__(self) -> None:
        if self.decoding not in DECODINGS:
            raise ModelError(
                f"{self.name} wants the decoding {self.decoding!r}; there are {', '.join(DECODINGS)}."
            )

    @classmethod
    def open(cls, name_or_path: str) -> Checkpoint:
        """Open a bundled model by name, a folder by path, or a hub id such as `org/model`.

        Raises:
            ModelError: it does not exist, is incomplete, or is of a kind that nerq refuses (pickled weights, remote
                code, no labels).
        """
        folder = _find(name_or_path)
        config = _read_json(folder / "config.json")
        _verify(folder, config)
        facts = _read_json(folder / NERQ_FILE) if (folder / NERQ_FILE).exists() else {}
        try:
            window = (
                WindowPolicy(**facts["window"]) if facts else WindowPolicy(0, room_for_pieces(folder, config))
            )
            rule = WordRule(facts.get("word_rule", WordRule.NEWS))
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"{folder / NERQ_FILE} is damaged: {error}") from error
        if window.max_pieces > (room := room_for_pieces(folder, config)):
            raise ModelError(f"{folder} wants windows of {window.max_pieces} pieces and has room for {room}.")
        decoding = facts.get("decoding", "argmax")
        return cls(name_or_path, folder, config, rule, window, facts, decoding)._verified()

    def _verified(self) -> Checkpoint:
        """Itself, once its labels, its tokenizer and its transitions have been read."""
        try:
            _ = self.labels, self.pieces, self.transitions
        except ModelError:
            raise
        except Exception as error:  # the tokenizers library raises nothing narrower for a damaged file
            raise ModelError(f"{self.folder} cannot be opened: {type(error).__name__}: {error}") from error
        return self

    @cached_property
    def labels(self) -> LabelSet:
        """The labels in the order of the model's outputs."""
        by_id = {int(key): str(name) for key, name in self.config["id2label"].items()}
        return LabelSet([by_id[i] for i in range(len(by_id))])

    @cached_property
    def transitions(self) -> Transitions | None:
        """What joins the labels of a sentence when they are decoded; None where each is decoded on its own.

        Raises:
            ModelError: the checkpoint has no CRF that fits its labels, and is to be decoded by it.
        """
        if self.decoding == "crf":
            return Transitions.read(self.folder, self.labels)
        return Transitions.legal(self.labels) if self.decoding == "constrained" else None

    @cached_property
    def pieces(self) -> WordPieces:
        """Cuts words into the pieces of this model."""
        return WordPieces(self.tokenizer_json, self.window.max_pieces)

    @cached_property
    def id(self) -> str:
        """64 hexadecimal digits."""
        volatile = {"_name_or_path", "transformers_version", "dtype", "torch_dtype", "architectures"}
        described = {
            **self._rules(),
            "config": {key: value for key, value in self.config.items() if key not in volatile},
            "tokenizer": hashlib.sha256(self.tokenizer_json.encode()).hexdigest(),
            "weights": self.weights_sha256,
        }
        return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()

    @cached_property
    def weights_sha256(self) -> str:
        """Over the weight files, the CRF's among them, in order of their names."""
        digest = hashlib.sha256()
        for path in sorted(self.folder.glob("*.safetensors")):
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        return digest.hexdigest()

    def details(self) -> dict[str, Any]:
        """What the database keeps of the model beside its id, name and labels; JSON-able."""
        return {**self._rules(), "weights_sha256": self.weights_sha256, "type": self.config.get("model_type")}

    def _rules(self) -> dict[str, Any]:
        return {
            "labels": list(self.labels.names),
            "word_rule": self.word_rule.value,
            "window": {**self.window.as_dict(), "overlap": OVERLAP},
            "decoding": self.decoding,
            "rules_version": RULES_VERSION,
        }

    @cached_property
    def tokenizer_json(self) -> str:
        """The tokenizer as the tokenizers library writes it."""
        path = self.folder / "tokenizer.json"
        if path.exists():
            return path.read_text(encoding="utf-8")
        if not any((self.folder / name).exists() for name in _VOCABULARIES):
            raise ModelError(
                f"{self.folder} has no tokenizer ({', '.join(('tokenizer.json', *_VOCABULARIES))})."
            )
        _refuse_sentencepiece(self.folder)
        # An older checkpoint with a vocabulary only: transformers knows how to build the fast tokenizer from it.
        from transformers import AutoTokenizer

        try:
            tokenizer = AutoTokenizer.from_pretrained(self.folder, use_fast=True, trust_remote_code=False)
            return str(tokenizer.backend_tokenizer.to_str())
        except (AttributeError, ImportError, OSError, ValueError) as error:
            raise ModelError(f"{self.folder} has no fast tokenizer (tokenizer.json): {error}") from error


def _refuse_sentencepiece(folder: Path) -> None:
    """Refuse a vocabulary that needs packages which are not installed."""
    found = [name for name in _VOCABULARIES if name.endswith(".model") and (folder / name).exists()]
    missing = [package for package, module in _SENTENCEPIECE.items() if not _is_installed(module)]
    if found and missing:
        raise ModelError(
            f"{folder} has no tokenizer.json; making one of {found[0]} needs a package that is not installed: "
            f"pip install {' '.join(missing)}"
        )


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # of the package around it
        return False


def _find(name_or_path: str) -> Path:
    path = Path(name_or_path).expanduser()
    if name_or_path in bundled_models():
        return BUNDLED / name_or_path
    if path.is_dir():
        return path.resolve()
    if name_or_path.count("/") == 1 and not name_or_path.startswith((".", "/", "~")):
        return _download(name_or_path)
    raise ModelError(
        f"There is no model {name_or_path!r}: neither a bundled one ({', '.join(bundled_models()) or 'none'}), "
        "nor a folder, nor a hub id (org/name)."
    )


def _download(hub_id: str) -> Path:
    from huggingface_hub import snapshot_download

    patterns = ["config.json", NERQ_FILE, "*.safetensors", "*.safetensors.index.json", "tokenizer*", "vocab*"]
    patterns += ["merges.txt", "special_tokens_map.json", "added_tokens.json", "*.model"]
    try:
        return Path(snapshot_download(hub_id, allow_patterns=patterns, ignore_patterns=["*/*"]))
    except (
        Exception
    ) as error:  # of several libraries' kinds; their messages name the hub's address and the cause
        raise ModelError(
            f"{hub_id!r} is no folder here, and the model hub did not give it: {type(error).__name__}: {error}"
        ) from error


def _verify(folder: Path, config: dict[str, Any]) -> None:
    if "auto_map" in config:
        raise ModelError(
            f"{folder} wants to run code of its own (auto_map in config.json); nerq refuses that."
        )
    architectures = config.get("architectures") or []
    if not any(str(name).endswith("ForTokenClassification") for name in architectures):
        found = ", ".join(map(str, architectures)) or "none"
        raise ModelError(f"{folder} is no token-classification model; config.json names: {found}.")
    if not config.get("id2label"):
        raise ModelError(f"{folder} names no labels (id2label in config.json).")
    weights = {path.name: path for path in folder.glob("*.safetensors")}
    if not weights.keys() - {CRF_FILE}:
        raise ModelError(f"{folder} has no safetensors weights; nerq opens no pickled ones (*.bin, *.pt).")
    if strange := [name for name, path in weights.items() if not path.is_file()]:
        raise ModelError(f"{folder / strange[0]} is no file.")
    _verify_index(folder / "model.safetensors.index.json", weights.keys())


def _verify_index(index: Path, weights: Collection[str]) -> None:
    """Refuse an index that leads to anything but the weights of its folder, which alone the model's id stands for."""
    if not index.exists():
        return
    shards = _read_json(index).get("weight_map")
    if not isinstance(shards, dict) or not all(isinstance(s, str) and s in weights for s in shards.values()):
        raise ModelError(f"{index} names weights that are no safetensors files of its folder.")


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(f"{path.parent} is no model folder: {path.name} is missing.") from None
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise ModelError(f"{path} holds no JSON object.")
    return content


def room_for_pieces(folder: Path, config: dict[str, Any]) -> int:
    """Pieces that fit into one window of a network, special pieces not counted."""
    positions = int(config.get("max_position_embeddings") or config.get("n_positions") or 0)
    if positions < 1:  # relative positions have no limit of their own
        positions = DEFAULT_MAX_PIECES + 2
    # RoBERTa's family starts to count positions behind the padding id.
    reserved = int(config.get("pad_token_id") or 0) + 1 if "roberta" in str(config.get("model_type")) else 0
    limits: list[float] = [positions - reserved, DEFAULT_MAX_PIECES + 2]
    if (folder / "tokenizer_config.json").exists():
        limits.append(_read_json(folder / "tokenizer_config.json").get("model_max_length") or 10**9)
    return max(1, int(min(limits)) - 4)  # four special pieces are more than any family has

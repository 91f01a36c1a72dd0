"""Every family of encoders reads as transformers reads it, and learns: labels are at the right pieces."""

from __future__ import annotations

import logging
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import (
    AutoModelForTokenClassification,
    AutoTokenizer,
    FNetConfig,
    FNetForTokenClassification,
)

from tests.tiny import CORPUS, FAMILIES, LABELS, make_tiny_family
from training.options import TrainOptions
from training.train import train
from worker.errors import ModelError
from worker.recognition import Checkpoint, open_recognizer
from worker.recognition.engine_torch import open_torch_engine
from worker.recognition.reading import Reading
from worker.recognition.sentences import split_sentences
from worker.recognition.words import split_words

KINDS = [
    *((name, True) for name in FAMILIES),
    ("bert", False),
    ("mpnet", False),
    ("deberta-v2", False),
]
#: Accents, clitics, digits, scripts without spaces, emoji, invisible characters, special pieces spelled out.
TEXTS = [
    CORPUS[0],
    "Zoë’s naïve café in München cost 1,000.50 € on 1996-08-22",
    "東京 and Москва sent 👍 and 👨‍👩‍👧 to Jane",
    "John \u200b York \u00ad Paris [SEP] </s> <pad> the end",
    "York",
]
SENTENCE = "Zoë B-PER\nMüller I-PER\nof O\nAcme B-ORG\nInc. I-ORG\nvisited O\n日 B-LOC\n🙂 O\n. O\n\n"


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("families")
    for name, is_cased in KINDS:
        make_tiny_family(folder / f"{name}-{is_cased}", name, is_cased=is_cased)
    return folder


def tokenizer_of(folder: Path) -> Any:
    """The family's own tokenizer, told as its documentation says that words have been split before."""
    tokenizer = AutoTokenizer.from_pretrained(folder, add_prefix_space=True)
    backend = tokenizer.backend_tokenizer
    if type(backend.pre_tokenizer).__name__ == "ByteLevel":  # ModernBERT's class does not hand the option on
        backend.pre_tokenizer.add_prefix_space = True
    return tokenizer


def reference(folder: Path, texts: list[list[str]]) -> list[np.ndarray]:
    """Log-probabilities at the first piece of each word that has one, else NaN; texts padded by the tokenizer."""
    tokenizer = tokenizer_of(folder)
    batch = tokenizer(
        texts, is_split_into_words=True, split_special_tokens=True, padding=True, return_tensors="pt"
    )
    model = AutoModelForTokenClassification.from_pretrained(folder, dtype=torch.float32).eval()
    with torch.inference_mode():
        rows = model(**batch).logits.log_softmax(dim=-1).numpy()
    found = []
    for i, words in enumerate(texts):
        first = {word: column for column, word in reversed(list(enumerate(batch.word_ids(i))))}
        absent = np.full(len(LABELS), np.nan)
        found.append(np.array([rows[i, first[w]] if w in first else absent for w in range(len(words))]))
    return found


@pytest.mark.parametrize(("name", "is_cased"), KINDS)
def test_words_have_the_pieces_and_labels_that_transformers_gives_them(
    folders: Path, name: str, is_cased: bool
) -> None:
    folder = folders / f"{name}-{is_cased}"
    checkpoint = Checkpoint.open(str(folder))
    recognizer = open_recognizer(checkpoint, "fp32", threads=1, device="cpu")
    # Without the text in which words have no piece or spell a special one: there nerq differs, see below.
    texts = [text for text in TEXTS if "SEP" not in text]
    words = [split_words(text) for text in texts]
    readings = [
        Reading.of_words(text, own, split_sentences(text, own)[:1], checkpoint)
        for text, own in zip(texts, words, strict=True)
    ]
    expected = reference(folder, [[t[a:b] for a, b in own] for t, own in zip(texts, words, strict=True)])
    found = recognizer.read_words(readings)
    assert not np.isnan(np.concatenate(expected)).any()
    assert all(len(reading.windows) == 1 for reading in readings)
    assert np.abs(found - np.concatenate(expected)).max() < 1e-4
    assert (found.argmax(axis=1) == np.concatenate(expected).argmax(axis=1)).all()
    assert len(set(found.argmax(axis=1).tolist())) > 1


@pytest.mark.parametrize(("name", "is_cased"), KINDS)
def test_every_word_is_read_once_whatever_it_is(folders: Path, name: str, is_cased: bool) -> None:
    recognizer = open_recognizer(
        Checkpoint.open(str(folders / f"{name}-{is_cased}")), "fp32", threads=1, device="cpu"
    )
    texts = [*TEXTS, " ".join(TEXTS * 3), "x" * 500]
    together = recognizer.recognize(texts)
    for text, found in zip(texts, together, strict=True):
        assert found.n_words == found.n_words_read == len(split_words(text))
        assert all(text[entity.start : entity.end] == entity.text for entity in found.entities)
    assert any(found.entities for found in together)
    # Padding beside a longer text changes nothing.
    alone = [recognizer.recognize([text])[0] for text in texts]
    assert [[(e.start, e.end, e.label) for e in f.entities] for f in alone] == [
        [(e.start, e.end, e.label) for e in f.entities] for f in together
    ]


@pytest.mark.parametrize("name", FAMILIES)
def test_special_pieces_stand_where_the_family_has_them(folders: Path, name: str) -> None:
    folder = folders / f"{name}-True"
    pieces, tokenizer = Checkpoint.open(str(folder)).pieces, AutoTokenizer.from_pretrained(folder)
    assert (pieces.before, pieces.after) == ((tokenizer.cls_token_id,), (tokenizer.sep_token_id,))
    spelled = pieces.cut(["[SEP]", "</s>", "<pad>", "[PAD]", "[CLS]", "<s>"]).ids.tolist()
    meant = {tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.pad_token_id}
    assert not meant & set(spelled)


@pytest.mark.parametrize("name", ["bert", "mpnet", "roberta", "modernbert", "deberta-v2", "xlm-roberta"])
def test_a_family_learns_what_it_is_shown(name: str, tmp_path: Path) -> None:
    (tmp_path / "train.conll").write_text("-DOCSTART- O\n\n" + SENTENCE * 24, "utf-8")
    (tmp_path / "dev.conll").write_text("-DOCSTART- O\n\n" + SENTENCE * 2, "utf-8")
    options = TrainOptions(
        train=(tmp_path / "train.conll",),
        dev=tmp_path / "dev.conll",
        base=str(make_tiny_family(tmp_path / "base", name, spread=0.2)),
        output=tmp_path / "model",
        epochs=14,
        learning_rate=0.003,
        batch_pieces=100,
        max_words=20,
        sentence_share=0.5,  # what it is asked is a single sentence
        max_pieces=60,
        precision="fp32",
        threads=1,
    )
    assert train(options).best.f1 == 1.0
    recognizer = open_recognizer(Checkpoint.open(str(options.output)), "fp32", threads=1, device="cpu")
    (found,) = recognizer.recognize(["Zoë Müller of Acme Inc. visited 日 🙂."])
    assert [(entity.text, entity.label) for entity in found.entities] == [
        ("Zoë Müller", "PER"),
        ("Acme Inc.", "ORG"),
        ("日", "LOC"),
    ]


@pytest.fixture
def fourier(folders: Path, tmp_path: Path) -> Path:
    """A network of Fourier transforms, which no hardware computes in 16 bits on a CPU."""
    folder = Path(shutil.copytree(folders / "deberta-v2-True", tmp_path / "fourier"))
    config = FNetConfig(
        vocab_size=160,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=1,
        max_position_embeddings=64,
        id2label=dict(enumerate(LABELS)),
    )
    FNetForTokenClassification(config).save_pretrained(folder)
    return folder


@pytest.mark.parametrize("kind", ["deberta", "fourier"])
@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_a_precision_that_a_network_cannot_compute_in_is_refused(
    folders: Path, fourier: Path, kind: str, precision: str
) -> None:
    folder = fourier if kind == "fourier" else folders / "deberta-True"
    with pytest.raises(ModelError, match=f"cannot be computed in {precision}; take fp32 or auto"):
        open_torch_engine(Checkpoint.open(str(folder)), precision, 1, "cpu")


def test_auto_takes_fp32_for_a_network_that_cannot_be_computed_in_less(
    folders: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    plain = open_torch_engine(Checkpoint.open(str(folders / "bert-True")), "auto", 1, "cpu")
    assert plain.precision == "bf16"
    assert not caplog.records
    with caplog.at_level(logging.WARNING):
        mixed = open_torch_engine(Checkpoint.open(str(folders / "deberta-True")), "auto", 1, "cpu")
    assert mixed.precision == "fp32"
    assert "cannot be computed in bf16, so in fp32" in caplog.text


@pytest.mark.parametrize(
    ("module", "package"), [("sentencepiece", "sentencepiece"), ("google.protobuf", "protobuf")]
)
def test_a_sentencepiece_vocabulary_names_the_package_that_it_needs(
    folders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, package: str
) -> None:
    folder = Path(shutil.copytree(folders / "deberta-v2-True", tmp_path / "copy"))
    (folder / "tokenizer.json").rename(folder / "spm.model")
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ModelError, match=rf"spm\.model needs .* pip install .*{package}"):
        Checkpoint.open(str(folder))

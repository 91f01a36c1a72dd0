"""`nerq data check` finds each planted fault, and nothing in clean data; `nerq data convert` carries data over."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import invoke
from training.check import DataCheck, check_data
from training.gold import Gold
from training.vocabulary import Vocabulary
from worker.annotations import FORMATS, Span, read_annotations

SENTENCES = ["Anna Berg met Bo Lind in Oslo today.", "The rest of this text has no name at all."]


def record(number: int, **more: Any) -> dict[str, Any]:
    text = f"{SENTENCES[0]} {SENTENCES[1]} It is text number {number} of them."
    return {
        "id": f"d{number}",
        "text": text,
        "entities": [[0, 9, "PER"], [14, 21, "PER"], [25, 29, "LOC"]],
        **more,
    }


def write(name: str, *records: Any) -> Path:
    Path(name).write_text("".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in records))
    return Path(name)


CLEAN_TRAIN = [record(number) for number in range(60)]


@pytest.fixture
def vocabulary(tiny_checkpoint: Path) -> Vocabulary:
    return Vocabulary.of_model(str(tiny_checkpoint))


@pytest.fixture
def check(vocabulary: Vocabulary) -> Any:
    def run(train: list[Any], dev: list[Any] | None = None) -> DataCheck:
        dev_paths = [write("dev.jsonl", *dev)] if dev else []
        return check_data([write("train.jsonl", *train)], dev_paths, vocabulary=vocabulary)

    return run


def codes(found: DataCheck) -> set[str]:
    return {one.code for one in found.warnings}


def test_nothing_is_found_in_clean_data(check: Any) -> None:
    dev = {
        "text": "Ida Holm left Rome before the war was over.",
        "entities": [[0, 8, "PER"], [14, 18, "LOC"]],
    }
    found = check(CLEAN_TRAIN, [dev])
    assert (found.problems, found.is_usable) == ((), True)
    assert found.warnings == ()
    assert found.train.labels == {"LOC": 60, "PER": 120}
    assert (found.train.n_documents, found.train.n_sentences, found.train.n_entities) == (60, 180, 180)
    assert (found.train.entity_words.median, found.train.entity_words.max) == (2, 2)
    assert found.dev.n_words == 10
    assert found.rule.agreement == 1.0


def test_every_overlap_and_every_wrong_record_is_named_by_line(check: Any) -> None:
    wrong = record(60, entities=[[0, 9, "PER"], [5, 13, "ORG"], [14, 21, "PER"], [17, 24, "LOC"]])
    outside = record(61, entities=[[0, 9999, "PER"]])
    found = check([*CLEAN_TRAIN, wrong, "nonsense", outside], [wrong])
    assert not found.is_usable
    assert [(p.place.path.name, p.place.line, p.kind) for p in found.problems] == [
        ("train.jsonl", 61, "overlap"),
        ("train.jsonl", 61, "overlap"),
        ("train.jsonl", 62, "record"),
        ("train.jsonl", 63, "offsets"),
        ("dev.jsonl", 1, "overlap"),
        ("dev.jsonl", 1, "overlap"),
    ]


def test_labels_that_are_rare_or_on_one_side_only(check: Any) -> None:
    rare = record(60, entities=[[0, 9, "SHIP"]])
    dev = {"text": "Ida Holm left Rome.", "entities": [[0, 8, "GOD"], [14, 18, "LOC"]]}
    found = check([*CLEAN_TRAIN, rare], [dev])
    assert [(one.code, one.message.split(":")[0]) for one in found.warnings] == [
        ("few_examples", "SHIP"),
        ("label_not_in_train", "GOD"),
        ("label_not_in_dev", "PER"),
        ("label_not_in_dev", "SHIP"),
    ]


def test_entities_that_cut_a_word_or_a_sentence(check: Any) -> None:
    cut = record(60, entities=[[0, 7, "PER"], [25, 40, "LOC"]])
    found = check([*CLEAN_TRAIN, cut])
    assert codes(found) == {"misaligned", "crossing_sentences"}
    (lost,) = found.train.misaligned
    assert (lost.named.name, lost.span, lost.text) == ("d60", Span(0, 7, "PER"), "Anna Be")
    assert found.train.n_crossing == 1


def test_documents_and_sentences_that_are_there_twice(check: Any) -> None:
    again = record(3, id="again", text=record(3)["text"].replace(" It is", "\nIt is"))
    alike = {"text": f"Ida Holm slept. {SENTENCES[1]}", "entities": [[0, 8, "PER"]]}
    found = check([*CLEAN_TRAIN, again], [record(5, id="copy"), alike])
    assert [(d.named.name, d.earlier.name) for d in found.duplicates.in_train] == [("again", "d3")]
    assert [(d.named.name, d.earlier.name) for d in found.duplicates.train_in_dev] == [("copy", "d5")]
    assert (found.duplicates.n_known_sentences, found.duplicates.n_dev_sentences) == (4, 4)
    assert {"duplicate_documents", "dev_in_train", "dev_sentences_in_train"} <= codes(found)


def test_what_the_model_has_no_pieces_or_no_room_for(check: Any) -> None:
    long = {"text": "so " * 30 + "on", "entities": []}
    strange = {"text": "Ω Ж ש 字 extraordinarily", "entities": []}
    found = check([*CLEAN_TRAIN, long, strange])
    assert found.train_pieces.n_long_sentences == 1
    assert found.train_pieces.n_unknown == 4
    assert found.train_pieces.n_words_in_many >= 1
    assert "long_sentences" in codes(found)


def test_an_encoder_is_counted_in_the_windows_of_training(tiny_checkpoint: Path) -> None:
    base = Vocabulary.of_base(str(tiny_checkpoint))
    assert base.window.max_words == 320
    assert base.window.max_pieces == 60  # what the network has room for
    found = check_data([write("train.jsonl", *CLEAN_TRAIN)], vocabulary=base)
    assert found.train_pieces.n_pieces > found.train.n_words


def test_data_without_entities_cannot_be_trained_on(check: Any) -> None:
    found = check([{"text": "nothing here", "entities": []}])
    assert [problem.message for problem in found.problems] == ["the training data holds no entity"]


def test_dev_on_which_no_epoch_can_be_better_is_an_error(check: Any) -> None:
    nothing = check(CLEAN_TRAIN, [{"text": "nothing here", "entities": []}])
    unknown = check(
        CLEAN_TRAIN, [{"text": "Ida Holm left Rome.", "entities": [[0, 8, "GOD"], [14, 18, "ORG"]]}]
    )
    assert (nothing.is_usable, unknown.is_usable) == (False, False)
    assert [str(problem) for found in (nothing, unknown) for problem in found.problems] == [
        "dev.jsonl: the dev data holds no entity: no epoch would be better than another",
        "dev.jsonl: no label of the dev data (GOD, ORG) is one of the training data (LOC, PER): no epoch would be "
        "better than another",
    ]


def test_a_folder_of_brat_is_gold_and_its_hash_is_of_all_in_it() -> None:
    Path("corpus").mkdir()
    Path("corpus/a.txt").write_text("Ann met Bo")
    Path("corpus/a.ann").write_text("T1\tPER 0 3\tAnn\n")
    gold = Gold.read([Path("corpus")])
    assert [document.id for document in gold.documents] == ["a.txt"]
    Path("corpus/a.ann").write_text("T1\tPER 8 10\tBo\n")
    assert Gold.read([Path("corpus")]).sha256s != gold.sha256s


class TestCheckCommand:
    @pytest.fixture
    def model(self, tiny_checkpoint: Path) -> str:
        return str(tiny_checkpoint)

    def test_tables_for_people(self, model: str) -> None:
        write("train.jsonl", *CLEAN_TRAIN)
        result = invoke("data", "check", "train.jsonl", "--dev", "train.jsonl", "--model", model)
        assert result.exit_code == 0, result.output
        rows = [line.split() for line in result.stdout.splitlines()]
        assert ["train.jsonl", "train", "jsonl", "60"] in rows
        assert ["sentences", "180", "180"] in rows
        assert ["PER", "120", "120"] in rows
        assert "documents of dev that are in train too: 60" in result.stdout

    def test_wrong_tags_are_counted_and_named_and_the_code_is_1(self, model: str) -> None:
        Path("t.conll").write_text("Ann B-PER\n\n" + "Bo I-ORG\nmet O\nLi B-PER\n\n" * 12)
        result = invoke("data", "check", "t.conll", "--model", model)
        assert result.exit_code == 1
        assert "allow where they stand: 12" in result.stdout
        assert "t.conll:3: I-ORG without a B-ORG" in result.stdout
        assert result.stdout.count("I-ORG without") == 10
        assert "and 2 more" in result.stdout
        assert (
            invoke("data", "check", "t.conll", "--model", model, "--all").stdout.count("I-ORG without") == 12
        )
        answer = json.loads(invoke("data", "check", "t.conll", "--model", model, "--json").stdout)
        assert len(answer["errors"]) == 12
        assert answer["errors"][0] | {"message": ""} == {
            "kind": "sequence",
            "path": "t.conll",
            "line": 3,
            "task": None,
            "message": "",
        }
        assert (answer["schema_version"], answer["usable"]) == (1, False)
        assert invoke("data", "check", "t.conll", "--model", model, "--scheme", "iob1").exit_code == 0

    def test_text_is_shown_only_on_request(self, model: str) -> None:
        write("train.jsonl", *CLEAN_TRAIN, record(60, entities=[[0, 7, "PER"]]))
        arguments = ["data", "check", "train.jsonl", "--model", model]
        for form in ([], ["--json"]):
            quiet, open_ = invoke(*arguments, *form).stdout, invoke(*arguments, *form, "--show-text").stdout
            assert "Anna Be" not in quiet
            assert "Anna Be" in open_
            assert "d60" in quiet

    def test_a_folder_of_brat_and_what_it_passes_over(self, model: str) -> None:
        Path("corpus").mkdir()
        Path("corpus/a.txt").write_text("Ann met Bo")
        Path("corpus/a.ann").write_text("T1\tPER 0 3\tAnn\nR1\tx Arg1:T1 Arg2:T1\nT2\tPER 0 3;8 10\tAnn Bo\n")
        result = invoke("data", "check", "corpus", "--model", model)
        assert result.exit_code == 1
        assert "1 relations skipped (corpus)" in result.stdout
        assert "corpus/a.ann:3: T2 is in several parts" in result.stdout

    def test_wrong_uses(self) -> None:
        assert invoke("data", "check", "nope.conll").exit_code == 4
        assert invoke("data", "check", ".").exit_code == 2
        write("train.jsonl", *CLEAN_TRAIN)
        assert invoke("data", "check", "train.jsonl", "--model", "a", "--base", "b").exit_code == 2
        assert invoke("data", "check", "train.jsonl", "--base", "no-such-folder/").exit_code == 3


class TestConvertCommand:
    @pytest.mark.parametrize("form", FORMATS)
    def test_every_format_and_back(self, form: str) -> None:
        write("in.jsonl", *CLEAN_TRAIN[:3])
        result = invoke("data", "convert", "in.jsonl", "out", "--format", form)
        assert result.exit_code == 0, result.output
        assert result.stdout == ""
        assert "Read in.jsonl (jsonl): 3 documents, 9 entities." in result.stderr
        assert f"Wrote out ({form})." in result.stderr
        again = read_annotations("out")
        assert again.format == form
        assert [[s.label for s in d.spans] for d in again.documents] == [["PER", "PER", "LOC"]] * 3

    def test_json_and_quiet(self) -> None:
        write("in.jsonl", *CLEAN_TRAIN[:3])
        result = invoke("data", "convert", "in.jsonl", "out", "--format", "brat", "--json", "--quiet")
        assert result.stderr == ""
        answer = json.loads(result.stdout)
        assert (answer["documents"], answer["entities"], answer["output"]["format"]) == (3, 9, "brat")

    def test_what_is_there_is_replaced_only_on_request_and_never_by_half(self) -> None:
        write("in.jsonl", *CLEAN_TRAIN[:3])
        Path("out.jsonl").write_text("old")
        arguments = ["data", "convert", "in.jsonl", "out.jsonl", "--format", "doccano"]
        result = invoke(*arguments)
        assert (result.exit_code, Path("out.jsonl").read_text()) == (1, "old")
        write("in.jsonl", CLEAN_TRAIN[0], "nonsense")
        result = invoke(*arguments, "--overwrite")
        assert result.exit_code == 1
        assert "in.jsonl:2: not JSON" in result.stderr
        assert Path("out.jsonl").read_text() == "old"
        write("in.jsonl", CLEAN_TRAIN[0])
        assert invoke(*arguments, "--overwrite").exit_code == 0
        assert read_annotations("out.jsonl").format == "doccano"

"""What `nerq evaluate` refuses, and what it makes of hostile text, before any model is opened."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.scores import Shown, print_figures
from tests.command_line import invoke
from tests.samples import finish_all, new_job, new_source
from training.assessment import assess
from training.scoring import ScoredDocument
from worker import store
from worker.annotations import Span

GOLD = '{"text": "Anna of Acme", "entities": [[0, 4, "PER"]]}\n'


@pytest.fixture
def gold(tmp_path: Path) -> str:
    path = tmp_path / "gold.jsonl"
    path.write_text(GOLD)
    return str(path)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["7", "--model", "general"], "Give a JOB or --model"),
        (["--window", "60"], "--window needs --model"),
        (["--raw"], "--raw needs --model"),
        (["--decoding", "argmax"], "--decoding needs --model"),
        (["--model", "general", "--window", "60,"], "words of a window"),
        (["--model", "general", "--window", "-1"], "words of a window"),
        (["--model", "general", "--window", "0,60", "--against", "general"], "one --window"),
        (["--min-score", "1.5"], "1.5"),
    ],
)
def test_what_does_not_go_together_is_a_wrong_use(gold: str, arguments: list[str], said: str) -> None:
    result = invoke("evaluate", "--gold", gold, *arguments)
    assert result.exit_code == 2
    assert said in result.stderr


def test_what_does_not_exist_is_said_before_any_reading(gold: str, tmp_path: Path) -> None:
    assert invoke("evaluate", "--model", "general", "--gold", "no.jsonl").exit_code == 4
    assert invoke("evaluate", "--gold", gold).exit_code == 4  # no database
    assert invoke("evaluate", "--model", "nope", "--gold", gold, "--no-store").exit_code == 3
    result = invoke("evaluate", "--model", "general", "--gold", gold, "--against", "last", "--no-store")
    assert result.exit_code == 4
    assert "There is no job 'last' to compare with" in result.stderr
    result = invoke("evaluate", "--model", "general", "--gold", gold, "--report", "no/page.html")
    assert result.exit_code == 4
    assert "no: no such folder" in result.stderr
    assert list(tmp_path.iterdir()) == [Path(gold)]


def test_without_a_job_or_with_more_to_see_the_next_step_is_said(
    sqlite_url: str, gold: str, tmp_path: Path
) -> None:
    database = store.open_database(sqlite_url)
    result = invoke("evaluate", "--gold", gold)
    assert (result.exit_code, "There is no job yet: `nerq submit` makes one" in result.stderr) == (4, True)
    new_job(database, [new_source("a.txt", "Anna of Acme")])
    finish_all(database, ["Anna", "Acme"])
    database.close()
    result = invoke("evaluate", "--gold", gold)
    assert "Kept as evaluation 1: nerq evaluations show 1\n--errors 20 shows" in result.stderr
    assert "--errors" not in invoke("evaluate", "--gold", gold, "--errors", "3").stderr
    assert f"Written to {tmp_path / 'a.html'}\n" in (
        invoke("evaluate", "--gold", gold, "--report", str(tmp_path / "a.html"), "--no-store").stderr
    )


def test_an_old_database_is_in_nobodys_way_that_needs_none(
    gold: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other.db").write_text("no database")
    monkeypatch.setenv("NERQ_DATABASE", f"sqlite:///{tmp_path / 'other.db'}")
    arguments = ("evaluate", "--model", "nope", "--gold", gold)
    assert "There is no model 'nope'" in invoke(*arguments, "--no-store").stderr
    assert "There is no model" not in invoke(*arguments).stderr


def test_errors_are_shown_with_their_place_and_drive_no_terminal(sqlite_url: str, tmp_path: Path) -> None:
    text = "At \x1b[2J Anna Berg came."
    with_gold = {"id": "a\x1bb", "text": text, "entities": [[8, 17, "PER"]]}
    (tmp_path / "gold.jsonl").write_text(json.dumps(with_gold))
    database = store.open_database(sqlite_url)
    new_job(database, [new_source("a.txt", text)])
    finish_all(database, ["Berg"], label="OR\x1bG")
    database.close()
    arguments = ["evaluate", "--gold", "gold.jsonl"]
    assert "Anna" not in invoke(*arguments).stdout
    result = invoke(*arguments, "--errors", "3", "--confusion")
    assert "\x1b" not in result.stdout + result.stderr
    assert (
        "label and boundary  a\\x1bb  gold PER, found OR\\x1bG 0.900\n    At \\x1b[2J [Anna <Berg>] came.\n"
    ) in result.stdout
    header, per = [line.split() for line in result.stdout.splitlines() if line.endswith(("MISSED", "  ."))][
        :2
    ]
    assert header == ["GOLD", "OR\\X1BG", "PER", "MISSED"]
    assert per == ["PER", "1", ".", "."]


def test_a_page_is_written_on_request(sqlite_url: str, gold: str, tmp_path: Path) -> None:
    database = store.open_database(sqlite_url)
    new_job(database, [new_source("a.txt", "Anna of Acme")])
    finish_all(database, ["Anna", "Acme"])
    database.close()
    assert invoke("evaluate", "--gold", gold, "--report", "page.html").exit_code == 0
    assert "Acme" in (tmp_path / "page.html").read_text()


def test_without_a_match_nothing_is_kept(sqlite_url: str, gold: str) -> None:
    database = store.open_database(sqlite_url)
    new_job(database)
    finish_all(database)
    assert invoke("evaluate", "--gold", gold, "--json").exit_code == 1
    assert list(store.list_evaluations(database)) == []
    database.close()


def test_a_comparison_is_one_plain_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    documents = [ScoredDocument("Anna", [Span(0, 4, "PER")], [Span(0, 4, "PER")])]
    figures = {**assess(documents).strict.as_dict(), **assess(documents).as_dict()}
    figures |= {"model": {"id": "a"}}
    comparison = {
        "against": {"job": 3, "model": {"id": "b", "name": "old"}, "settings": {"window": None}},
        "n_documents": 40, "n_units": 2, "unit": "block of 50 sentences",
        "f1": 0.905, "f1_against": 0.912, "difference": -0.007, "interval": [-0.01, -0.004], "p_value": 0.01234,
    }  # fmt: skip
    print_figures({**figures, "comparison": comparison}, Shown())
    assert (
        "F1 is 0.70 points lower than that of job 3 (old) (90.50 against 91.20; 95 % interval -1.00 to -0.40, "
        "p = 0.012; 2 blocks of 50 sentences): more than chance explains.\n"
    ) in capsys.readouterr().out
    comparison |= {"difference": 0.0, "f1_against": 0.905, "interval": None, "p_value": 1.0}
    print_figures({**figures, "comparison": comparison}, Shown())
    assert (
        "F1 is the same as that of job 3 (old) (90.50 against 90.50; p = 1; 2 blocks of 50 sentences).\n"
        in capsys.readouterr().out
    )
    print_figures({**figures, "comparison": {**comparison, "n_documents": 0}}, Shown())
    assert "there is nothing to compare" in capsys.readouterr().out

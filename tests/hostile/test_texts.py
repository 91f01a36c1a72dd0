"""Odd Unicode through a whole run on both databases: every word is read, every entity is where it says it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy

from tests.command_line import run
from worker import store
from worker.recognition.words import split_words
from worker.store import Database, open_database

_MEGA = 1_000_000
#: What a file holds, as text; each must be read whole.
TEXTS = {
    "accents-apart": "Zoe\u0308 O\u2019Bri\u0065\u0301n me\u0301t Franc\u0327ois in Ko\u0308ln.",
    "chinese-japanese-korean": "東京都の山田太郎とソウルの김철수、北京的王小明。",
    "emoji": "👩🏽\u200d🚒 Ann 😀 met 👨\u200d👩\u200d👧\u200d👦 Bo ❤\ufe0f",
    "flags": "Ann 🇦🇹🇫🇷🇦 in 🏴\U000e0067\U000e0062\U000e007f Wien.",
    "right-to-left": "פגשתי את דנה בירושלים. قابلت محمدا في القاهرة، \u202bAnn\u202c \u2067Bo\u2069 \u202eCarl\u202c",
    "invisible": "An\u200bn\u200c L\u200dee\u2060 me\ufefft\u00ad B\u00ado\u180e\u034f in\u200e Pa\u200fris.",
    "stacked-marks": "A\u0301\u0302\u0303\u0316\u0317\u0489nn"
    + "\u0335\u0344\u0363" * 500
    + " met Z"
    + "\u0300" * 3000
    + "oë.",
    "line-ends": "Ann\u2028Bo\u2029Carl\x85Dora\x0bEve\x0cFay\x1cGus\x1dHal\x1eIda\x1fJan",
    "more-line-ends": "Kim\r\nLee\rMax\n\rNed\n\nOz\u00a0Pat\u3000Quin.\r",
    "private-and-no-characters": "Ann \ue000\uf8ff \U000f0000 Bo\ufffe \uffff \ufdd0 \U0010ffff Carl \u0378.",
    "letters": "İstanbul ıllık Iğdır ﬁnance ﬃ Ａｎｎ　Ｌｅｅ ß ẞ ǅ \u1e9b\u0323 \u2126 \u212a ﷺ \u0149 K\u0327elvin.",
    "mathematics": "𝒜nn 𝔅o ① ½ ² Ⅷ ㎏ 𝟙𝟚 ∑ⁿ₁ A\u20dd.",
    "scripts": "สมชายกินข้าวที่กรุงเทพ นายกฯ राम ने क्षत्रिय ಕನ್ನಡ \u0f40\u0f72 ᠮᠣᠩᠭᠣᠯ \u1100\u1161\u11a8 \U00012000 ꯃꯤꯇꯩ.",
    "controls": "Ann\x01\x02\x08\x1b[31mBo\x7f\x80\x9f \ufffc\ufffd\ufff9Carl\ufffa\ufffb Dora.",
    "marks-alone": "'\"“”()[]{}<>.,;:!?…—–-_+=*/\\|@#$%^&~`" * 40 + " \u0301 \u200d \ufe0f \U0001f3fd",
    "markup": "<script>alert('Ann')</script> {{7*7}} ${Bo} %s %n '; DROP TABLE entity;-- =1+1 [CLS] [SEP] </s> ##ing",
    "mail-without-end": "a" * 70
    + "@"
    + "b." * 3000
    + " "
    + "www." * 2000
    + " "
    + "1-" * 2000
    + " "
    + "n't" * 2000,
    "white-space": " \t\r\n\u2003\u2028\x1f" * 1000,
    "one-word-of-many-pieces": "Ann met " + "a-" * 5000 + "a in Paris.",
    "no-space": "a" * (10 * _MEGA),
    "no-space-but-marks": "Ann" + "\u0301\u0316" * (5 * _MEGA) + " met Bo.",
}
#: As a JSON string, since no file of text can hold them.
RECORDS = {
    "nul": ("Ann\0Bo \0met\0 Carl.", "Ann\ufffdBo \ufffdmet\ufffd Carl."),
    "surrogates": (
        "Ann \ud800Bo \udfff\ud83d Carl \ud83d\ude00 Dora",
        "Ann \ufffdBo \ufffd\ufffd Carl 😀 Dora",
    ),
}


@pytest.mark.timeout(600)
def test_every_word_is_read_and_every_entity_is_where_it_says(
    database_url: str, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    write(tmp_path / "in")
    submitted = run(
        "submit", "in", "--json", "--quiet", NERQ_DATABASE=database_url, NERQ_MODEL=str(tiny_checkpoint)
    )
    assert submitted.returncode == 0, submitted.stderr
    answer = json.loads(submitted.stdout)
    assert answer["extractions"]["done"] == answer["sources"] == len(TEXTS) + len(RECORDS)

    database = open_database(database_url)
    texts = {
        Path(row.path).stem if row.record is None else row.record: row.text for row in everything(database)
    }
    assert texts == {**TEXTS, **{name: stored for name, (_, stored) in RECORDS.items()}}
    assert_all_is_read(database)
    assert_entities_are_where_they_say(database)
    database.close()


def write(folder: Path) -> None:
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / f"{name}.txt").write_bytes(text.encode())
    lines = [json.dumps({"id": name, "text": text}) for name, (text, _) in RECORDS.items()]
    (folder / "records.jsonl").write_text("\n".join(lines))


def everything(database: Database) -> list[store.JobDocument]:
    return list(store.job_documents(database, 1))


def assert_all_is_read(database: Database) -> None:
    query = "SELECT text, n_chars, n_words, n_words_read FROM document JOIN extraction ON document_id = document.id"
    with database.read() as connection:
        rows = connection.execute(sqlalchemy.text(query)).all()
    for row in rows:
        assert row.n_chars == len(row.text)
        assert row.n_words == row.n_words_read == len(split_words(row.text))
        assert (row.n_words == 0) == (not row.text.strip())


def assert_entities_are_where_they_say(database: Database) -> None:
    n_entities, n_beyond = 0, 0
    for document in everything(database):
        for entity in document.entities:
            assert document.text[entity.start : entity.end] == entity.text
            n_entities += 1
            n_beyond += not document.text[: entity.end].isascii()
    assert n_beyond > 100, "the tiny model found too little for this test to say much"
    # The database counts as Python does: its own substring is the entity as well.
    agree = """
        SELECT count(*) FROM entity JOIN extraction ON extraction_id = extraction.id
        JOIN document ON document_id = document.id
        WHERE substr(document.text, entity.start + 1, entity."end" - entity.start) = entity.text
    """
    with database.read() as connection:
        assert connection.execute(sqlalchemy.text(agree)).scalar_one() == n_entities

"""A job as large as a page of it must bear, with pages, failures and names that would break a page that trusts them."""

from __future__ import annotations

import random
from itertools import accumulate

from tests.evaluation import HOSTILE
from tests.samples import RUN, claimed, failed_source, new_document, result
from worker import store
from worker.store import Database, ModelFacts, NewEntity, NewSource
from worker.text import storable

_LABELS = ("PER", "ORG", "LOC", "MISC")
MODEL = ModelFacts("c" * 64, "general", "/models/general", ("O", *(f"B-{label}" for label in _LABELS)))
_FIRST = "Ann Bo Cem Dana Eli Fay Gus Hana Ivo Jun Kay Leo Mia Nils Ola Pia Quin Rhea Sam Tess".split()
_LAST = "Abbott Baker Costa Duarte Evans Fischer Grant Hoang Ito Jensen Kowalski Larsen Meyer Novak".split()
_PLACES = "Lyon Oslo Turin Graz Leeds Porto Malmö Split Ghent Basel Kraków Cádiz Århus Łódź".split()
_WORDS = (
    "the lease of premises shall end with notice given by each party before rent falls due and no waiver of any "
    "term binds unless written and signed while costs are borne as agreed under this deed"
).split()


def make_big_job(db: Database, n_documents: int, n_chars: int = 3_000) -> int:
    """A job of documents of about so many characters, read but for a few; the same in each run."""
    # Each document of its own numbers, so that a smaller job is the beginning of a larger one.
    texts = [_write(random.Random(number), n_chars) for number in range(n_documents)]  # noqa: S311
    job_id = store.create_job(db, "Leases of the north", MODEL, {})
    sources = [
        NewSource(
            path=f"/data/leases/{number // 100:02}/lease-{number:05}.txt",
            document=new_document(text),
            page_starts=tuple(range(0, len(text), 1_500)) if number % 3 == 0 else None,
        )
        for number, (text, _) in enumerate(texts)
    ]
    failed = [failed_source(f"/data/leases/{i}.pdf", code) for i, code in enumerate(_CODES * 4)]
    hostile = [
        NewSource(path=f"/data/leases/{name}", document=new_document(f"{name} said so to {name}.\r\n{i}"))
        for i, name in enumerate(map(storable, HOSTILE))
    ]
    for first in range(0, len(sources), 500):
        store.add_sources(db, job_id, sources[first : first + 500])
    store.add_sources(db, job_id, [*failed, *hostile])
    store.close_job(db, job_id, {"hidden": 2, ".xls": 7})
    entities = dict(texts)
    results = [
        result(extraction, entities.get(extraction.text) or _hostile_entities(extraction.text))
        for extraction in claimed(db)
    ]
    for first in range(0, len(results), 500):
        store.finish(db, results[first : first + 500], RUN)
    return job_id


_CODES = ("undecodable", "too_large", "undecodable", "encrypted")


def _write(chance: random.Random, n_chars: int) -> tuple[str, list[NewEntity]]:
    """A text with names here and there, and the entities that they are."""
    parts: list[tuple[str, str | None]] = []
    length = 0
    while length < n_chars:
        sentence = [" ".join(chance.choices(_WORDS, k=chance.randint(6, 18))).capitalize() + " "]
        name, label = _name(chance)
        parts += [(sentence[0], None), (name, label), (".\n\n" if chance.random() < 0.3 else ". ", None)]
        length += len(sentence[0]) + len(name) + 2
    starts = accumulate((len(text) for text, _ in parts), initial=0)
    text = "".join(text for text, _ in parts)
    return text, [
        NewEntity(start, start + len(name), label, name, round(1 - chance.random() ** 3 * 0.6, 4))
        for start, (name, label) in zip(starts, parts, strict=False)
        if label
    ]


def _name(chance: random.Random) -> tuple[str, str]:
    label = chance.choices(_LABELS, (5, 3, 4, 1))[0]
    # The square makes a few names frequent and many rare, as in real texts.
    first, last, place = (_pick(chance, names) for names in (_FIRST, _LAST, _PLACES))
    made = {
        "PER": f"{first} {last}",
        "ORG": f"{last} & {_pick(chance, _LAST)} Ltd",
        "LOC": place,
        "MISC": f"{place}er",
    }
    return made[label], label


def _pick(chance: random.Random, names: list[str]) -> str:
    return names[int(chance.random() ** 2 * len(names))]


def _hostile_entities(text: str) -> list[NewEntity]:
    name = text[: text.index(" said so")]
    starts = (0, text.rindex(name))
    return [NewEntity(start, start + len(name), "PER", name, 0.5) for start in starts]

"""A folder as people have them: every kind of file, good, broken and hostile."""

from __future__ import annotations

import gzip
import io
import json
from email.message import EmailMessage
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from fpdf import FPDF
from PIL import Image

from tests.office import convert, make_docx, make_fodt, make_zip, paragraph
from worker.documents.formats.package import MAX_UNPACKED_BYTES

#: In every text, and in no message.
NAME = "Anna Weiß"
LINE = f"{NAME} met Bob of Acme Corp. in Paris."
#: In place of a code: the file is one of many sources, which are in `MEMBERS`.
MANY = "many"
MASTER = "<style:header><text:p>Smith LLP</text:p></style:header>"
TABLE = (
    "<table:table><table:table-column table:number-columns-repeated='2'/><table:table-row>"
    f"<table:table-cell><text:p>{NAME}</text:p></table:table-cell>"
    "<table:table-cell><text:p>Lessee</text:p></table:table-cell></table:table-row></table:table>"
)


def make_mess(folder: Path, workshop: Path) -> dict[str, str | None]:
    """Write the files; what becomes of each source: the code of its error, or None.

    What is not in the answer is to be passed over.
    """
    folder.mkdir()
    workshop.mkdir()
    files: dict[str, tuple[bytes, str | None]] = {}
    for make in (_texts, _pdfs, _office, _mails, _tables, _archives):
        files |= make(workshop)
    for name, (data, _) in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    for name in (".hidden.txt", "photo.png", "README", "app.jar", "backup.tar.gz"):
        (folder / name).write_bytes(b"\x89PNG")
    (folder / "link.txt").symlink_to("good.txt")
    return {**{name: code for name, (_, code) in files.items() if code != MANY}, **MEMBERS}


def _texts(_workshop: Path) -> dict[str, tuple[bytes, str | None]]:
    return {
        "good.txt": (LINE.encode(), None),
        "latin.txt": ((LINE + " Zürich, Köln, François.").encode("cp1252"), None),
        "notes/wide.md": (LINE.encode("utf-16"), None),
        "empty.txt": (b"", None),
        "torn.txt": (b"\xff\xfe\x00\xd8\x01", "undecodable"),
        "program.txt": (b"\x7fELF" + bytes(100), "unsupported"),
        "page.html": (f"<!doctype html><title>{NAME}</title><p>{LINE}<script>x()</script>".encode(), None),
        "page-without-name": (f"<html><body><table><tr><td>{LINE}</td></tr></table>".encode(), None),
        "deep.html": (b"<!doctype html>" + b"<div>" * 5_000 + LINE.encode(), None),
    }


def _pdfs(_workshop: Path) -> dict[str, tuple[bytes, str | None]]:
    whole = pdf(LINE, LINE)
    scan = FPDF()
    picture = io.BytesIO()
    Image.new("RGB", (600, 800), "grey").save(picture, "PNG")
    scan.add_page()
    scan.image(picture, x=0, y=0, w=210)
    locked = FPDF()
    locked.set_encryption("owner", "user")
    locked.add_page()
    locked.set_font("Helvetica")
    locked.cell(text="Secret")
    return {
        "a.pdf": (whole, None),
        "really-a-pdf.txt": (pdf(LINE + " Again."), None),
        "columns.pdf": (_columns(), None),
        "scan.pdf": (bytes(scan.output()), "no_text_layer"),
        "locked.pdf": (bytes(locked.output()), "encrypted"),
        "cut.pdf": (whole[: len(whole) // 3], "damaged"),
        "not.pdf": (b"just words", "damaged"),
    }


def pdf(*pages: str) -> bytes:
    document = FPDF()
    document.set_font("Helvetica", size=11)
    for text in pages:
        document.add_page()
        document.multi_cell(0, 6, text)
    return bytes(document.output())


def _columns() -> bytes:
    document = FPDF()
    document.add_page()
    document.set_font("Helvetica", size=10)
    with document.text_columns(ncols=2, gutter=10) as columns:
        columns.write((LINE + " ") * 60)
    with document.table() as table:
        for row in (("Name", "Role"), (NAME, "Lessee")):
            table.row(row)
    return bytes(document.output())


def _office(workshop: Path) -> dict[str, tuple[bytes, str | None]]:
    source = workshop / "lease.fodt"
    source.write_text(make_fodt(f"<text:p>{LINE}</text:p>{TABLE}", MASTER), encoding="utf-8")
    made = convert(source, "docx", "odt", "rtf", "html", "pdf")
    files: dict[str, tuple[bytes, str | None]] = {
        f"office/lease.{suffix}": (path.read_bytes(), None) for suffix, path in made.items()
    }
    word = made["docx"].read_bytes()
    bomb = make_docx(" " * (MAX_UNPACKED_BYTES + 1))
    return files | {
        "office/tracked.docx": (make_docx(f"<w:p><w:ins>{paragraph(LINE)}</w:ins></w:p>"), None),
        "office/cut.docx": (word[:-300], "damaged"),
        "office/bomb.docx": (bomb, "too_large"),
        "office/old.doc.txt": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "unsupported"),
    }


def _mails(_workshop: Path) -> dict[str, tuple[bytes, str | None]]:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = f"{NAME} <a@example.org>", "b@example.org", "Lease"
    mail["Message-ID"] = "<1@example.org>"
    mail.set_content(LINE)
    mail.add_alternative(f"<p>{LINE}</p>", subtype="html")
    mail.add_attachment(pdf(LINE), maintype="application", subtype="pdf", filename="lease.pdf")
    return {"mail/lease.eml": (mail.as_bytes(), None), "mail/unnamed": (mail.as_bytes() + b"\n", None)}


def _tables(_workshop: Path) -> dict[str, tuple[bytes, str | None]]:
    parquet = io.BytesIO()
    pq.write_table(pa.table({"id": ["p1"], "text": [LINE + " In Parquet."]}), parquet)  # type: ignore[no-untyped-call]
    rows = f'id;body;day\nc1;"{LINE} In a table.";2020\nc2;too;many;cells\n'
    return {
        "data/notes.csv": (rows.encode("utf-8-sig"), MANY),
        "data/tabs.tsv": (f"id\ttext\nt1\t{LINE} In tabs.\n".encode(), MANY),
        "data/unclear.csv": (b"first,second\na,b\n", "missing_text"),
        "data/n.parquet": (parquet.getvalue(), MANY),
        "data/cut.parquet": (parquet.getvalue()[:-9], "damaged"),
        "data/r.jsonl": (json.dumps({"text": f"{LINE} In JSON."}).encode() + b"\n{", MANY),
        "data/r.jsonl.gz": (gzip.compress(json.dumps({"text": f"{LINE} Compressed."}).encode()), MANY),
        "data/cut.txt.gz": (gzip.compress(LINE.encode() * 99)[:-9], "damaged"),
    }


MEMBERS: dict[str, str | None] = {
    "box.zip/a.txt": None,
    "box.zip/inner.zip/b.pdf": None,
    "box.zip/inner.zip/bad.pdf": "damaged",
    "bomb.zip/0.txt": "unsupported",
    "bomb.zip/1.txt": "unsupported",
    "bomb.zip/2.txt": "too_large",
    "locked.zip/a.txt": "encrypted",
    "data/notes.csv#c1": None,
    "data/notes.csv#3": "bad_row",
    "data/tabs.tsv#t1": None,
    "data/n.parquet#p1": None,
    "data/r.jsonl#1": None,
    "data/r.jsonl#2": "bad_json",
    "data/r.jsonl.gz#1": None,
}


def _archives(_workshop: Path) -> dict[str, tuple[bytes, str | None]]:
    inner = make_zip(
        {"b.pdf": pdf(LINE + " Inside."), "bad.pdf": b"%PDF-1.7 and no more", "x.png": b"\x89PNG"}
    )
    locked = bytearray(make_zip({"a.txt": "Secret"}))
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    return {
        "box.zip": (make_zip({"a.txt": LINE + " In a box.", "inner.zip": inner}), MANY),
        "bomb.zip": (make_zip({f"{i}.txt": bytes(49_000_000) for i in range(3)}), MANY),
        "locked.zip": (bytes(locked), MANY),
        "cut.zip": (inner[:-40], "damaged"),
    }

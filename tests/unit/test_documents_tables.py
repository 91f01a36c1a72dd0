"""Tables: one document for each row, the other columns beside it, a bad row alone with its reason."""

from __future__ import annotations

import csv
import datetime
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from worker.documents import Document, ReadOptions, Skipped, Source, Table, read_sources
from worker.errors import InputError


def read(name: str, **options: Any) -> list[Source]:
    return list(read_sources([name], ReadOptions(**options)))


def write(data: str | bytes, name: str = "a.csv") -> str:
    Path(name).write_bytes(data.encode() if isinstance(data, str) else data)
    return name


def texts(sources: list[Source]) -> list[str | None]:
    return [
        source.document.text if source.document else source.error and source.error.code for source in sources
    ]


def understood(name: str, **options: Any) -> Table:
    found: list[Table] = []
    list(read_sources([name], ReadOptions(**options), on_table=found.append))
    (table,) = found
    return table


def test_each_row_is_a_source_with_its_other_columns() -> None:
    write('\ufeffid,text,date,\r\nn1,"Zoë met\r\n""Bo"", twice",2020-01-02,x\r\n\r\nn2,Ann,,\r\n')
    sources = read("a.csv")
    assert texts(sources) == ['Zoë met\r\n"Bo", twice', "Ann"]
    assert [source.record for source in sources] == ["n1", "n2"]
    assert [source.metadata for source in sources] == [{"date": "2020-01-02", "": "x"}, {"date": "", "": ""}]
    assert {(source.path, source.media_type, source.encoding) for source in sources} == {
        ("a.csv", "text/csv", "utf-8")
    }


@pytest.mark.parametrize(
    ("data", "delimiter"),
    [
        ("id;text\n1;Ann, of Acme, London\n2;Bo, too\n", ";"),
        ("id\ttext\n1\tAnn, of Acme; London\n", "\t"),
        ("id|text\n1|Ann, of Acme\n2|Bo\n", "|"),
        ("id,text\n1,Ann; Bo; Cy\n2,Dan; Eve\n", ","),
        ("text\nAnn and Bo\n", ","),
    ],
)
def test_what_separates_the_columns_is_found_out(data: str, delimiter: str) -> None:
    table = understood(write(data))
    assert (table.delimiter, table.text_field) == (delimiter, "text")


def test_what_separates_the_columns_can_be_said() -> None:
    write("id,x;text\n1;Ann\n")
    assert texts(read("a.csv", delimiter=";")) == ["Ann"]
    with pytest.raises(InputError, match="one character"):
        ReadOptions(delimiter="::")


def test_quotes_in_a_file_of_tabs_are_part_of_the_text_where_they_quote_nothing() -> None:
    write('id\ttext\n1\t"Yes" he said\n2\tAnn 5" tall\n', "a.tsv")
    assert texts(read("a.tsv")) == ['"Yes" he said', 'Ann 5" tall']
    write('id\ttext\n1\t"Ann\tand ""Bo"""\n', "b.tsv")
    assert texts(read("b.tsv")) == ['Ann\tand "Bo"']


def test_backslashes_before_quotes_are_understood_where_quotes_are_not_doubled() -> None:
    write('id,text\n1,"Ann said \\"no, thanks\\""\n2,"Bo"\n')
    assert texts(read("a.csv")) == ['Ann said "no, thanks"', "Bo"]


def test_a_bad_row_fails_alone_and_is_named_by_its_line() -> None:
    write(
        b"id,text,n\na,ok,1\nb,short\nc,long,1,2\n"
        b'd,"torn" apart,1\ne,caf\xe9,1\n,unnamed,1\n\nf,"two\nlines",1\ng,"'
        + b"x" * 200
        + b'",1\nh,last,1\n'
    )
    rows = "Zoë, ".encode()  # what is almost UTF-8 is UTF-8
    Path("a.csv").write_bytes(Path("a.csv").read_bytes() + b"z," + rows * 3 + b",1\n")
    sources = read("a.csv", max_file_bytes=150)
    assert texts(sources) == [
        *("ok", "bad_row", "bad_row", "bad_row", "undecodable", "unnamed", "two\nlines", "too_large", "last"),
        "bad_row",
    ]
    assert [source.record for source in sources] == ["a", "3", "4", "5", "e", "7", "f", "11", "h", "13"]


def test_a_quote_that_is_never_closed_costs_its_rows_and_says_which() -> None:
    write('id,text\n1,ok\n2,"open\n3,Ann\n')
    first, second = read("a.csv")
    assert texts([first, second]) == ["ok", "bad_row"]
    assert second.error is not None
    assert second.error.detail.startswith("lines 3 to 4: ")


def test_a_text_of_megabytes_is_one_cell() -> None:
    text = 'Ann "met" Bo,\n' * 200_000
    with Path("a.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["id", "text"], ["1", text], ["2", "Bo"]])
    assert texts(read("a.csv")) == [text, "Bo"]


@pytest.mark.parametrize(
    ("encoding", "found"),
    [("utf-16", "utf-16"), ("utf-8-sig", "utf-8"), ("cp1252", "cp1252"), ("utf-16-le", "utf-16-le")],
)
def test_the_encoding_of_a_table_is_found_out_as_that_of_a_text(encoding: str, found: str) -> None:
    rows = "id,text\n" + "".join(f"{i},François a signé à Orléans l’été dernier.\n" for i in range(20))
    sources = read(write(rows.encode(encoding)))
    assert texts(sources) == ["François a signé à Orléans l’été dernier."] * 20
    assert {source.encoding for source in sources} == {found}


def test_odd_letters_after_a_megabyte_of_plain_ones_decide_too() -> None:
    write(b"id,text\n" + b"1,Ann met Bo\n" * 120_000 + "2,François à Orléans\n".encode("cp1252") * 9)
    assert texts(read("a.csv"))[-1] == "François à Orléans"


def test_old_line_ends_and_wide_characters() -> None:
    assert texts(read(write("id,text\r1,Ann\r2,Bo\r"))) == ["Ann", "Bo"]


@pytest.mark.parametrize(
    ("header", "text", "name"),
    [
        ("ID,Text", "Text", "ID"),
        ("note_id,body,date", "body", "note_id"),
        ("x,Content", "Content", None),
        ("id,doc_id,text", "text", "id"),
        ("doc_id,note_id,text", "text", None),
    ],
)
def test_the_column_with_the_text_is_the_one_that_can_only_be_it(
    header: str, text: str, name: str | None
) -> None:
    table = understood(write(f"{header}\n{','.join('abc'[: header.count(',') + 1])}\n"))
    assert (table.text_field, table.id_field) == (text, name)


@pytest.mark.parametrize("header", ["body,note", "a,b", "text,text"])
def test_a_table_without_a_clear_column_of_text_says_which_there_are(header: str) -> None:
    (source,) = read(write(f"{header}\nx,y\n"))
    assert source.error is not None
    assert source.error.code in ("missing_text", "bad_table")
    if header != "text,text":
        assert all(repr(column) in source.error.detail for column in header.split(","))
    (source,) = read("a.csv", text_field="c")
    assert source.error is not None
    assert "no column 'c'" in source.error.detail


def test_a_first_row_of_text_is_not_quoted_in_the_reason() -> None:
    text = "Anna Weiß met Bob in Paris and they talked about Acme Corporation"
    (source,) = read(write(f"{text},{text} again\nx,y\n"))
    assert source.error is not None
    assert "Anna" not in str(source.error)


def test_columns_with_one_name_are_all_kept() -> None:
    (source,) = read(write("text,n,n,n\nAnn,1,2,3\n"))
    assert source.metadata == {"n": "1", "n (2)": "2", "n (3)": "3"}
    (source,) = read(write("text,n,n,n (2)\nAnn,1,2,3\n"))
    assert source.metadata == {"n": "1", "n (2)": "3", "n (3)": "2"}


def test_a_table_without_rows_is_passed_over() -> None:
    skipped: list[Skipped] = []
    write("id,text\n", "a.csv")
    write("", "b.csv")
    assert list(read_sources(["a.csv", "b.csv"], ReadOptions(), skipped.append)) == []
    assert skipped == [Skipped("a.csv", "no records"), Skipped("b.csv", "no records")]


def test_fields_of_a_json_record_are_kept_as_json_has_them() -> None:
    record = {"id": 1, "text": "Ann", "n": 1.5, "more": {"a": [True, None, "x\0y"]}}
    Path("a.jsonl").write_text(
        json.dumps(record) + '\n{"text": "Bo", "n": NaN, "m": 1e999}\n{"text": "Cy"}\n'
    )
    sources = read("a.jsonl")
    assert [source.metadata for source in sources] == [
        {"n": 1.5, "more": {"a": [True, None, "x\ufffdy"]}},
        {"n": "nan", "m": "inf"},
        None,
    ]


# Parquet.


def write_parquet(columns: dict[str, Any], name: str = "a.parquet", **options: Any) -> None:
    pq.write_table(pa.table(columns), name, **options)  # type: ignore[no-untyped-call]


def test_each_row_of_a_parquet_file_is_a_source() -> None:
    write_parquet(
        {
            "key": [7, 8, 9],
            "body": ["Zoë", None, "Bo\0\r\n😀"],
            "day": [datetime.date(2020, 1, 2)] * 3,
            "tags": [["a"], [], None],
            "scan": [b"\x00", None, b"x"],
        },
        row_group_size=2,
    )
    sources = read("a.parquet")
    assert texts(sources) == ["Zoë", "missing_text", "Bo\ufffd\r\n😀"]
    assert [source.record for source in sources] == ["7", "8", "9"]
    assert sources[0].metadata == {"day": "2020-01-02", "tags": ["a"]}
    assert sources[0].media_type == "application/vnd.apache.parquet"
    assert understood("a.parquet") == Table("a.parquet", None, "body", "key", ("scan",))


def test_a_parquet_file_without_strings_for_text_or_cut_short_is_one_source_with_a_reason() -> None:
    write_parquet({"text": [1, 2]}, "n.parquet")
    write_parquet({"text": ["Ann"] * 1000}, "cut.parquet")
    Path("cut.parquet").write_bytes(Path("cut.parquet").read_bytes()[:-20])
    assert texts(read("n.parquet")) == ["missing_text"]
    assert texts(read("cut.parquet")) == ["damaged"]


def test_a_parquet_file_is_known_by_its_content() -> None:
    write_parquet({"text": ["Ann"]})
    Path("a.parquet").rename("export")
    assert [source.document for source in read("export")] == [Document.of("Ann")]

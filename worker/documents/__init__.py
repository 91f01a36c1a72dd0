"""A path -> its documents: one reader per format, the limits, the encoding rule.

reading.py         paths -> sources, one after another; the way in
files.py           folders -> the files in them, what is skipped and why
opening.py         open a regular file and nothing else
turns.py           which files are read here, which by processes, and in which order they come out
reader_pool.py     the processes that read
reader_order.py    files that are read together, and how far they are
reader_process.py  one of the processes, as its parent sees it
reader_child.py    the far side, with its limits of time and memory
visit.py           the way through a file, which a new process goes on where one died
file_reading.py    one file -> its sources, by the kind of its content
kinds.py           the kind of a file, by its name and its first bytes
content.py         what is in a file, wherever it lies
archives.py        a zip archive as a folder
compressed.py      a .gz file as what is in it
bounds.py          how much may come out of both
text_file.py       a file that is one document -> one source
records.py         a JSON Lines file -> one source for each record
tables.py          a CSV or TSV file -> one source for each row
dialects.py        how such a table is written
parquet.py         a Parquet file -> one source for each row
fields.py          which field is the text and which the id, and what is kept of the others
decoding.py        bytes -> text: the encoding rule
guessing.py        the encoding of bytes that do not say
formats/           PDF, Word and other formats -> text
options.py         what a submit may ask for
document.py        the values: Document, Source, Skipped, Table
"""

from worker.documents.document import Document, Skipped, Source, Table
from worker.documents.files import FoundFile, find_files
from worker.documents.options import ReadOptions
from worker.documents.reading import STANDARD_INPUT, read_sources

__all__ = [
    "STANDARD_INPUT",
    "Document",
    "FoundFile",
    "ReadOptions",
    "Skipped",
    "Source",
    "Table",
    "find_files",
    "read_sources",
]

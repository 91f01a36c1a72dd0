"""A path -> its documents: one reader per format, the limits, the encoding rule.

reading.py    paths -> sources, one after another; the way in
files.py      folders -> the files in them, what is skipped and why
opening.py    open a regular file and nothing else
text_file.py  a plain text file -> one source
records.py    a JSON Lines file -> one source for each record
decoding.py   bytes -> text: the encoding rule
guessing.py   the encoding of bytes that do not say
options.py    what a submit may ask for
document.py   the values: Document, Source
"""

from worker.documents.document import Document, Source
from worker.documents.files import FoundFile, Skipped, find_files
from worker.documents.options import ReadOptions
from worker.documents.reading import STANDARD_INPUT, read_sources

__all__ = [
    "STANDARD_INPUT",
    "Document",
    "FoundFile",
    "ReadOptions",
    "Skipped",
    "Source",
    "find_files",
    "read_sources",
]

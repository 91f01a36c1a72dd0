"""Formats that carry entities; one file per format, each reads and writes.

reading.py     a path -> AnnotatedFile, in whichever format the file is
conll.py       one word a line, a blank line between sentences
jsonl.py       one document a line, with its text and character spans
annotated.py   the values: Span, AnnotatedDocument, AnnotatedFile
tags.py        tagging schemes: recognise IOB1, IOB2 and BIOES, tags <-> entities
detokenise.py  words -> text as in print, with the offsets of the words
words.py       find words in a text, or cut a text into words at given boundaries
lines.py       the numbered lines of a UTF-8 file, and a file written whole or not at all
"""

from worker.annotations.annotated import AnnotatedDocument, AnnotatedFile, Offsets, Span
from worker.annotations.conll import write_conll
from worker.annotations.jsonl import write_jsonl
from worker.annotations.reading import read_annotations
from worker.annotations.tags import SCHEMES, Scheme
from worker.annotations.words import cut_words, locate_words

__all__ = [
    "SCHEMES",
    "AnnotatedDocument",
    "AnnotatedFile",
    "Offsets",
    "Scheme",
    "Span",
    "cut_words",
    "locate_words",
    "read_annotations",
    "write_conll",
    "write_jsonl",
]

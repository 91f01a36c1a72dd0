"""Formats that carry entities; one file per format, each reads and writes.

reading.py     a path -> AnnotatedFile, in whichever format the file is
writing.py     documents -> a file or folder in the format that is asked for
conll.py       one word a line, a blank line between sentences
jsonl.py       one document a line, with its text and character spans
doccano.py     the same as the annotation tool doccano has it
label_studio.py  a JSON array of Label Studio's tasks
brat.py        brat standoff: a folder of texts, each with its annotations in a file beside it
annotated.py   the values: Span, AnnotatedDocument, AnnotatedFile
problems.py    what a file holds that its format does not allow, and where
fitting.py     spans as a file has them -> spans that fit their text and leave room for each other
tags.py        tagging schemes: recognise IOB1, IOB2 and BIOES, tags <-> entities
detokenise.py  words -> text as in print, with the offsets of the words
words.py       find words in a text, or cut a text into words at given boundaries
units.py       what offsets count: characters, UTF-16 units, bytes
lines.py       the numbered lines of a UTF-8 file, and a file or folder written whole or not at all
"""

from worker.annotations.annotated import (
    FORMATS,
    AnnotatedDocument,
    AnnotatedFile,
    Format,
    Offsets,
    Span,
)
from worker.annotations.brat import write_brat
from worker.annotations.conll import write_conll
from worker.annotations.doccano import write_doccano
from worker.annotations.jsonl import write_jsonl
from worker.annotations.label_studio import write_label_studio
from worker.annotations.problems import OnProblem, Place, Problem, ProblemKind
from worker.annotations.reading import read_annotations
from worker.annotations.tags import SCHEMES, Scheme
from worker.annotations.words import cut_words, locate_words, squeeze
from worker.annotations.writing import write_annotations

__all__ = [
    "FORMATS",
    "SCHEMES",
    "AnnotatedDocument",
    "AnnotatedFile",
    "Format",
    "Offsets",
    "OnProblem",
    "Place",
    "Problem",
    "ProblemKind",
    "Scheme",
    "Span",
    "cut_words",
    "locate_words",
    "read_annotations",
    "squeeze",
    "write_annotations",
    "write_brat",
    "write_conll",
    "write_doccano",
    "write_jsonl",
    "write_label_studio",
]

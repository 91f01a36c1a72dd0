"""Coverage-guided fuzzing: bytes that nobody thought of, against what must hold for any bytes.

target.py   what a target is
texts.py    words, sentences, windows and packs of any text
formats.py  annotated files
sources.py  documents as they are submitted
engine.py   one target under atheris, in a process of its own
__main__.py all targets for some seconds each, or one input again
"""

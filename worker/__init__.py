"""What turns documents into stored entities: readers, model, database and queue.

A document's way: `documents` reads a file, `store` keeps its text and an extraction for each model that is to
read it, `queue` hands extractions to processes, `recognition` finds the entities of a text, and `store` keeps
those. Formats that carry entities are `annotations`; the models that come with nerq are in `models/`.

errors.py     every error, and what each one makes happen
settings.py   NERQ_* variables and nerq.toml
log.py        logs without document text
text.py       what a text may hold

Imports point one way: `queue` uses the other folders, and these do not use each other's insides.
"""

"""Stored documents with their entities -> files in the formats of other tools.

- `selection` the documents of a job that go out, with the entities asked for, and the account of what does not
- `words` the words and sentences of a document, as its model reads them
- `streams` the formats that are text, one document after another; `csv_rows` is one of them
- `parquet` and `spacy_docs` the formats of other libraries, each an extra; `brat_folder` a folder of pairs
- `places` names of sources -> names of files in a folder, whatever those names hold
"""

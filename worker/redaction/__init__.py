"""Copies of stored documents with their names replaced.

- `signs` what stands in the place of a name: a block, its label, a pseudonym, a keyed hash
- `name_map` which sign stands for which name, in a file for its owner alone
- `occurrences` the further places at which a name stands that was found somewhere
- `copies` the copies, in a folder that mirrors that of the documents
- `account` what was replaced where, without the names
- `job` all of it for a job
"""

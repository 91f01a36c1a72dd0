"""The command line: one command a file, each parses its arguments, makes one call and renders the answer.

main.py      the table of commands, and what each kind of error looks like to a person
session.py   settings, logging and the database of one command
options.py   options that several commands share
output.py    standard output and standard error
render.py    rows and single answers as table, json, jsonl or csv
table.py     aligned columns that fit the terminal
visible.py   control characters made visible, so that no document can drive a terminal
quantity.py  numbers, durations and sizes for people
progress.py  the live line on standard error: a bar in a terminal, plain lines elsewhere
intake.py    sources -> chunks -> the store (what `submit` feeds)
follow.py    open work followed to its end (what `submit` and `retry` wait on)
standing.py  how a job stands: in one word, as facts, as an object
workers.py   the workers that are alive, and what to say when none is
checks.py    the checks of `doctor`; broker_checks.py has those of Redis
choose.py    a model named on the command line -> its id in the database

Standard output carries answers, standard error everything else. Nothing here imports torch.
"""

"""Labelled data -> checkpoint; stored entities and gold -> scores.

The way of a training run:

- `data` turns annotated files into words with labels; `word_rule` finds the rule that cuts words as the data does
- `base` opens the encoder to start from
- `batches` cuts every epoch's documents into windows of mixed lengths and groups them
- `dev` scores every epoch, and finds the window that the model reads best in
- `train` is the run: options in, a checkpoint folder out
- `facts` gathers what the checkpoint remembers of its making, `folder` and `card` write it

Scoring:

- `scoring` compares two sets of spans with seqeval
- `evaluation` scores a job's stored entities against gold

`minilm` turns all-MiniLM-L6-v2 into a DistilBERT, the start of the bundled model.
"""

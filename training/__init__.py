"""Labelled data -> checkpoint; stored entities and gold -> scores.

The way of a training run:

- `options` says what is asked for; `data` turns annotated files into words with labels; `word_rule` finds the rule
  that cuts words as the data does (`check` tells what is wrong with the data)
- `base` opens the encoder to start from, `teacher` asks a larger model what it thinks of each word
- `batches` cuts every epoch's documents into windows of mixed lengths and groups them
- `objective` is the loss (`crf`: of a linear chain), `learner` the network with it, `optimizer` says which parameters
  learn how fast, `precision` what is computed in
- `trainer` steps through the epochs, `work` keeps what an interrupted run is resumed from, `processes` lets several
  processes of a launcher run together
- `dev` scores every epoch, and finds the window that the model reads best in
- `train` is the run: options in, a checkpoint folder out
- `facts` gathers what the checkpoint remembers of its making, `folder` and `card` write it, `onnx` exports it

Scoring:

- `scoring` compares two sets of spans with seqeval
- `assessment` is all that is said of predictions beside gold: `matching` (four readings of found), `pairing` and
  `confusion`, `intervals` over `units`, `reliability`, `threshold`, `mistakes`
- `comparison` tells a better system from a lucky one
- `evaluation` scores a job's stored entities against gold, or what a model finds in it; `report` draws it as a page

`pretrained` fetches encoders that are published as Python packages; `minilm` turns one into a DistilBERT, the start
of the bundled models.
"""

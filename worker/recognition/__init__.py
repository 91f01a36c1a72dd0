"""Texts -> entities. Knows nothing of files, SQL or queues.

A text goes through these files in order:

- `checkpoint` opens a model, with the word rule and the window policy that belong to it (`labels`: its label set)
- `words` cuts the text into words, `sentences` finds the sentences, `pieces` cuts words into subword pieces
- `windows` groups sentences into windows, `packing` groups windows into packs (`reading` holds a prepared text)
- `engine` runs packs through the network: `engine_openvino` on a CPU, with a network that `openvino_network` converts
  and `network_cache` keeps (in 8 bits: `int8`), else `engine_torch`; `engines` chooses, `pack_budget` says how large
  packs are
- `alignment` takes one row per word, `decoding` makes labels of rows (`chains`: of whole sentences, joined by
  `transitions`), `spans` makes entities of labels (`entity`)
- `recognizer` is all of it, one line per step
"""

from worker.recognition.checkpoint import Checkpoint, bundled_models
from worker.recognition.entity import Entity, Recognition
from worker.recognition.recognizer import Recognizer, open_recognizer

__all__ = ["Checkpoint", "Entity", "Recognition", "Recognizer", "bundled_models", "open_recognizer"]

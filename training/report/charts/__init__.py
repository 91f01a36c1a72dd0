"""The charts of an evaluation, drawn as those of `worker/html`.

dots.py         one dot a row, with its interval
heatmap.py      which label was found in the place of which
reliability.py  how often entities are right, by score
curves.py       precision, recall and F1 by threshold
"""

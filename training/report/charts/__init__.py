"""Charts drawn by hand: pure functions, data -> SVG.

svg.py          elements, axes and scales that all charts share
dots.py         one dot a row, with its interval
bars.py         parts of a whole, one bar a row
heatmap.py      which label was found in the place of which
reliability.py  how often entities are right, by score
curves.py       precision, recall and F1 by threshold

Each chart takes the width that it is drawn in, so that its text is as large on a phone as on a desk.
Colours are classes of page.css.
"""

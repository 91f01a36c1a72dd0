"""What nerq's HTML pages share: each is one file that asks for nothing, and what is somebody's text is escaped in it.

page.py          the environment of a page's template, and the hashes by which a browser knows its style and script
parts.html.j2    tables, headline and sections
base.css         their style: light, dark, print, phone
section.py       a chart with its sentence and its numbers
wording.py       numbers and hostile text as people read them
svg.py           elements, axes and scales that all charts share
bars.py          parts of a whole, one bar a row
rows.py          one count a row
columns.py       how many there are of each size

Charts are drawn by hand: pure functions, data -> SVG. Each takes the width that it is drawn in, so that its text is as
large on a phone as on a desk. Colours are classes of the style sheets.
"""

"""A job as one HTML page that needs nothing else: figures, charts, names, and documents with their entities marked.

content.py     what the page shows, taken from the database within limits
passages.py    a text, cut where an entity or a page begins or ends
embedding.py   values as data for the page's script
sections/      the charts, one a file
view.py        content -> what the template shows without the script
page.py        write_report: the page, written whole or not at all, for its owner alone
page.html.j2   the template; everything in it is escaped
page.css       what its style has in addition to that of all pages
script/        what filters, sorts and opens; it makes text, never markup
"""

from worker.report.content import Content, Limits, gather
from worker.report.page import write_report

__all__ = ["Content", "Limits", "gather", "write_report"]

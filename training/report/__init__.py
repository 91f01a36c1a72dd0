"""An evaluation as one HTML page that needs nothing else: no network, no script.

page.py        write_report: the page, written whole or not at all
view.py        evaluation -> what the template shows
sections/      what each of them shows, one a file
passages.py    an error's text, cut where gold or the model begins or ends
command.py     the command line that makes the page again
ratios.py      a score as rows of tables show it
charts/        data -> SVG, one chart a file
page.html.j2   the template; everything in it is escaped
page.css       what its style has in addition to that of all pages
"""

from training.report.page import write_report

__all__ = ["write_report"]

"""What control words of RTF mean for the text."""

from __future__ import annotations

#: Words that are a character.
CHARACTERS = {
    b"tab": "\t",
    b"line": "\n",
    b"lbr": "\n",
    b"emdash": "—",
    b"endash": "–",
    b"lquote": "‘",
    b"rquote": "’",
    b"ldblquote": "“",
    b"rdblquote": "”",
    b"bullet": "•",
    b"emspace": " ",
    b"enspace": " ",
    b"qmspace": " ",
    b"nestcell": "\t",
    b"nestrow": "\n",
}
#: Symbols that are one; a hyphen that is only asked for, and marks of indexes, are not shown.
SYMBOLS = {b"\\": "\\", b"{": "{", b"}": "}", b"~": "\u00a0", b"_": "-", b"\t": "\t"}
PARAGRAPH_ENDS = frozenset({b"par", b"sect", b"page", b"column"})

HEADERS = frozenset({b"header", b"headerl", b"headerr", b"headerf"})
FOOTERS = frozenset({b"footer", b"footerl", b"footerr", b"footerf"})
#: Groups that begin with one of these are no text of the document.
NOT_SHOWN = frozenset(
    b"colortbl stylesheet info pict filetbl revtbl xe tc tcn sp nonshppict shprslt nonesttables ftnsep ftnsepc ftncn "
    b"aftnsep aftnsepc aftncn fldinst datafield pgptbl private author title subject operator doccomm keywords rxe txe "
    b"listname listlevel listtext pntext mmathPr".split()
)
#: After `\\*` a reader leaves out what it does not know; these are known, and hold text.
KNOWN_AFTER_STAR = frozenset({b"shpinst", b"nesttableprops", b"footnote"})
COMMENT = b"annotation"

#: `\\fcharset` -> encoding of the bytes in that font; 0 and 1 are that of the document.
CHARSETS = {
    77: "mac_roman",
    128: "cp932",
    129: "cp949",
    130: "johab",
    134: "gb18030",
    136: "cp950",
    161: "cp1253",
    162: "cp1254",
    163: "cp1258",
    177: "cp1255",
    178: "cp1256",
    186: "cp1257",
    204: "cp1251",
    222: "cp874",
    238: "cp1250",
    255: "cp437",
}
#: Encodings of the document.
SETS = {b"mac": "mac_roman", b"pc": "cp437", b"pca": "cp850"}

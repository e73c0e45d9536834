"""A PDF with only a few lines of text, for deliveries that are made to test proofs."""

from collections.abc import Sequence

# Of one page in the font that every reader of PDF has for Chinese, or puts another in place of; none is embedded.
_PAGE = (
    "%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
    "2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n"
    "3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R\n"
    "/Resources << /Font << /F1 5 0 R >> >> >>\nendobj\n"
    "4 0 obj\n<< /Length {length} >>\nstream\n{text}\nendstream\nendobj\n"
    "5 0 obj\n<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UTF16-H "
    "/DescendantFonts [6 0 R] >>\nendobj\n"
    "6 0 obj\n<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /DW 1000 /FontDescriptor 7 0 R\n"
    "/CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> >>\nendobj\n"
    "7 0 obj\n<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880] "
    "/ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >>\nendobj\n"
)


def plain_pdf(lines: Sequence[str]) -> bytes:
    """Return a PDF of one page with some lines of text, one below the other."""
    line_commands = (f"<{line.encode('utf-16-be').hex()}> Tj 0 -24 Td" for line in lines)
    page_text = f"BT /F1 14 Tf 60 760 Td {' '.join(line_commands)} ET"
    body = _PAGE.format(length=len(page_text), text=page_text)
    places = [body.index(f"\n{number} 0 obj") + 1 for number in range(1, 8)]
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    end = f"xref\n0 8\n0000000000 65535 f \n{table}trailer\n<< /Size 8 /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF\n"
    return (body + end).encode("ascii")

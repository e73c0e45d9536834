"""Elements of XML, to make and inspect them. Nothing is parsed here: defusedxml does that."""

from xml.etree.ElementTree import (  # for writing only  # nosec B405
    Element,
    ParseError,
    SubElement,
    indent,
    register_namespace,
    tostring,
)
from xml.sax.saxutils import escape, quoteattr  # for writing only  # nosec B406

__all__ = ["Element", "ParseError", "SubElement", "escape", "indent", "quoteattr", "register_namespace", "tostring"]

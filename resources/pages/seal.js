"use strict";
// What this page prints, read before any other script changes it: as rules/display/outputs/printed_page.py reads it.
const printed = (() => {
  const silent = ["script", "style", "title", "head"];
  const look = ("d points x y x1 y1 x2 y2 cx cy r rx ry dx dy width height transform viewbox href xlink:href"
    + " fill stroke class src").split(" ");
  const pieces = { texts: [], drawn: [] };
  const plain = (text) => text.replace(/[ \t\n\r\f]+/g, " ").replace(/^ | $/g, "");
  let piece = "";
  function endPiece(place) {
    const text = plain(piece);
    piece = "";
    if (text && place) pieces[place].push(text);
  }
  function read(element, place) {
    for (const node of element.childNodes) {
      if (node.nodeType === Node.TEXT_NODE) {
        piece += node.data;
      } else if (node.nodeType === Node.ELEMENT_NODE) {
        endPiece(place);
        const tag = node.localName.toLowerCase();
        let inner = place;
        if (inner === "texts" && (tag === "figure" || node.id === "map-box")) inner = "drawn";
        if ((silent.includes(tag) && !(tag === "title" && inner === "drawn")) || node.hasAttribute("data-varies")) inner = "";
        if (inner === "drawn") {
          const found = [...node.attributes].map(({ name, value }) => [name.toLowerCase(), value])
            .filter(([name]) => look.includes(name)).sort(([a], [b]) => (a < b ? -1 : 1));
          for (const [name, value] of found) pieces.drawn.push(`${tag} ${name} ${plain(value)}`);
        } else if (inner === "texts" && tag === "input" && node.getAttribute("value")) {
          pieces.texts.push(plain(node.getAttribute("value")));
        }
        read(node, inner);
        endPiece(inner);
      }
    }
  }
  read(document.body, "texts");
  endPiece("texts");
  return { texts: pieces.texts.join("\n"), drawn: pieces.drawn.join("\n") };
})();

"use strict";
// The map of a page: pan, zoom, layers, and findings that light up in the table and on the map. No library, no network.
(() => {
  const map = document.getElementById("map");
  if (!map) return;
  const told = document.getElementById("told");
  const hint = told.textContent;
  const whole = map.getAttribute("viewBox").split(" ").map(Number);
  const start = map.dataset.start.split(" ").map(Number);
  const PX_PER_MM = 3.2, NAME_PX = 12;
  const KEY_STEP = 0.15, WHEEL_STEP = 1.0015, BUTTON_STEP = 1.6, LEAST_M = 2, MARGIN = 0.7, LEAST_SHOWN_M = 30;
  let view = start.slice();
  let before = null; // the view that a finding was called from

  // How many metres one CSS pixel shows: the view keeps its proportions inside the box.
  const metresPerPixel = () => {
    const box = map.getBoundingClientRect();
    return Math.max(view[2] / Math.max(box.width, 1), view[3] / Math.max(box.height, 1));
  };

  const fitted = (next) => {
    const most = Math.max(whole[2], whole[3]) * 3;
    const scale = Math.min(1, most / Math.max(next[2], next[3])) * Math.max(1, LEAST_M / Math.max(next[2], next[3]));
    const x = next[0] + next[2] / 2, y = next[1] + next[3] / 2;
    return [x - (next[2] * scale) / 2, y - (next[3] * scale) / 2, next[2] * scale, next[3] * scale];
  };

  const patterns = [...map.querySelectorAll("pattern:not(.fixed)")].map((pattern) => [
    pattern,
    (/rotate\([^)]*\)/.exec(pattern.getAttribute("patternTransform") || "") || [""])[0],
  ]);

  function show(next) {
    view = fitted(next);
    map.setAttribute("viewBox", view.map((value) => value.toFixed(3)).join(" "));
    const unit = metresPerPixel();
    for (const [pattern, turn] of patterns) {
      pattern.setAttribute("patternTransform", `${turn} scale(${(unit * PX_PER_MM).toFixed(5)})`);
    }
    placeNames(unit);
    for (const dot of map.querySelectorAll("circle.dot")) dot.setAttribute("r", (4 * unit).toFixed(3));
    showBar(unit);
  }

  // Names keep their size on the screen; one that would cover another is left out until there is room.
  function placeNames(unit) {
    const taken = [];
    const names = [...map.querySelectorAll("#labels text")];
    names.sort((a, b) => b.classList.contains("chosen") - a.classList.contains("chosen"));
    for (const name of names) {
      name.setAttribute("font-size", (NAME_PX * unit).toFixed(3));
      const wide = [...name.textContent].reduce((sum, letter) => sum + (letter > "\u2e80" ? 1 : 0.62), 0) * NAME_PX * unit;
      const x = Number(name.getAttribute("x")), y = Number(name.getAttribute("y")), high = NAME_PX * 1.3 * unit;
      const hides = taken.some((box) => Math.abs(box[0] - x) < (box[2] + wide) / 2 && Math.abs(box[1] - y) < high);
      name.classList.toggle("off", hides);
      if (!hides) taken.push([x, y, wide]);
    }
  }

  function showBar(unit) {
    const most = unit * 130, power = 10 ** Math.floor(Math.log10(most));
    const length = [5, 2, 1].map((step) => step * power).find((value) => value <= most);
    document.getElementById("bar").style.width = `${length / unit}px`;
    const text = length >= 1000 ? `${length / 1000} km` : `${+length.toPrecision(2)} m`;
    document.getElementById("bar-text").textContent = text;
  }

  // The place on the map under a point of the window.
  function placeOf(event) {
    const box = map.getBoundingClientRect(), unit = metresPerPixel();
    return [
      view[0] + view[2] / 2 + (event.clientX - box.left - box.width / 2) * unit,
      view[1] + view[3] / 2 + (event.clientY - box.top - box.height / 2) * unit,
    ];
  }

  function zoom(factor, around) {
    const centre = around || [view[0] + view[2] / 2, view[1] + view[3] / 2];
    show([
      centre[0] - (centre[0] - view[0]) / factor,
      centre[1] - (centre[1] - view[1]) / factor,
      view[2] / factor,
      view[3] / factor,
    ]);
  }

  const pan = (x, y) => show([view[0] + x, view[1] + y, view[2], view[3]]);

  // Selecting: the rows and the pieces of one rule, one parcel, or both.
  const matches = (element, rule, parcel) =>
    (!rule || !element.dataset.rule || element.dataset.rule === rule) &&
    (!parcel || !element.dataset.parcel || element.dataset.parcel === parcel);

  function clear() {
    for (const element of document.querySelectorAll(".chosen")) element.classList.remove("chosen");
    map.classList.remove("choosing");
    for (const button of document.querySelectorAll("button.find")) button.removeAttribute("aria-pressed");
    takeBack();
  }

  // A layer that a finding rests on is shown while the finding is chosen.
  const lent = new Set();
  function lend(code) {
    const box = [...document.querySelectorAll("input[data-layer]")].find((one) => one.dataset.layer === code);
    if (!box || box.checked) return;
    lent.add(box);
    box.checked = true;
    box.dispatchEvent(new Event("change"));
  }
  function takeBack() {
    for (const box of lent) {
      box.checked = false;
      box.dispatchEvent(new Event("change"));
    }
    lent.clear();
  }

  function choose(rule, parcel, source) {
    clear();
    const pieces = rule ? [...map.querySelectorAll(".piece")].filter((piece) => matches(piece, rule, parcel)) : [];
    const parcels = [...map.querySelectorAll(".parcel")].filter((ground) =>
      parcel ? ground.dataset.parcel === parcel : pieces.some((piece) => piece.dataset.parcel === ground.dataset.parcel),
    );
    const found = pieces.length ? pieces : parcels;
    for (const element of [...found, ...map.querySelectorAll("#labels text")]) {
      if (found.includes(element) || (parcel && element.dataset.parcel === parcel)) element.classList.add("chosen");
    }
    for (const line of document.querySelectorAll("tr.finding")) {
      if (rule && line.dataset.rule === rule && (!parcel || !line.dataset.parcel || line.dataset.parcel === parcel)) {
        line.classList.add("chosen");
      }
    }
    map.classList.toggle("choosing", pieces.length > 0);
    if (source) source.setAttribute("aria-pressed", "true");
    for (const code of new Set(pieces.map((piece) => piece.dataset.of))) lend(code);
    told.textContent = found.length
      ? [...new Set(found.map((element) => element.querySelector("title").textContent))].slice(0, 4).join("; ")
      : hint;
    return found;
  }

  function goTo(elements) {
    if (!elements.length) return;
    if (!before) before = view.slice();
    const boxes = elements.map((element) => element.getBBox());
    const left = Math.min(...boxes.map((box) => box.x)), top = Math.min(...boxes.map((box) => box.y));
    const width = Math.max(...boxes.map((box) => box.x + box.width)) - left;
    const height = Math.max(...boxes.map((box) => box.y + box.height)) - top;
    const margin = Math.max(width, height, LEAST_SHOWN_M) * MARGIN;
    show([left - margin, top - margin, width + 2 * margin, height + 2 * margin]);
  }

  function leave() {
    clear();
    told.textContent = hint;
    if (before) show(before);
    before = null;
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button.find");
    if (!button) return;
    if (button.getAttribute("aria-pressed") === "true") return leave();
    goTo(choose(button.dataset.rule, button.dataset.parcel, button));
    const box = document.getElementById("map-box");
    // On a narrow window the map stands above the text and may be out of sight.
    const edge = box.getBoundingClientRect();
    if (edge.bottom < 80 || edge.top > innerHeight - 80) box.scrollIntoView({ block: "start" });
  });

  function chooseOnMap(piece) {
    choose(piece.dataset.rule, piece.dataset.parcel);
    const rows = [...document.querySelectorAll("tr.finding.chosen")];
    const row = rows.find((line) => line.dataset.parcel) || rows[0];
    if (row) row.scrollIntoView({ block: "center" });
  }

  // Dragging with one pointer, pinching with two.
  const pointers = new Map();
  let moved = false;
  map.addEventListener("pointerdown", (event) => {
    pointers.set(event.pointerId, event);
    moved = false;
  });
  map.addEventListener("pointermove", (event) => {
    showPlace(event);
    const last = pointers.get(event.pointerId);
    if (!last) return;
    const unit = metresPerPixel();
    if (pointers.size === 1) {
      const x = event.clientX - last.clientX, y = event.clientY - last.clientY;
      if (!moved && Math.hypot(x, y) < 4) return;
      moved = true;
      map.setPointerCapture(event.pointerId);
      pan(-x * unit, -y * unit);
    } else {
      const other = [...pointers.values()].find((pointer) => pointer.pointerId !== event.pointerId);
      const apart = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) || 1;
      moved = true;
      zoom(apart(event) / apart(last), placeOf(other));
    }
    pointers.set(event.pointerId, event);
  });
  for (const name of ["pointerup", "pointercancel", "pointerleave"]) {
    map.addEventListener(name, (event) => pointers.delete(event.pointerId));
  }
  map.addEventListener("click", (event) => {
    if (moved) return;
    // Pieces of several rules may lie on the same ground: the next click takes the next one below.
    const under = document.elementsFromPoint(event.clientX, event.clientY).map((element) => element.closest(".piece"));
    const stack = [...new Set(under.filter(Boolean))];
    if (!stack.length) return leave();
    const last = stack.findIndex((piece) => piece.classList.contains("chosen"));
    chooseOnMap(stack[(last + 1) % stack.length]);
  });
  map.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(WHEEL_STEP ** -(event.deltaMode ? event.deltaY * 30 : event.deltaY), placeOf(event));
  }, { passive: false });

  function showPlace(event) {
    const [x, y] = placeOf(event);
    const east = Number(map.dataset.west) + x, north = Number(map.dataset.north) - y;
    document.getElementById("place").textContent = `X ${north.toFixed(1)}  Y ${east.toFixed(1)}`;
  }

  map.addEventListener("keydown", (event) => {
    const act = {
      ArrowLeft: () => pan(-view[2] * KEY_STEP, 0),
      ArrowRight: () => pan(view[2] * KEY_STEP, 0),
      ArrowUp: () => pan(0, -view[3] * KEY_STEP),
      ArrowDown: () => pan(0, view[3] * KEY_STEP),
      "+": () => zoom(BUTTON_STEP),
      "=": () => zoom(BUTTON_STEP),
      "-": () => zoom(1 / BUTTON_STEP),
      0: () => show(start.slice()),
    }[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") leave();
  });

  const tools = { closer: () => zoom(BUTTON_STEP), farther: () => zoom(1 / BUTTON_STEP), home: () => show(start.slice()) };
  for (const button of document.querySelectorAll("button[data-tool]")) {
    button.addEventListener("click", tools[button.dataset.tool]);
  }

  const layers = new Map([...map.querySelectorAll("g[data-layer]")].map((group) => [group.dataset.layer, group]));
  for (const box of document.querySelectorAll("input[data-layer]")) {
    const apply = () => {
      layers.get(box.dataset.layer).classList.toggle("off", !box.checked);
      if (box.dataset.layer === "parcels") document.getElementById("labels").classList.toggle("off", !box.checked);
    };
    box.addEventListener("change", apply);
    apply(); // a browser may remember how the boxes were when the page was left
  }

  addEventListener("resize", () => show(view));
  show(view);
})();

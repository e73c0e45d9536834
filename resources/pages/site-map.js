"use strict";
// The map of the desk: tiles, verdicts and what lies at a place all come from the core; nothing is computed here.
(() => {
  const pair = document.getElementById("map-pair"), said = document.getElementById("map-said");
  const words = pair.dataset, found = document.getElementById("found");
  const FEW = 12;  // layers that are shown at once without being asked for
  const maps = [], shown = new Set(), corners = [];
  const DRAWN = ["drawn-ground", "drawn-edge", "drawn-corner"];

  const ask = address => fetch(address, {headers: {Accept: "application/json"}}).then(reply => {
    if (!reply.ok) throw new Error(reply.statusText);
    return reply.json();
  });

  function tilesOf(day) {
    return [`${location.origin}/map/tiles/{z}/{x}/{y}.pbf?day=${day}&only=${[...shown].sort().join(",")}`];
  }

  function makeMap(holder, day, answer, isUpper) {
    const map = new maplibregl.Map({
      container: holder, interactive: !isUpper, attributionControl: false, maxZoom: 20,
      bounds: answer.bounds || [73, 18, 135, 54], fitBoundsOptions: {padding: 30},
      locale: {"Map.Title": words.map, "NavigationControl.ZoomIn": words.nearer,
        "NavigationControl.ZoomOut": words.farther},
      style: {version: 8, sources: {}, layers: [
        {id: "paper", type: "background", paint: {"background-color": "#ffffff"}}]}});
    if (!isUpper) {
      map.addControl(new maplibregl.NavigationControl({showCompass: false}));
      map.addControl(new maplibregl.ScaleControl());
    }
    map.day = day;
    map.on("load", () => {
      drawLayers(map, answer.layers);
      drawCase(map);
      if (!isUpper) makeDrawing(map);
    });
    maps.push(map);
    return map;
  }

  function drawLayers(map, layers) {
    map.drawn = layers;
    if (shown.size) map.addSource("layers", {type: "vector", tiles: tilesOf(map.day), maxzoom: 18});
    for (const layer of map.drawn.slice().reverse()) {
      if (!shown.has(layer.code)) continue;
      const of = {source: "layers", "source-layer": layer.code};
      const fill = ["case", ["==", ["get", "fill"], ""], "rgba(0,0,0,0)", ["get", "fill"]];
      if (layer.geometry === "polygon")
        map.addLayer({id: `${layer.code} fill`, type: "fill", ...of, paint: {"fill-color": fill, "fill-opacity": 0.3}});
      if (layer.geometry === "point")
        map.addLayer({id: `${layer.code} point`, type: "circle", ...of,
          paint: {"circle-radius": 4, "circle-color": ["get", "line"]}});
      else
        map.addLayer({id: `${layer.code} line`, type: "line", ...of,
          paint: {"line-color": ["get", "line"], "line-width": 1.2}});
    }
    for (const id of ["piece", "parcel", ...DRAWN]) if (map.getLayer(id)) map.moveLayer(id);
  }

  function drawAnew(map) {
    for (const layer of map.getStyle().layers)
      if (/ (fill|line|point)$/.test(layer.id)) map.removeLayer(layer.id);
    if (map.getSource("layers")) map.removeSource("layers");
    drawLayers(map, map.drawn);
  }

  async function drawCase(map) {
    if (!words.case) return;
    const data = await ask(`/cases/${encodeURIComponent(words.case)}/map.geojson`);
    map.addSource("case", {type: "geojson", data});
    map.addLayer({id: "piece", type: "fill", source: "case", filter: ["==", ["get", "kind"], "piece"],
      paint: {"fill-color": ["get", "colour"], "fill-opacity": ["get", "opacity"]}});
    map.addLayer({id: "parcel", type: "line", source: "case", filter: ["==", ["get", "kind"], "parcel"],
      paint: {"line-color": "#E60012", "line-width": 2.5}});
    if (map === maps[0]) listVerdicts(data.features.filter(feature => feature.properties.kind === "piece"));
    const box = new maplibregl.LngLatBounds();
    const widen = part => typeof part[0] === "number" ? box.extend(part) : part.forEach(widen);
    data.features.forEach(feature => widen(feature.geometry.coordinates));
    if (!box.isEmpty()) maps[0].fitBounds(box, {padding: 60, maxZoom: 18, animate: false});
  }

  function makeDrawing(map) {
    map.addSource("drawn", {type: "geojson", data: {type: "FeatureCollection", features: []}});
    const paints = [["fill", {"fill-color": "#E60012", "fill-opacity": 0.15}],
      ["line", {"line-color": "#E60012", "line-width": 2}], ["circle", {"circle-color": "#E60012", "circle-radius": 4}]];
    paints.forEach(([type, paint], at) => map.addLayer({id: DRAWN[at], type, source: "drawn", paint,
      filter: ["==", ["geometry-type"], ["Polygon", "LineString", "Point"][at]]}));
  }

  // The core measures and checks a drawn parcel; here its corners are only shown, and handed to the form.
  function showDrawn() {
    const points = corners.map(corner => [corner.lng, corner.lat]), closed = [...points, points[0]];
    const shapes = points.map(point => ({type: "Point", coordinates: point}));
    if (points.length > 1) shapes.push({type: "LineString", coordinates: points.length > 2 ? closed : points});
    if (points.length > 2) shapes.push({type: "Polygon", coordinates: [closed]});
    maps[0].getSource("drawn").setData({type: "FeatureCollection",
      features: shapes.map(geometry => ({type: "Feature", properties: {}, geometry}))});
    const take = document.getElementById("draw-take");
    const text = corners.map(corner => `${corner.lng.toFixed(9)}° ${corner.lat.toFixed(9)}°`).join("\n");
    take.href = `${words.taker}?${new URLSearchParams({corners: text, crs: "EPSG:4326"})}`;
    take.hidden = points.length < 3;
    document.getElementById("draw-undo").hidden = !points.length;
    said.textContent = words.corners.replace("{count}", points.length);
  }

  function beginDrawing(map) {
    const button = document.getElementById("draw"), middle = document.getElementById("draw-middle");
    const add = place => { corners.push(place); showDrawn(); };
    const isDrawing = () => button !== null && button.getAttribute("aria-pressed") === "true";
    map.on("click", event => isDrawing() ? add(event.lngLat) : lookAt(event.lngLat));
    if (button === null) return;
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", String(!isDrawing()));
      middle.hidden = !isDrawing();
      map.doubleClickZoom[isDrawing() ? "disable" : "enable"]();  // two corners at once are no wish to come nearer
      if (isDrawing()) showDrawn(); else said.textContent = words.moved;
    });
    middle.addEventListener("click", () => add(map.getCenter()));
    document.getElementById("draw-undo").addEventListener("click", () => { corners.pop(); showDrawn(); });
  }

  function swatchOf(line, fill) {
    const swatch = document.createElement("span");
    swatch.className = "swatch";
    swatch.style.borderColor = line || "#767676";
    swatch.style.backgroundColor = fill || "transparent";
    return swatch;
  }

  function listVerdicts(pieces) {
    const words = new Map(pieces.map(piece => [piece.properties.word, piece.properties]).reverse());
    const row = document.getElementById("verdict-list");
    words.forEach((look, word) => row.append(swatchOf(look.colour, look.counted ? look.colour : ""), `${word} `));
  }

  function listLayers(layers) {
    const list = document.getElementById("layer-list");
    if (!layers.length) list.textContent = words.none;
    layers.forEach((layer, at) => {
      const row = document.createElement("p"), box = document.createElement("input");
      const label = document.createElement("label");
      Object.assign(box, {type: "checkbox", id: `layer-${at}`, value: layer.code, checked: shown.has(layer.code)});
      label.htmlFor = box.id;
      label.append(swatchOf(layer.swatch.line, layer.swatch.fill), `${layer.title} · ${layer.version}`);
      box.addEventListener("change", () => {
        if (box.checked) shown.add(layer.code); else shown.delete(layer.code);
        maps.forEach(drawAnew);
      });
      row.className = "layer";
      row.append(box, label);
      list.append(row);
    });
  }

  async function lookAt(place) {
    const asked = new URLSearchParams({x: place.lng.toFixed(7), y: place.lat.toFixed(7), crs: "EPSG:4326",
      as_of: words.day});
    const reply = await fetch(`/here?${asked}`, {headers: {Accept: "text/html"}});
    const page = new DOMParser().parseFromString(await reply.text(), "text/html");
    const parts = [...page.querySelectorAll("main > ul.rows, main > .table, main > [role=alert]")];
    const link = document.createElement("a");
    link.href = `/here?${asked}`;
    link.textContent = `${place.lng.toFixed(5)}, ${place.lat.toFixed(5)}`;
    found.replaceChildren(link, ...parts);
  }

  function standHere() {
    navigator.geolocation.getCurrentPosition(
      spot => {
        const place = new maplibregl.LngLat(spot.coords.longitude, spot.coords.latitude);
        maps[0].jumpTo({center: place, zoom: Math.max(maps[0].getZoom(), 16)});
        lookAt(place);
      },
      () => { said.textContent = words.nowhere; });
  }

  function swipe(upper) {
    const field = document.getElementById("swipe"), holder = document.getElementById("map-two");
    document.getElementById("swipe-field").hidden = false;
    const cut = () => { holder.style.clipPath = `inset(0 0 0 ${field.value}%)`; };
    field.addEventListener("input", cut);
    cut();
    const follow = () => upper.jumpTo({center: maps[0].getCenter(), zoom: maps[0].getZoom(),
      bearing: maps[0].getBearing(), pitch: maps[0].getPitch()});
    maps[0].on("move", follow);
    follow();
  }

  async function begin() {
    maplibregl.setWorkerUrl("/assets/maplibre-gl-csp-worker.js");
    const [first, second] = await Promise.all([words.day, words.other].filter(Boolean).map(
      day => ask(`/map/layers.json?day=${day}`)));
    const all = new Map([...first.layers, ...(second ? second.layers : [])].map(layer => [layer.code, layer]));
    if (first.layers.length <= FEW) all.forEach((_, code) => shown.add(code));
    listLayers([...all.values()]);
    const map = makeMap("map-one", words.day, first, false);
    beginDrawing(map);
    map.once("idle", () => { said.textContent = words.moved; pair.dataset.state = "there"; });
    document.getElementById("look-middle").addEventListener("click", () => lookAt(map.getCenter()));
    document.getElementById("look-here").addEventListener("click", standHere);
    if (second) {
      document.getElementById("map-two").hidden = false;
      swipe(makeMap("map-two", words.other, second, true));
    }
  }

  begin().catch(error => { said.textContent = `${words.failed} ${error.message || error}`; });
})();

"use strict";
// Fills in where the device stands, and asks.
document.getElementById("stand-here").addEventListener("click", () => navigator.geolocation.getCurrentPosition(
  spot => {
    document.getElementById("x").value = spot.coords.longitude.toFixed(7);
    document.getElementById("y").value = spot.coords.latitude.toFixed(7);
    document.getElementById("crs").value = "EPSG:4326";
    document.getElementById("place").submit();
  },
  () => { document.getElementById("stand-said").hidden = false; }));

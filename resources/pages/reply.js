"use strict";
// The reply form: checks what was filled in and saves it as a file, with the digest of what this page shows.
(() => {
  const form = document.getElementById("reply");
  const shown = document.getElementById("shown").textContent;
  const facts = JSON.parse(shown);
  const wrong = document.getElementById("wrong"), saved = document.getElementById("saved");
  const field = (name) => form.elements.namedItem(name);
  let changed = false;

  // The same text as the core's: sorted keys, no blanks, "<" escaped. Only texts and whole numbers are in it.
  const canonical = (value) =>
    `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${JSON.stringify(value[key])}`).join(",")}}`
      .replaceAll("<", "\\u003c");

  // SHA-256 (FIPS 180-4): a browser offers its own only to pages that it calls secure, and a file may be none.
  function sha256(text) {
    const primes = [];
    for (let number = 2; primes.length < 64; number += 1) {
      if (primes.every((prime) => number % prime)) primes.push(number);
    }
    const fraction = (value) => ((value - Math.floor(value)) * 2 ** 32) >>> 0;
    const constants = primes.map((prime) => fraction(Math.cbrt(prime)));
    const state = primes.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)));
    const bytes = new TextEncoder().encode(text);
    const padded = new Uint8Array(((bytes.length + 8) >> 6 << 6) + 64);
    padded.set(bytes);
    padded[bytes.length] = 0x80;
    const data = new DataView(padded.buffer);
    data.setUint32(padded.length - 8, Math.floor(bytes.length / 2 ** 29));
    data.setUint32(padded.length - 4, (bytes.length << 3) >>> 0);
    const turned = (word, by) => (word >>> by) | (word << (32 - by));
    const words = new Uint32Array(64);
    for (let block = 0; block < padded.length; block += 64) {
      for (let at = 0; at < 16; at += 1) words[at] = data.getUint32(block + at * 4);
      for (let at = 16; at < 64; at += 1) {
        const early = words[at - 15], late = words[at - 2];
        const low = turned(early, 7) ^ turned(early, 18) ^ (early >>> 3);
        const high = turned(late, 17) ^ turned(late, 19) ^ (late >>> 10);
        words[at] = words[at - 16] + low + words[at - 7] + high;
      }
      let [a, b, c, d, e, f, g, h] = state;
      for (let at = 0; at < 64; at += 1) {
        const first = (h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + ((e & f) ^ (~e & g)) + constants[at] + words[at]) | 0;
        const second = ((turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
        [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
      }
      [a, b, c, d, e, f, g, h].forEach((word, at) => { state[at] = (state[at] + word) >>> 0; });
    }
    return state.map((word) => word.toString(16).padStart(8, "0")).join("");
  }

  // The core takes no control signs in a text, and in a name no blank but a plain one, and no sign that is not seen.
  const sound = (text) => (text.toWellFormed ? text.toWellFormed() : text)
    .replace(/\r\n|[\v\f]/g, "\n").replace(/[\0-\x08\x0e-\x1f]/g, "").trim();
  const soundName = (text) => sound(text).replace(/[^\S ]/g, " ").replace(/[\p{Cc}\p{Cf}]/gu, "").trim();

  function problems(answer) {
    const found = [];
    if (!answer.conclusion) found.push(["conclusion", form.dataset.sayConclusion]);
    if (!answer.text) found.push(["text", form.dataset.sayText]);
    if (answer.conclusion === "disagree" && !answer.basis) found.push(["basis", form.dataset.sayBasis]);
    if (!answer.by) found.push(["by", form.dataset.sayName]);
    if (!/^\d{4}-\d{2}-\d{2}$/.test(answer.on)) found.push(["on", form.dataset.sayDate]);
    const isAltered = ["texts", "drawn"].some((name) => sha256(printed[name]) !== form.dataset[name]);
    if (isAltered) found.push(["by", form.dataset.sayAltered]);
    return found;
  }

  function tell(found) {
    for (const name of ["conclusion", "text", "basis", "by", "on"]) {
      const bad = found.some(([field_]) => field_ === name);
      for (const control of form.querySelectorAll(`[name=${name}]`)) {
        if (bad) control.setAttribute("aria-invalid", "true");
        else control.removeAttribute("aria-invalid");
      }
    }
    wrong.replaceChildren(...found.map(([, words]) => Object.assign(document.createElement("li"), { textContent: words })));
    if (found.length) form.querySelector(`[name=${found[0][0]}]`).focus();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const answer = { conclusion: field("conclusion").value };
    for (const name of ["text", "basis", "by", "on"]) answer[name] = sound(field(name).value);
    answer.by = soundName(answer.by);
    answer.answers = [...form.querySelectorAll("[data-item]")]
      .map((line) => [line.dataset.item, sound(line.value)])
      .filter(([, said]) => said);
    const found = problems(answer);
    saved.textContent = "";
    tell(found);
    if (found.length) return;
    const reply = { onemap_reply: Number(form.dataset.format), shown: sha256(shown), printed: sha256(printed.texts), ...answer };
    for (const name of ["language", "document"]) reply[name] = form.dataset[name];
    reply.annexes = form.dataset.annexes.split(",").filter(Boolean);
    for (const name of ["library", "case", "round", "department", "run"]) reply[name] = facts[name];
    reply.check = sha256(canonical(reply));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([JSON.stringify(reply, null, 2) + "\n"], { type: "application/json" }));
    link.download = form.dataset.file;
    link.click();
    URL.revokeObjectURL(link.href);
    changed = false;
    saved.textContent = form.dataset.saySaved.replace("{file}", form.dataset.file);
  });

  form.addEventListener("input", () => { changed = true; saved.textContent = ""; });
  addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });

  document.getElementById("take-draft").addEventListener("click", () => {
    field("conclusion").value = form.dataset.draftConclusion;
    field("text").value = document.getElementById("draft-text").textContent;
    field("basis").value = document.getElementById("draft-basis").textContent;
    changed = true;
    field("text").focus();
  });
  const article = document.getElementById("article");
  if (article) {
    article.addEventListener("change", () => {
      const basis = field("basis");
      if (article.value) basis.value = [basis.value.trim(), article.value].filter(Boolean).join("；");
      article.value = "";
      changed = true;
    });
  }
  const today = new Date();
  const two = (number) => String(number).padStart(2, "0");
  if (!field("on").value) field("on").value = `${today.getFullYear()}-${two(today.getMonth() + 1)}-${two(today.getDate())}`;
})();

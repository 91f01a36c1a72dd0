// A document with its entities marked.

const reader = dialog("reader");
const readerText = reader.querySelector(".text");
const reading = { around: [], at: -1, marks: [], current: -1 };

// `around` are the documents among which one can go on; `entity` is where to begin.
async function openDocument(number, around, entity = null) {
  const entry = index.documents[number];
  reading.around = around;
  reading.at = around.indexOf(number);
  reader.querySelector("#reader-title").textContent = entry.name;
  reader.querySelector(".facts").textContent = factsOf(entry);
  readerText.replaceChildren(element("p", { class: "none" }, "…"));
  showNeighbours();
  if (!reader.open) reader.showModal();
  const content = entry.text ? await readText(number) : null;
  content ? showText(content) : showReason(entry);
  readerText.scrollTop = 0;
  readerText.focus({ preventScroll: true });
  if (entity !== null) goTo(reading.marks.findIndex(({ entities }) => entities.includes(entity)));
}

function factsOf(entry) {
  const n = Object.values(entry.labels).reduce((sum, one) => sum + one, 0);
  return [
    entry.state,
    entry.state === "done" && count(n, "entity", "entities"),
    entry.pages && count(entry.pages, "page"),
    entry.chars && count(entry.chars, "character"),
    entry.also.length && `the same text as ${entry.also.join(", ")}`,
  ].filter(Boolean).join(" · ");
}

function showReason(entry) {
  reading.marks = [];
  reading.current = -1;
  const why = entry.reason || "The text is not in this page, which would be too long: nerq show shows it.";
  readerText.replaceChildren(element("p", { class: "none" }, why));
  showTools({ entities: [], passages: [] });
}

function showText(content) {
  const seen = new Set();
  reading.marks = [];
  reading.current = -1;
  readerText.replaceChildren(...content.passages.map((passage) => shown(passage, content, seen)));
  if (!content.passages.length) readerText.replaceChildren(element("p", { class: "none" }, "The text is empty."));
  showTools(content);
}

function shown(passage, { entities }, seen) {
  if (typeof passage === "string") return passage;
  if (typeof passage === "number") {
    return element("div", { class: "page", role: "separator", "data-page": passage, "aria-label": `Page ${passage}` });
  }
  const [text, ...inside] = passage;
  const [label] = entities[inside[0]];
  const title = inside.map((i) => `${labelName(entities[i][0])}, score ${entities[i][1].toFixed(3)}`).join("; ");
  const mark = element("mark", { class: labelClass(label), title, tabindex: -1 }, text);
  const fresh = inside.filter((i) => !seen.has(i));
  fresh.forEach((i) => seen.add(i));
  if (fresh.length) {
    mark.dataset.label = fresh.map((i) => labelName(entities[i][0])).join(", ");
    reading.marks.push({ mark, entities: fresh, label });
  }
  return mark;
}

function showTools({ entities, passages }) {
  const counts = new Map();
  for (const [label] of entities) counts.set(label, (counts.get(label) ?? 0) + 1);
  const choices = [...counts].sort((a, b) => b[1] - a[1]).map(([label, n]) => (
    { value: label, text: labelName(label), n, className: labelClass(label) }));
  const place = reader.querySelector(".chips");
  place.replaceChildren();
  const chosen = chips(place, "Only these labels", choices, () => {
    for (const { mark, label } of reading.marks) mark.classList.toggle("off", chosen.size > 0 && !chosen.has(label));
    showAt();
  });
  showPages(passages);
  showNames(entities);
  showAt();
}

function showPages(passages) {
  const choice = reader.querySelector(".page-choice");
  const select = choice.querySelector("select");
  const pages = passages.filter((passage) => typeof passage === "number");
  choice.hidden = !pages.length;
  select.replaceChildren(...pages.map((page) => element("option", { value: page }, String(page))));
}

function showNames(entities) {
  const names = new Map();
  for (const [number, [label, , name]] of entities.entries()) {
    if (name < 0) continue;
    const one = names.get(name) ?? { label, n: 0, first: number };
    names.set(name, { ...one, n: one.n + 1 });
  }
  const rows = [...names].sort((a, b) => b[1].n - a[1].n).map(([name, { label, n, first }]) => {
    const go = () => goTo(reading.marks.findIndex(({ entities: inside }) => inside.includes(first)));
    const opener = button("go", index.names[name][0], go);
    return element("li", {}, opener, " ", labelTag(label), element("span", { class: "n" }, n > 1 ? ` ×${n}` : ""));
  });
  reader.querySelector(".aside ol").replaceChildren(...rows);
  reader.querySelector(".aside").hidden = !rows.length;
}

const visibleMarks = () => reading.marks.map((_, i) => i).filter((i) => !reading.marks[i].mark.classList.contains("off"));

function showAt() {
  const all = visibleMarks();
  const at = all.indexOf(reading.current);
  reader.querySelector(".at").textContent = at < 0 ? count(all.length, "entity", "entities") : `${whole(at + 1)} of ${whole(all.length)}`;
  for (const name of [".previous", ".next"]) reader.querySelector(name).disabled = !all.length;
}

function goTo(number) {
  if (number < 0) return;
  reading.marks[reading.current]?.mark.classList.remove("current");
  reading.current = number;
  const { mark } = reading.marks[number];
  mark.classList.add("current");
  mark.scrollIntoView({ block: "center" });
  mark.focus({ preventScroll: true });
  showAt();
}

// The next one in the direction, from the last one on again from the first.
function step(direction) {
  const all = visibleMarks();
  const beyond = all.filter((i) => (i - reading.current) * direction > 0);
  const next = direction > 0 ? beyond[0] ?? all[0] : beyond.at(-1) ?? all.at(-1);
  if (next !== undefined) goTo(next);
}

function showNeighbours() {
  for (const [name, direction] of [[".before", -1], [".after", 1]]) {
    reader.querySelector(name).disabled = reading.around[reading.at + direction] === undefined;
  }
}

const openNeighbour = (direction) => openDocument(reading.around[reading.at + direction], reading.around);

reader.querySelector(".previous").addEventListener("click", () => step(-1));
reader.querySelector(".next").addEventListener("click", () => step(1));
reader.querySelector(".before").addEventListener("click", () => openNeighbour(-1));
reader.querySelector(".after").addEventListener("click", () => openNeighbour(1));
reader.querySelector("select").addEventListener("change", (event) => {
  readerText.querySelector(`[data-page="${event.target.value}"]`)?.scrollIntoView();
});
reader.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.tagName === "SELECT") return;
  const direction = { n: 1, p: -1 }[event.key];
  if (direction) step(direction);
});

// The two lists, and the key that leads to the first.

const total = (labels) => Object.values(labels).reduce((sum, n) => sum + n, 0);

// A number over a bar that is as long as its share of the largest.
function bar(n, largest, parts) {
  const made = element("span", { class: "bar-cell" }, element("span", { class: "value" }, whole(n)));
  const track = element("span", { class: "track", "aria-hidden": "true" });
  for (const { part, className } of parts) {
    const piece = element("span", { class: className });
    piece.style.width = `${(100 * part) / Math.max(largest, 1)}%`;
    track.append(piece);
  }
  made.append(track);
  return made;
}

function labelChoices(items, labelsOf) {
  const counts = index.labels.map(() => 0);
  for (const item of items) for (const label of labelsOf(item)) if (label >= 0) counts[label] += 1;
  return counts.map((n, label) => ({ value: label, text: labelName(label), n, className: labelClass(label) }))
    .filter(({ n }) => n);
}

function showNameList() {
  const keys = ["name", "label", "n", "nDocuments", "score", "least", "nSpellings", "documents"];
  const items = index.names.map((row) => Object.fromEntries(keys.map((key, i) => [key, row[i]])));
  const largest = Math.max(...items.map(({ n }) => n));
  return new List("names", {
    items,
    text: ({ name }) => name,
    columns: {
      name: { value: ({ name }) => name, cell: ({ name }) => element("bdi", {}, name) },
      label: { value: ({ label }) => labelName(label), cell: ({ label }) => labelTag(label) },
      places: {
        value: ({ n }) => n, isDownFirst: true,
        cell: ({ n, label }) => bar(n, largest, [{ part: n, className: labelClass(label) }]),
      },
      documents: { value: ({ nDocuments }) => nDocuments, isDownFirst: true, cell: ({ nDocuments }) => whole(nDocuments) },
      score: { value: ({ score }) => score, cell: ({ score }) => score.toFixed(3) },
    },
    chosen: (place, onChange) => {
      const labels = chips(place, "Labels", labelChoices(items, ({ label }) => [label]), onChange);
      return ({ label }) => !labels.size || labels.has(label);
    },
    open: openName,
  });
}

function showDocumentList() {
  const items = index.documents.map((entry) => ({ ...entry, n: total(entry.labels) }));
  const labelsOf = ({ labels }) => Object.keys(labels).map(Number);
  const largest = Math.max(...items.map(({ n }) => n));
  const states = [...new Set(items.map(({ state }) => state))];
  return new List("documents", {
    items,
    text: ({ name, also }) => [name, ...also].join("\n"),
    columns: {
      name: { value: ({ name }) => name, cell: ({ name }) => element("bdi", {}, name) },
      state: {
        value: ({ state, reason }) => `${state} ${reason}`,
        cell: ({ state, reason }) => element("span", { class: `state ${state}` }, state, reason && `: ${reason}`),
      },
      entities: {
        value: ({ n }) => n, isDownFirst: true,
        cell: ({ n, labels, state }) => (state === "done" ? bar(n, largest, Object.entries(labels).map(([label, part]) => (
          { part, className: labelClass(Number(label)) }))) : ""),
      },
      pages: { value: ({ pages }) => pages, isDownFirst: true, cell: ({ pages }) => (pages ? whole(pages) : "") },
      chars: { value: ({ chars }) => chars, isDownFirst: true, cell: ({ chars }) => (chars ? whole(chars) : "") },
    },
    chosen: (place, onChange) => {
      const wanted = states.length > 1
        ? chips(place, "States", states.map((state) => (
          { value: state, text: state, n: items.filter((item) => item.state === state).length })), onChange)
        : new Set();
      const labels = chips(place, "Labels", labelChoices(items, labelsOf), onChange);
      return (item) => (!wanted.size || wanted.has(item.state))
        && (!labels.size || labelsOf(item).some((label) => labels.has(label)));
    },
    open: ({ number }, found) => openDocument(number, found.map((item) => item.number)),
  });
}

if (byId("names")) showNameList();
if (byId("documents")) showDocumentList();
document.addEventListener("keydown", (event) => {
  const isTyping = ["INPUT", "SELECT"].includes(event.target.tagName) || document.querySelector("dialog[open]");
  if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  document.querySelector(".filter")?.focus();
});

// All places of a name, with the text around each.

const places = dialog("places");
const placesAtOnce = 100;
// Characters of text before and behind a place.
const context = 70;
let walk = null;

function openName({ number, name, label, n, nDocuments, score, least, nSpellings, documents }) {
  const title = places.querySelector("#places-title");
  title.replaceChildren(element("bdi", {}, name), " ", labelTag(label));
  const elsewhere = nDocuments - documents.length;
  places.querySelector(".facts").textContent = [
    `${count(n, "place")} in ${count(nDocuments, "document")}`,
    elsewhere > 0 && `${whole(elsewhere)} of them not in this page`,
    nSpellings > 1 && count(nSpellings, "spelling"),
    n > 1 ? `scores from ${least.toFixed(3)}, mean ${score.toFixed(3)}` : `score ${score.toFixed(3)}`,
  ].filter(Boolean).join(" · ");
  const list = places.querySelector(".found");
  list.replaceChildren();
  walk = placesOf(number, label, documents);
  places.showModal();
  return showPlaces(list);
}

async function showPlaces(list) {
  const mine = walk;
  const more = places.querySelector(".more");
  for (let n = 0; n < placesAtOnce; n += 1) {
    const { value, done } = await mine.next();
    if (mine !== walk) return;
    if (done) {
      more.hidden = true;
      return;
    }
    list.append(value);
    if (n === 0) value.querySelector("button")?.focus();
  }
  more.hidden = false;
  more.textContent = "Show more";
}

async function* placesOf(name, label, documents) {
  for (const number of documents) {
    const entry = index.documents[number];
    const content = entry.text ? await readText(number) : null;
    if (!content) {
      const why = `${entry.name}: its text is not in this page`;
      yield element("li", { class: "none" }, why);
      continue;
    }
    const { text, spans } = placesIn(content);
    for (const [i, [, score, itsName, page]] of content.entities.entries()) {
      if (itsName === name && spans[i]) yield place(number, documents, i, { text, span: spans[i], label, score, page });
    }
  }
}

function place(number, documents, entity, { text, span, label, score, page }) {
  const where = [index.documents[number].name, page && `page ${page}`, `score ${score.toFixed(3)}`];
  const before = text.slice(Math.max(span.start - context, 0), span.start);
  const after = text.slice(span.end, span.end + context);
  const passage = element(
    "span", { class: "passage", dir: "auto" },
    span.start > context ? "…" : "", before,
    element("mark", { class: labelClass(label) }, text.slice(span.start, span.end)),
    after, span.end + context < text.length ? "…" : "",
  );
  const opener = button("open", passage, () => openDocument(number, documents, entity));
  opener.append(element("span", { class: "where" }, where.filter(Boolean).join(" · ")));
  return element("li", {}, opener);
}

places.querySelector(".more").addEventListener("click", () => showPlaces(places.querySelector(".found")));
places.addEventListener("keydown", (event) => {
  const all = [...places.querySelectorAll(".found .open")];
  const at = all.indexOf(event.target);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1 }[event.key];
  if (at < 0 || to === undefined || !all[to]) return;
  event.preventDefault();
  all[to].focus();
});

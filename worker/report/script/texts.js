// The texts are data in the page behind this script, each read when it is asked for.

const allThere = new Promise((resolve) => {
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", resolve);
  else resolve();
});

async function readText(number) {
  if (!byId(`text-${number}`)) await allThere;
  const found = byId(`text-${number}`);
  return found && JSON.parse(found.textContent);
}

// Where each entity begins and ends in the text that its passages make together.
function placesIn({ passages, entities }) {
  const spans = entities.map(() => null);
  let text = "";
  for (const passage of passages) {
    if (typeof passage === "number") continue;
    const [shown, ...inside] = typeof passage === "string" ? [passage] : passage;
    for (const entity of inside) {
      spans[entity] ??= { start: text.length, end: 0 };
      spans[entity].end = text.length + shown.length;
    }
    text += shown;
  }
  return { text, spans };
}

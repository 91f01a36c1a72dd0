// Elements are made of names and texts; nothing here reads markup.

const byId = (id) => document.getElementById(id);
const whole = (n) => n.toLocaleString("en");
const count = (n, one, many = one + "s") => `${whole(n)} ${n === 1 ? one : many}`;
const folded = (text) => text.normalize("NFC").toLowerCase();
const index = JSON.parse(byId("index").textContent);
const nColours = 8;

function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

function button(className, text, onClick) {
  const made = element("button", { type: "button", class: className }, text);
  made.addEventListener("click", onClick);
  return made;
}

const labelName = (label) => index.labels[label] ?? "another label";
const labelClass = (label) => `c${(label < 0 ? 0 : label) % nColours}`;
const labelTag = (label) => element("span", { class: `label ${labelClass(label)}` }, labelName(label));

// Buttons that can be pressed, one for each choice; none pressed means all.
function chips(place, title, choices, onChange) {
  const chosen = new Set();
  const group = element("div", { class: "group", role: "group", "aria-label": title });
  for (const { value, text, n, className } of choices) {
    const chip = button(`chip ${className ?? ""}`, text, () => {
      chosen.has(value) ? chosen.delete(value) : chosen.add(value);
      chip.setAttribute("aria-pressed", chosen.has(value));
      onChange();
    });
    chip.setAttribute("aria-pressed", false);
    chip.append(" ", element("span", { class: "n" }, whole(n)));
    group.append(chip);
  }
  place.append(group);
  return chosen;
}

// A dialog closes on its cross and beside itself; the browser closes it on Escape and gives the focus back.
function dialog(id) {
  const made = byId(id);
  made.querySelector(".close").addEventListener("click", () => made.close());
  made.addEventListener("click", (event) => event.target === made && made.close());
  return made;
}

// A table that is filtered, sorted and walked through; it makes the rows that are looked at.

const rowsAtOnce = 25;
const rowsMore = 100;

class List {
  constructor(id, { items, text, columns, chosen, open }) {
    this.root = byId(id);
    this.items = items.map((item, number) => ({ ...item, number, folded: folded(text(item)) }));
    Object.assign(this, { columns, open, key: null, isDown: false, nRows: rowsAtOnce });
    this.body = this.root.querySelector("tbody");
    this.filter = this.root.querySelector(".filter");
    this.more = this.root.querySelector(".more");
    this.isChosen = chosen(this.root.querySelector(".chips"), () => this.show());
    this.filter.addEventListener("input", () => this.show());
    this.filter.addEventListener("keydown", (event) => this.onFilterKey(event));
    this.body.addEventListener("keydown", (event) => this.onRowKey(event));
    this.more.addEventListener("click", () => this.showMore());
    for (const head of this.root.querySelectorAll(".sort")) {
      head.addEventListener("click", () => this.sortBy(head.dataset.key));
    }
    this.show();
  }

  show() {
    this.nRows = rowsAtOnce;
    const wanted = folded(this.filter.value.trim()).split(/\s+/u);
    this.found = this.items.filter(
      (item) => wanted.every((word) => item.folded.includes(word)) && this.isChosen(item),
    );
    const value = this.key && this.columns[this.key].value;
    if (value) {
      const sign = this.isDown ? -1 : 1;
      this.found.sort((a, b) => sign * compare(value(a), value(b)) || a.number - b.number);
    }
    this.fill(0);
    this.body.replaceChildren(...this.made);
    this.tell();
  }

  showMore() {
    const first = this.nRows;
    this.nRows += rowsMore;
    this.fill(first);
    this.body.append(...this.made);
    this.tell();
    this.buttons()[first]?.focus();
  }

  fill(first) {
    this.made = this.found.slice(first, this.nRows).map((item) => this.row(item));
    if (first === 0) this.made[0]?.querySelector(".open").setAttribute("tabindex", 0);
  }

  row(item) {
    const keys = [...this.root.querySelectorAll(".sort")].map((head) => head.dataset.key);
    const opener = button("open", "", () => this.open(item, this.found));
    opener.setAttribute("tabindex", -1);
    const [first, ...others] = keys.map((key) => this.columns[key].cell(item));
    opener.append(first);
    const row = element("tr", {}, element("th", { scope: "row" }, opener));
    for (const [i, cell] of others.entries()) {
      row.append(element("td", { class: `of-${keys[i + 1]}` }, cell));
    }
    return row;
  }

  tell() {
    const n = Math.min(this.nRows, this.found.length);
    const of = this.found.length === this.items.length ? "" : ` of ${whole(this.items.length)}`;
    this.root.querySelector(".n-shown").textContent =
      (this.found.length ? `${whole(this.found.length)}${of}` : `none${of}`) +
      (n < this.found.length ? `, the first ${whole(n)} shown` : "");
    const left = this.found.length - n;
    this.more.hidden = left <= 0;
    this.more.textContent = `Show ${whole(Math.min(left, rowsMore))} more`;
    for (const head of this.root.querySelectorAll("th")) {
      const key = head.querySelector(".sort")?.dataset.key;
      if (key === this.key) head.setAttribute("aria-sort", this.isDown ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
  }

  sortBy(key) {
    this.isDown = key === this.key ? !this.isDown : Boolean(this.columns[key].isDownFirst);
    this.key = key;
    this.show();
  }

  buttons() {
    return [...this.body.querySelectorAll(".open")];
  }

  onFilterKey(event) {
    const first = this.buttons()[0];
    if (event.key === "ArrowDown" && first) this.move(first, event);
    else if (event.key === "Enter" && first) {
      event.preventDefault();
      first.focus();
      first.click();
    } else if (event.key === "Escape" && this.filter.value) {
      event.preventDefault();
      this.filter.value = "";
      this.show();
    }
  }

  onRowKey(event) {
    const all = this.buttons();
    const at = all.indexOf(event.target);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    if (to < 0) this.move(this.filter, event);
    else if (to === all.length && !this.more.hidden) this.move(this.more, event);
    else if (all[to]) this.move(all[to], event);
  }

  // One row at a time is in the order of the tabulator, so that a list is one step and not hundreds.
  move(to, event) {
    event.preventDefault();
    if (to.classList.contains("open")) {
      for (const other of this.body.querySelectorAll('.open[tabindex="0"]')) other.setAttribute("tabindex", -1);
      to.setAttribute("tabindex", 0);
    }
    to.focus();
  }
}

const collator = new Intl.Collator(undefined, { numeric: true });
const compare = (a, b) => (typeof a === "number" ? a - b : collator.compare(a, b));

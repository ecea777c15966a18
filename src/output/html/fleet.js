// The fleet table sorts and filters; opening an autoscaler is the address alone, also without this.
"use strict";
(() => {
  const table = document.getElementById("fleet-table");
  if (!table) return;
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const heads = [...table.tHead.rows[0].cells];
  const tools = document.getElementById("tools");
  const search = document.getElementById("search");
  const outcome = document.getElementById("outcome");
  const namespace = document.getElementById("namespace");
  const shown = document.getElementById("shown");
  const empty = document.getElementById("empty");

  // What each row is found by and sorted by, read once: a thousand rows are asked with every letter.
  const known = rows.map((row, place) => ({
    row,
    place,
    text: (row.dataset.find || row.textContent).toLowerCase(),
    keys: [...row.cells].map((cell) => key(cell)),
  }));

  function key(cell) {
    const { sort } = cell.dataset;
    if (sort === undefined) return (cell.querySelector("a") || cell).textContent.trim().toLowerCase();
    return sort === "" ? null : Number(sort);
  }

  // What has no value comes last in both directions.
  function compare(a, b, column, sign) {
    const [x, y] = [a.keys[column], b.keys[column]];
    if (x === null || y === null) return (x === null) - (y === null) || a.place - b.place;
    const order = typeof x === "number" ? x - y : x.localeCompare(y, "en", { numeric: true });
    return order * sign || a.place - b.place;
  }

  function sort(column, direction) {
    const sign = direction === "ascending" ? 1 : -1;
    known.sort((a, b) => compare(a, b, column, sign));
    for (const head of heads) head.removeAttribute("aria-sort");
    heads[column].setAttribute("aria-sort", direction);
    body.append(...known.map((it) => it.row));
  }

  for (const [column, head] of heads.entries()) {
    if (!head.dataset.first) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const other = { ascending: "descending", descending: "ascending" };
      sort(column, other[head.getAttribute("aria-sort")] || head.dataset.first);
    });
  }

  function filter() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const { row, text } of known) {
      const fits =
        words.every((word) => text.includes(word)) &&
        (!outcome.value || row.dataset.outcome.split(" ").includes(outcome.value)) &&
        (!namespace.value || row.dataset.namespace === namespace.value);
      row.hidden = !fits;
      count += fits;
    }
    shown.textContent =
      count === rows.length ? `${rows.length} autoscalers` : `${count} of ${rows.length} autoscalers`;
    if (rows.length === 1 && count === 1) shown.textContent = "1 autoscaler";
    empty.hidden = count > 0;
  }

  const names = [...new Set(rows.map((row) => row.dataset.namespace))].sort();
  for (const name of names) namespace.add(new Option(name, name));
  namespace.parentElement.hidden = names.length < 2;
  for (const it of [search, outcome, namespace]) it.addEventListener("input", filter);
  document.getElementById("reset").addEventListener("click", () => {
    search.value = outcome.value = namespace.value = "";
    filter();
    search.focus();
  });
  tools.hidden = false;
  filter();

  // Pages
  const title = document.title;
  let left = null;

  function opened() {
    const page = document.querySelector(".page:target");
    if (!page) {
      document.title = title;
      if (left) document.getElementById(`row-${left}`)?.querySelector("a")?.focus({ preventScroll: false });
      left = null;
      return;
    }
    left = page.dataset.row;
    const heading = page.querySelector("h2");
    document.title = `${heading.textContent} · ${title}`;
    heading.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }
  addEventListener("hashchange", opened);
  addEventListener("load", () => location.hash && opened());

  document.addEventListener("keydown", (event) => {
    const inField = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (event.ctrlKey || event.metaKey || event.altKey || inField) return;
    if (event.key === "/" && !document.querySelector(".page:target")) {
      event.preventDefault();
      search.focus();
    }
  });

  // Copying a command
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button.copy");
    if (!button) return;
    const pre = button.parentElement.querySelector("pre");
    try {
      await navigator.clipboard.writeText(pre.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(pre);
      button.textContent = "Selected";
    }
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
  for (const button of document.querySelectorAll("button.copy")) button.hidden = false;
})();

// Charts of load and replicas, drawn when they are looked at. Their data stands beside them.
"use strict";
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const DAY = 86400;
  const LEFT = 46;
  const RIGHT = 10;
  const TOP = 26;
  const LOAD = 96;
  const GAP = 38;
  const REPLICAS = 190;
  const BOTTOM = 34;
  const HEIGHT = TOP + LOAD + GAP + REPLICAS + BOTTOM;
  // Smaller stretches than this have nothing to see in them.
  const FEWEST = 6;
  const REPLICA_LINES = [
    ["needed", "needed"],
    ["ready", "ready"],
    ["today", "today's settings"],
    ["proposed", "proposed settings"],
  ];
  const MARKS = [
    ["shortfall", "short of capacity"],
    ["pinned", "held at the maximum"],
    ["breach", "above target"],
  ];

  function element(name, attributes = {}, text = null) {
    const it = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) it.setAttribute(key, value);
    if (text !== null) it.textContent = text;
    return it;
  }

  // The data as it is embedded, with runs and thousandths made plain; gaps are null.
  function read(holder) {
    const raw = JSON.parse(holder.textContent);
    const plain = (values, scale) => values && values.map((it) => (it === null ? null : it * scale));
    const loads = raw.loads.map(({ name, unit, scale, mean, above }) => {
      const high = above && mean.map((it, at) => (it === null ? null : it + above[at]));
      const [factor, shown] = unit === "bytes" ? [scale / 2 ** 20, "MiB"] : [scale, unit];
      return { name, unit: shown, mean: plain(mean, factor), high: plain(high || mean, factor) };
    });
    const replicas = Object.entries(raw.replicas).map(([name, runs]) => [name, unrolled(runs)]);
    return { ...raw, loads, replicas: Object.fromEntries(replicas) };
  }

  // Value and how often, in turns.
  function unrolled(runs) {
    const values = [];
    for (let at = 0; at < runs.length; at += 2) {
      for (let left = runs[at + 1]; left > 0; left -= 1) values.push(runs[at]);
    }
    return values;
  }

  const two = (value) => String(value).padStart(2, "0");
  const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

  function date(seconds) {
    const it = new Date(seconds * 1000);
    return `${DAYS[it.getUTCDay()]} ${it.getUTCDate()} ${MONTHS[it.getUTCMonth()]}`;
  }

  function clock(seconds) {
    const it = new Date(seconds * 1000);
    return `${two(it.getUTCHours())}:${two(it.getUTCMinutes())}`;
  }

  function amount(value) {
    if (value === null || value === undefined) return "–";
    if (Number.isInteger(value)) return String(value);
    return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
  }

  // Round steps for an axis with about `wanted` lines; whole ones where `whole` is set.
  function rounded(highest, wanted, whole) {
    const rough = Math.max(highest, whole ? 1 : 1e-9) / wanted;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((it) => it * power).find((it) => it >= rough);
    return whole ? Math.max(1, Math.round(step)) : step;
  }

  class Chart {
    constructor(figure) {
      this.figure = figure;
      Object.assign(this, read(figure.querySelector("script")));
      this.from = 0;
      this.to = this.count;
      this.at = null;
      // What is not shown.
      this.off = new Set();
      this.load = 0;
      this.plot = figure.querySelector(".plot");
      this.live = figure.querySelector(".unseen[role=status]");
      this.shown = figure.querySelector(".shown");
      this.buttons();
      this.legend();
      this.listen();
      this.width = 0;
      new ResizeObserver(() => this.resized()).observe(this.plot);
      this.resized();
    }

    resized() {
      const width = Math.round(this.plot.clientWidth);
      if (width === 0 || width === this.width) return;
      this.width = width;
      this.draw();
    }

    buttons() {
      const holder = this.figure.querySelector(".buttons");
      const add = (text, label, act) => {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = text;
        if (label) button.setAttribute("aria-label", label);
        button.addEventListener("click", act);
        holder.insertBefore(button, this.shown);
        return button;
      };
      const lengths = [["Day", DAY], ["Week", 7 * DAY], ["All", Infinity]];
      this.lengths = lengths
        .filter(([, length]) => length === Infinity || length < this.count * this.step)
        .map(([text, length]) => [add(text, null, () => this.last(length)), length]);
      this.back = add("←", "Earlier", () => this.shift(-1));
      this.forth = add("→", "Later", () => this.shift(1));
      if (this.loads.length > 1) holder.insertBefore(this.choice(), this.shown);
      holder.hidden = false;
    }

    // Which of several loads is drawn.
    choice() {
      const choice = document.createElement("select");
      choice.setAttribute("aria-label", "Load");
      for (const [place, { name }] of this.loads.entries()) choice.add(new Option(name, place));
      choice.addEventListener("change", () => {
        this.load = Number(choice.value);
        this.draw();
      });
      return choice;
    }

    get lines() {
      const { mean, high } = this.loads[this.load] || { mean: [], high: [] };
      return { load: mean, peak: high, ...this.replicas };
    }

    legend() {
      const holder = this.figure.querySelector(".legend");
      this.when = document.createElement("li");
      this.when.className = "when";
      holder.append(this.when);
      this.values = new Map();
      const lines = REPLICA_LINES.filter(([name]) => this.replicas[name]);
      const marks = MARKS.filter(([name]) => this.marks[name].length > 0);
      if (this.loads.length > 0) lines.unshift(["load", "load"]);
      for (const [name, words] of [...lines, ...marks]) holder.append(this.entry(name, words));
      this.words = Object.fromEntries(lines);
    }

    // Shows and hides a line, and tells its value.
    entry(name, words) {
      const item = document.createElement("li");
      const button = document.createElement("button");
      button.type = "button";
      button.setAttribute("aria-pressed", "true");
      const swatch = element("svg", { viewBox: "0 0 24 10", "aria-hidden": "true" });
      const isMark = name in this.marks;
      swatch.append(isMark
        ? element("rect", { class: `mark ${name}`, x: 6, y: 0, width: 12, height: 10 })
        : element("path", { d: "M0 5H24", class: `curve ${name}` }));
      button.append(swatch, words);
      if (!isMark) {
        const value = document.createElement("b");
        button.append(value);
        this.values.set(name, value);
      }
      button.addEventListener("click", () => {
        if (!this.off.delete(name)) this.off.add(name);
        button.setAttribute("aria-pressed", String(!this.off.has(name)));
        this.draw();
      });
      item.append(button);
      return item;
    }

    listen() {
      const { plot } = this;
      plot.addEventListener("pointermove", (event) => this.moved(event));
      plot.addEventListener("pointerdown", (event) => {
        if (event.button !== 0) return;
        this.grip = this.index(event);
        try {
          plot.setPointerCapture(event.pointerId);
        } catch {
          // A pointer that has gone already is no drag.
        }
      });
      plot.addEventListener("pointerup", (event) => this.dropped(event));
      plot.addEventListener("pointercancel", () => this.unhand());
      plot.addEventListener("pointerleave", () => this.grip === undefined && this.point(null));
      plot.addEventListener("dblclick", () => this.zoom(0, this.count));
      plot.addEventListener("keydown", (event) => this.typed(event));
      plot.addEventListener("blur", () => this.point(null));
    }

    index(event) {
      const box = this.plot.getBoundingClientRect();
      const share = (event.clientX - box.left - LEFT) / (this.width - LEFT - RIGHT);
      const at = Math.floor(this.from + share * (this.to - this.from));
      return Math.min(this.to - 1, Math.max(this.from, at));
    }

    moved(event) {
      this.point(this.index(event));
      if (this.grip === undefined) return;
      const [from, to] = [this.grip, this.at].sort((a, b) => a - b);
      const left = this.x(from);
      this.band.setAttribute("x", left);
      this.band.setAttribute("width", Math.max(0, this.x(to + 1) - left));
    }

    dropped(event) {
      if (this.grip === undefined) return;
      const [from, to] = [this.grip, this.index(event)].sort((a, b) => a - b);
      this.unhand();
      if (to - from >= 2) this.zoom(from, to + 1);
    }

    unhand() {
      this.grip = undefined;
      this.band?.setAttribute("width", 0);
    }

    typed(event) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const far = event.shiftKey ? Math.max(1, Math.round(DAY / this.step)) : 1;
      const here = this.at ?? Math.floor((this.from + this.to) / 2);
      const acts = {
        ArrowLeft: () => this.walk(here - far),
        ArrowRight: () => this.walk(here + far),
        Home: () => this.walk(this.from),
        End: () => this.walk(this.to - 1),
        "+": () => this.scale(here, 0.5),
        "=": () => this.scale(here, 0.5),
        "-": () => this.scale(here, 2),
        Escape: () => this.zoom(0, this.count),
      };
      const act = acts[event.key];
      if (!act) return;
      event.preventDefault();
      act();
    }

    walk(at) {
      const to = Math.min(this.count - 1, Math.max(0, at));
      if (to < this.from) this.zoom(to, to + this.to - this.from);
      if (to >= this.to) this.zoom(to + 1 - (this.to - this.from), to + 1);
      this.point(to);
      this.live.textContent = this.told();
    }

    scale(around, factor) {
      const length = Math.max(FEWEST, Math.round((this.to - this.from) * factor));
      this.zoom(Math.round(around - length / 2), Math.round(around + length / 2));
      this.point(around);
      this.live.textContent = this.shown.textContent;
    }

    // The last stretch of that length, or the one around what is looked at.
    last(length) {
      const steps = Math.min(this.count, Math.round(length / this.step));
      this.zoom(this.to - steps, this.to);
    }

    shift(sign) {
      const length = this.to - this.from;
      this.zoom(this.from + sign * length, this.to + sign * length);
    }

    zoom(from, to) {
      const length = Math.min(this.count, Math.max(FEWEST, to - from));
      this.from = Math.max(0, Math.min(from, this.count - length));
      this.to = this.from + length;
      this.draw();
    }

    x(at) {
      return LEFT + ((at - this.from) / (this.to - this.from)) * (this.width - LEFT - RIGHT);
    }

    time(at) {
      return this.begin + at * this.step;
    }

    draw() {
      const svg = element("svg", { viewBox: `0 0 ${this.width} ${HEIGHT}`, "aria-hidden": "true", focusable: "false" });
      this.axis(svg);
      this.drawLoad(svg);
      this.drawReplicas(svg);
      this.band = element("rect", { class: "chosen", y: TOP, height: HEIGHT - TOP - BOTTOM, x: LEFT, width: 0 });
      this.line = element("path", { class: "cursor", d: "" });
      svg.append(this.band, this.line);
      this.plot.replaceChildren(svg);
      this.said();
      this.point(this.at !== null && this.at >= this.from && this.at < this.to ? this.at : null);
    }

    said() {
      const [from, to] = [this.time(this.from), this.time(this.to)];
      this.shown.textContent = `${date(from)} ${clock(from)} to ${date(to)} ${clock(to)} UTC`;
      const length = (this.to - this.from) * this.step;
      for (const [button, wanted] of this.lengths) {
        const is = wanted === Infinity ? this.to - this.from === this.count : Math.abs(length - wanted) < this.step;
        button.setAttribute("aria-pressed", String(is));
      }
      this.back.disabled = this.from === 0;
      this.forth.disabled = this.to === this.count;
    }

    // Days as they begin in UTC, hours where the days are few.
    axis(svg) {
      const length = (this.to - this.from) * this.step;
      const fits = Math.max(2, Math.floor((this.width - LEFT - RIGHT) / 76));
      const steps = [900, 3600, 3 * 3600, 6 * 3600, 12 * 3600, DAY, 2 * DAY, 7 * DAY, 14 * DAY, 28 * DAY];
      const step = steps.find((it) => length / it <= fits) || 56 * DAY;
      const start = this.time(this.from);
      for (let at = Math.ceil(start / step) * step; at <= start + length; at += step) {
        const x = this.x((at - this.begin) / this.step);
        svg.append(element("path", { class: "grid", d: `M${x} ${TOP}V${TOP + LOAD}M${x} ${TOP + LOAD + GAP}V${HEIGHT - BOTTOM}` }));
        const text = step < DAY && at % DAY !== 0 ? clock(at) : date(at);
        if (x < this.width - 30) {
          svg.append(element("text", { x, y: HEIGHT - 8, "text-anchor": "middle" }, text));
        }
      }
    }

    scaleOf(svg, highest, top, height, whole) {
      const step = rounded(highest, 3, whole);
      const most = Math.max(step, Math.ceil(highest / step) * step);
      const y = (value) => top + height - (value / most) * height;
      for (let value = 0; value <= most + step / 2; value += step) {
        svg.append(element("path", { class: "grid", d: `M${LEFT} ${Math.round(y(value))}H${this.width - RIGHT}` }));
        const text = whole ? String(value) : amount(Number(value.toPrecision(3)));
        svg.append(element("text", { x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, text));
      }
      return y;
    }

    highest(names) {
      let most = 0;
      for (const name of names) {
        if (this.off.has(name)) continue;
        const values = this.lines[name] || [];
        for (let at = this.from; at < this.to; at += 1) most = Math.max(most, values[at] ?? 0);
      }
      return most;
    }

    drawLoad(svg) {
      const load = this.loads[this.load];
      if (!load) return;
      const unit = load.unit ? `, ${load.unit}` : "";
      svg.append(element("text", { class: "panel", x: 0, y: TOP - 13 }, `Load: ${load.name}${unit}`));
      const y = this.scaleOf(svg, this.highest(["load"]) && this.highest(["load", "peak"]), TOP, LOAD, false);
      if (this.off.has("load")) return;
      svg.append(element("path", { class: "area", d: this.path("peak", y, TOP + LOAD) }));
      svg.append(element("path", { class: "curve load", d: this.path("load", y) }));
    }

    drawReplicas(svg) {
      const top = TOP + LOAD + GAP;
      svg.append(element("text", { class: "panel", x: 0, y: top - 13 }, "Replicas"));
      const names = REPLICA_LINES.map(([name]) => name);
      const limits = Object.entries(this.limits).filter(([name]) => !this.off.has(name));
      const seen = this.highest(names);
      // A maximum far away would press everything that happens to the floor.
      const near = limits.flatMap(([, it]) => it).filter((it) => it <= Math.max(4, seen * 1.6));
      const y = this.scaleOf(svg, Math.max(seen, ...near), top, REPLICAS, true);
      this.drawMarks(svg, top);
      for (const [name, values] of limits) {
        for (const value of values) {
          if (!near.includes(value)) continue;
          svg.append(element("path", { class: `limit ${name}`, d: `M${LEFT} ${y(value)}H${this.width - RIGHT}` }));
        }
      }
      for (const name of names) {
        if (!this.replicas[name] || this.off.has(name)) continue;
        svg.append(element("path", { class: `curve ${name}`, d: this.path(name, y) }));
      }
    }

    // Each kind has a height of its own below the curves, so that none hides another.
    drawMarks(svg, top) {
      for (const [kind, [name]] of MARKS.entries()) {
        if (this.off.has(name)) continue;
        for (const [from, to] of this.marks[name].map((it) => it.map((seconds) => seconds / this.step))) {
          if (to <= this.from || from >= this.to) continue;
          const left = this.x(Math.max(from, this.from));
          const width = Math.max(1.5, this.x(Math.min(to, this.to)) - left);
          if (kind === 0) svg.append(element("rect", { class: "shade", x: left, y: top, width, height: REPLICAS }));
          svg.append(element("rect", { class: `mark ${name}`, x: left, y: top + REPLICAS + 1 + kind * 4, width, height: 3 }));
        }
      }
    }

    // Each value is held for its step; `floor` closes what is drawn as an area.
    path(name, y, floor) {
      const values = this.lines[name];
      let text = "";
      let is = false;
      for (let at = this.from; at < this.to; at += 1) {
        const value = values[at];
        if (value === null || value === undefined) {
          if (is && floor) text += `V${floor}`;
          is = false;
          continue;
        }
        const [left, right, height] = [this.x(at).toFixed(1), this.x(at + 1).toFixed(1), y(value).toFixed(1)];
        text += is ? `V${height}H${right}` : `M${left} ${floor ?? height}V${height}H${right}`;
        is = true;
      }
      return is && floor ? `${text}V${floor}` : text;
    }

    point(at) {
      this.at = at;
      const x = at === null ? 0 : Math.round(this.x(at + 0.5));
      this.line?.setAttribute("d", at === null ? "" : `M${x} ${TOP}V${HEIGHT - BOTTOM}`);
      this.tell();
    }

    tell() {
      const at = this.at;
      this.when.textContent = at === null ? "Point at the chart to read it" : this.moment(at);
      const lines = this.lines;
      for (const [name, value] of this.values) value.textContent = at === null ? "" : amount(lines[name][at]);
    }

    moment(at) {
      const [from, to] = [this.time(at), this.time(at + 1)];
      const holds = ([name]) => this.marks[name].some((it) => it[0] < (at + 1) * this.step && it[1] > at * this.step);
      const marks = MARKS.filter(holds).map(([, words]) => `, ${words}`);
      return `${date(from)}, ${clock(from)}–${clock(to)} UTC${marks.join("")}`;
    }

    told() {
      const lines = this.lines;
      const parts = [...this.values.keys()].filter((name) => !this.off.has(name));
      const told = parts.map((name) => `${this.words[name]} ${amount(lines[name][this.at])}`);
      return `${this.moment(this.at)}: ${told.join("; ")}`;
    }
  }

  // One chart is made when its page is opened.
  function open() {
    const figure = document.querySelector(".page:target .chart:not([data-drawn])");
    if (!figure) return;
    figure.dataset.drawn = "";
    new Chart(figure);
  }
  addEventListener("hashchange", open);
  // An address that names a page has no target yet when this runs.
  addEventListener("load", open);

  // In the table, the load of each row that comes into sight.
  function spark(cell) {
    const page = document.getElementById(cell.dataset.of);
    const holder = page?.querySelector(".chart script");
    if (!holder) return;
    const { count, loads } = read(holder);
    if (loads.length === 0) return;
    const values = loads[0].mean;
    const most = Math.max(...values, 1e-9);
    const width = 120;
    const parts = 112;
    let line = "";
    for (let part = 0; part < parts; part += 1) {
      const some = values.slice(Math.floor((part * count) / parts), Math.ceil(((part + 1) * count) / parts));
      const value = some.reduce((sum, it) => sum + (it ?? 0), 0) / Math.max(1, some.length);
      line += `${line ? "L" : "M"}${((part * width) / (parts - 1)).toFixed(1)} ${(28 - (value / most) * 26).toFixed(1)}`;
    }
    const svg = element("svg", { viewBox: `0 0 ${width} 30`, preserveAspectRatio: "none", class: "spark", "aria-hidden": "true" });
    svg.append(element("path", { class: "area", d: `${line}V29H0Z` }), element("path", { class: "curve load", d: line }));
    cell.append(svg);
  }
  const sight = new IntersectionObserver((seen) => {
    for (const { isIntersecting, target } of seen) {
      if (!isIntersecting) continue;
      sight.unobserve(target);
      spark(target);
    }
  }, { rootMargin: "200px" });
  for (const cell of document.querySelectorAll("[data-of]")) sight.observe(cell);
})();

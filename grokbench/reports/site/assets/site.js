// What answers to a reader: themes, filters, copying, and figures that plotly draws from the numbers under data/.
"use strict";

const grokbench = (() => {
  const html = document.documentElement;
  const root = html.dataset.root;

  /* ---- small tools ---- */

  /** An element with attributes and children; a function among the attributes listens. */
  function el(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (typeof value === "function") made.addEventListener(key, value);
      else if (value !== false && value !== undefined) made.setAttribute(key, value === true ? "" : value);
    }
    made.append(...children);
    return made;
  }

  const remembered = {
    get(key) { try { return localStorage.getItem(key); } catch { return null; } },
    set(key, value) { try { localStorage.setItem(key, value); } catch { /* a browser may refuse it for files */ } },
  };

  /** A number as a reader sees it: 12 345, 0.01235, 1.2e-7. */
  function number(value) {
    if (value === null || value === undefined) return "not reached";
    if (Number.isInteger(value)) return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f");
    const size = Math.abs(value);
    return size >= 1e-4 && size < 1e6 ? String(Number(value.toPrecision(4))) : value.toExponential(2);
  }

  function median(values) {
    const own = values.map(v => (v === null ? Infinity : v)).sort((a, b) => a - b);
    if (!own.length) return null;
    const low = own[(own.length - 1) >> 1], high = own[own.length >> 1];
    const middle = high === Infinity ? high : (low + high) / 2;
    return middle === Infinity ? null : middle;
  }

  /* ---- data: scripts that call take() ---- */

  const waiting = new Map();
  const scripts = new Map();

  const SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";
  const digit = new Uint8Array(128);
  for (let i = 0; i < SIGNS.length; i++) digit[SIGNS.charCodeAt(i)] = i;

  /** Bytes from base85 with the signs of RFC 1924: five for four bytes, and of fewer bytes at the end one more than they are. */
  function bytes(text) {
    const lacking = (5 - text.length % 5) % 5, whole = text + "~".repeat(lacking);
    const out = new DataView(new ArrayBuffer(whole.length / 5 * 4));
    for (let i = 0; i < whole.length; i += 5) {
      let word = 0;
      for (let j = i; j < i + 5; j++) word = word * 85 + digit[whole.charCodeAt(j)];
      out.setUint32(i / 5 * 4, word);
    }
    return new Uint8Array(out.buffer, 0, out.byteLength - lacking);
  }

  /** What a script of numbers, or that of plotly, calls: text, deflated, in base85. */
  function take(name, packed) {
    const text = new Blob([bytes(packed)]).stream().pipeThrough(new DecompressionStream("deflate"));
    waiting.get(name)?.(new Response(text).text());
  }

  function script(address) {
    if (!scripts.has(address)) {
      scripts.set(address, new Promise((done, failed) => {
        document.head.append(el("script", { src: root + address, load: done, error: failed }));
      }));
    }
    return scripts.get(address);
  }

  function taken(name, folder) {
    return new Promise((done, failed) => {
      waiting.set(name, done);
      script(`${folder}/${name}.js`).catch(failed);
    });
  }

  /** Lists of numbers stand there as {Δ: [places, first, difference, …]}, in units of the last decimal place. */
  function listed(key, value) {
    if (!Array.isArray(value?.Δ)) return value;
    const [places, ...steps] = value.Δ;
    const unit = Number(`1e${places}`);
    let sum = 0;
    return steps.map(step => (sum += step) / unit);
  }

  const known = new Map();
  function data(name) {
    if (!known.has(name)) known.set(name, taken(name, "data").then(text => JSON.parse(text, listed)));
    return known.get(name);
  }

  /** Plotly, once: its text becomes a script of the page. */
  let plotly;
  function plots() {
    plotly ??= taken("plotly", "assets").then(text => { document.head.append(el("script", {}, text)); });
    return plotly;
  }

  /* ---- theme ---- */

  const listeners = new Set();
  const system = matchMedia("(prefers-color-scheme: dark)");
  const dark = () => (html.dataset.theme ? html.dataset.theme === "dark" : system.matches);

  function theme(chosen) {
    if (chosen) html.dataset.theme = chosen; else delete html.dataset.theme;
    for (const draw of listeners) draw();
  }

  function themes() {
    const button = document.getElementById("theme"), order = ["", "light", "dark"];
    const told = () => {
      const text = `Theme: ${html.dataset.theme || "system"}`;
      button.querySelector(".roomy").textContent = text;
      button.setAttribute("aria-label", text);
    };
    button.hidden = false;
    told();
    button.addEventListener("click", () => {
      const next = order[(order.indexOf(html.dataset.theme || "") + 1) % order.length];
      theme(next);
      remembered.set("grokbench-theme", next);
      told();
    });
    system.addEventListener("change", () => theme(html.dataset.theme || ""));
  }
  const kept = remembered.get("grokbench-theme");
  if (kept) html.dataset.theme = kept;

  /** A figure's colour on the page's ground: greys change places, and the others get lighter where it is dark. */
  function colour(hex, band = false) {
    if (!dark()) return hex;
    const [r, g, b] = [1, 3, 5].map(i => parseInt(hex.slice(i, i + 2), 16));
    const grey = Math.max(r, g, b) - Math.min(r, g, b) < 12;
    if (grey) return `rgb(${[r, g, b].map(v => Math.round(235 - 0.8 * v)).join(",")})`;
    if (band || Math.min(r, g, b) > 180) return `rgba(${r},${g},${b},0.16)`;
    return `rgb(${[r, g, b].map(v => Math.round(v + 0.35 * (255 - v))).join(",")})`;
  }

  const style = name => getComputedStyle(html).getPropertyValue(name).trim();

  /* ---- one panel: an item of the chart → traces and shapes of plotly ---- */

  const PX = 4 / 3; // pixels of a point
  const FIRST = 0.5; // where step 0 stands on an axis of steps that is logarithmic

  function dash(item) {
    if (!item.line || /^[a-z]/.test(item.line)) return item.line || "solid";
    return item.line.split(" ").map(n => `${Number(n) * Math.max(1, item.width || 1)}px`).join(",");
  }

  /** How a scale puts a number: on a logarithmic axis of steps the step 0 is at its left end. */
  const placed = (value, scale) => (scale === "symlog" && value !== null && value < FIRST ? FIRST : value);

  function hover(item, i, names) {
    const seeds = item.seeds || [], seed = seeds.length === 1 ? seeds[0] : seeds[i];
    const head = [item.name || "", seed === undefined ? "" : `seed ${seed}`].filter(Boolean).join(", ");
    const at = names.x ? names.x[Math.round(item.x[i])] : number(item.x[i]);
    const up = names.y ? names.y[Math.round(item.y[i])] : number(item.y[i]);
    return `${head ? `${head}<br>` : ""}${up}<br><i>at ${String(at).replace(/\n/g, " ")}</i>`;
  }

  function traceOf(item, scales, names, off) {
    const seeds = item.seeds || [];
    const each = seeds.length > 1 || (seeds.length === 1 && item.x.length === 1);
    const shown = i => !(each && off.has(seeds[i]));
    if (seeds.length === 1 && off.has(seeds[0])) return null;
    const color = colour(item.color);
    if (item.kind === "bars") {
      return { type: "bar", x: item.x, y: item.y, width: item.width, base: item.base, marker: { color }, text: item.x.map((_, i) => hover(item, i, names)), hovertemplate: "%{text}<extra></extra>", textposition: "none" };
    }
    if (item.kind === "image") return heat(item);
    const area = item.fill;
    return {
      type: "scatter",
      mode: [item.line && item.width !== 0 && "lines", item.marker && "markers"].filter(Boolean).join("+") || "none",
      x: item.x.map((v, i) => (shown(i) ? placed(v, scales.x) : null)),
      y: item.y.map((v, i) => (shown(i) ? placed(v, scales.y) : null)),
      fill: area ? "toself" : "none",
      fillcolor: area ? colour(item.color, true) : undefined,
      opacity: item.opacity ?? 1,
      line: { color, width: (item.width || 1) * PX, dash: dash(item) },
      marker: {
        color: item.colors ? item.colors : color,
        size: (item.size || 4) * PX,
        symbol: (item.marker || "circle") + (item.open || item.marker === "x-thin" ? "-open" : ""),
        line: { width: item.open ? 1.5 : item.marker === "x-thin" ? 1.5 : 0, color },
      },
      text: item.x.map((_, i) => hover(item, i, names)),
      hovertemplate: "%{text}<extra></extra>",
      hoverinfo: area ? "skip" : undefined,
    };
  }

  function heat(item) {
    const rows = item.values.length, columns = item.values[0].length;
    const [low, high] = item.ends;
    const value = v => (v === null ? null : item.log ? low * (high / low) ** (v / 100) : low + (v / 100) * (high - low));
    const middle = (ends, n) => Array.from({ length: n }, (_, i) => ends[0] + ((i + 0.5) / n) * (ends[1] - ends[0]));
    const ticks = [0, 25, 50, 75, 100];
    return {
      type: "heatmap", x: middle(item.x, columns), y: middle(item.y, rows), z: item.values,
      zmin: 0, zmax: 100, colorscale: item.scale, showscale: Boolean(item.label),
      colorbar: { tickvals: ticks, ticktext: ticks.map(v => number(value(v))), title: { text: item.label, side: "right" }, thickness: 10, outlinewidth: 0 },
      text: item.values.map(row => row.map(v => number(value(v)))),
      hovertemplate: "%{text}<extra></extra>",
    };
  }

  function shapeOf(item) {
    const along = item.x ? "x" : "y", across = along === "x" ? "y" : "x";
    const ends = item[along];
    const shape = { [`${along}0`]: ends[0], [`${along}1`]: ends[ends.length - 1], [`${across}0`]: 0, [`${across}1`]: 1, [`${across}ref`]: `${across} domain`, [`${along}ref`]: along };
    if (item.kind === "band") return { ...shape, type: "rect", layer: "below", line: { width: 0 }, fillcolor: colour(item.color, true), opacity: item.opacity ?? 1 };
    return { ...shape, type: "line", line: { color: colour(item.color), width: (item.width || 1) * PX, dash: dash(item) } };
  }

  function noteOf(item, scales) {
    const log = (value, scale) => (scale === "linear" ? value : Math.log10(Math.max(value, FIRST)));
    const [across, up] = item.align || ["center", "center"];
    const note = { text: item.text.replace(/\n/g, "<br>"), showarrow: false, font: { size: item.size * PX * 0.95, color: colour(item.color) }, xanchor: across, yanchor: { center: "middle", baseline: "bottom" }[up] || up };
    if (!item.x) return { ...note, xref: "x domain", yref: "y domain", x: 0.5, y: 0.5 };
    const [dx, dy] = item.shift || [0, 0];
    const place = { x: log(item.x[0], scales.x), xref: "x", xshift: dx * PX, yshift: dy * PX };
    return item.y ? { ...note, ...place, y: log(item.y[0], scales.y), yref: "y" } : { ...note, ...place, y: 1, yref: "y domain" };
  }

  function axisOf(own, scale, changed) {
    const axis = { title: { text: own.label, font: { size: 12 }, standoff: 8 }, type: scale === "linear" ? "linear" : "log", automargin: true, zeroline: false, showline: true, ticks: "outside", ticklen: 4, gridcolor: style("--line"), linecolor: style("--soft"), tickcolor: style("--soft"), exponentformat: "power", tickfont: { size: 11 } };
    const ends = own.range.map(v => (scale === "linear" ? v : Math.log10(Math.max(v, scale === "symlog" ? FIRST : 1e-300))));
    if (!changed) axis.range = ends;
    if (scale === "linear") Object.assign(axis, { separatethousands: true, exponentformat: "none" });
    if (scale === "log") {
      const decades = Math.abs(ends[1] - ends[0]), near = decades < 2 && Math.max(...ends) < 5 && Math.min(...ends) > -2;
      Object.assign(axis, near ? { dtick: "D2", exponentformat: "none", separatethousands: true } : { dtick: decades > 8 ? 2 : 1 });
    }
    if (own.ticks) Object.assign(axis, { tickvals: own.ticks.map(t => t[0]), ticktext: own.ticks.map(t => t[1].replace(/\n/g, "<br>")), tickangle: 0, showgrid: false });
    if (scale === "symlog") {
      const last = Math.ceil(Math.log10(Math.max(...own.range.map(Math.abs), 10)));
      const powers = Array.from({ length: last + 1 }, (_, k) => 10 ** k);
      Object.assign(axis, { tickvals: [FIRST, ...powers], ticktext: ["0", ...powers.map((v, k) => (k < 4 ? number(v) : `10<sup>${k}</sup>`))] });
    }
    return axis;
  }

  const narrow = matchMedia("(max-width: 46rem)"); // as in site.css: panels stand below each other

  /** The label of a panel's axis, or of the panel that has it where panels stand in a grid. */
  const labelsOf = chart => (panel, axis) => {
    const at = chart.panels.indexOf(panel), columns = chart.columns;
    const beside = chart.panels.filter((_, i) => (axis === "x" ? i % columns === at % columns : Math.floor(i / columns) === Math.floor(at / columns)));
    return panel[axis].label || beside.map(other => other[axis].label).find(Boolean) || "";
  };

  const CONFIG = { displaylogo: false, responsive: true, displayModeBar: false, doubleClick: "reset" };

  /** Draw a panel into a box; state: what the reader has switched off, and the scales they asked for. */
  function drawPanel(box, whole, state) {
    const panel = narrow.matches && state.labels ? { ...whole, x: { ...whole.x, label: state.labels(whole, "x") }, y: { ...whole.y, label: state.labels(whole, "y") } } : whole;
    if (panel.seeds && panel.seeds.every(seed => state.seeds.has(seed))) { box.hidden = true; return; }
    box.hidden = false;
    const asked = axis => (panel[axis].ticks ? "" : state[axis]);
    const natural = { x: panel.x.scale, y: panel.y.scale };
    const scales = { x: asked("x") || natural.x, y: asked("y") || natural.y };
    for (const axis of ["x", "y"]) if (scales[axis] === "log" && natural[axis] === "symlog") scales[axis] = "symlog";
    const names = { x: words(panel.x), y: words(panel.y) };
    const traces = [], shapes = [], annotations = [];
    for (const item of panel.items) {
      if (item.name && state.names.has(item.name)) continue;
      if (item.kind === "text") annotations.push(noteOf(item, scales));
      else if (item.kind === "band" || !item.x || !item.y) shapes.push(shapeOf(item));
      else { const trace = traceOf(item, scales, names, panel.seeds ? new Set() : state.seeds); if (trace) traces.push(trace); }
    }
    if (!traces.length) traces.push({ x: [null], y: [null], type: "scatter", hoverinfo: "skip" });
    const plot = box.querySelector(".plot");
    const wide = panel.x.ticks ? panel.x.ticks.length * 84 + 70 : 0;
    plot.style.minWidth = wide > 320 ? `${wide}px` : "";
    const down = panel.y.ticks && panel.y.ticks.length > 5 ? panel.y.ticks.length * 52 : 0;
    const height = Math.max(state.height, down, panel.square ? Math.min(420, plot.clientWidth || 320) : 0);
    const above = Math.max(0, ...panel.items.filter(item => item.kind === "text" && item.x && !item.y).map(item => item.text.split("\n").length));
    const layout = {
      height, margin: { l: 56, r: 14, t: 14 + 15 * above, b: 46 }, separators: ".\u202f", showlegend: false, hovermode: "closest", bargap: 0, barmode: "overlay",
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: style("--ink") },
      hoverlabel: { bgcolor: style("--card"), bordercolor: style("--soft"), font: { color: style("--ink") } },
      xaxis: axisOf(panel.x, scales.x, scales.x !== natural.x), yaxis: axisOf(panel.y, scales.y, scales.y !== natural.y), shapes, annotations,
    };
    if (panel.square) {
      Object.assign(layout.yaxis, { scaleanchor: "x", constrain: "domain" });
      layout.xaxis.constrain = "domain";
    }
    return Plotly.react(plot, traces, layout, CONFIG);
  }

  /** Tick → its words, where an axis has names. */
  const words = own => (own.ticks ? Object.fromEntries(own.ticks.map(([at, text]) => [Math.round(at), text])) : null);

  /* ---- a whole figure ---- */

  const GLYPHS = { circle: "●○", square: "■□", diamond: "◆◇", "triangle-up": "▲△", "triangle-down": "▼▽", "triangle-right": "▶▷", cross: "✚✚", x: "✖✖", "x-thin": "××", star: "★☆" };

  /** A sample of a line, mark or area, as the legend shows it. */
  function sample(entry) {
    const color = colour(entry.color, Boolean(entry.fill));
    const lines = entry.line ? `<line x1="1" x2="25" y1="6" y2="6" stroke="${color}" stroke-width="2" stroke-dasharray="${/^solid/.test(entry.line) ? "" : entry.line === "dot" ? "2 3" : entry.line === "dash" ? "6 3" : entry.line === "dashdot" ? "6 3 2 3" : entry.line.split(" ").map(n => 1.6 * n).join(" ")}"/>` : "";
    const area = entry.fill ? `<rect x="1" y="1" width="24" height="10" fill="${color}" stroke="${style("--soft")}" stroke-width=".5"/>` : "";
    const box = el("span", { "aria-hidden": "true" });
    if (entry.marker && !entry.line) {
      box.className = "mark";
      box.style.color = color;
      box.textContent = GLYPHS[entry.marker] ? GLYPHS[entry.marker][entry.open ? 1 : 0] : "●";
    } else box.innerHTML = `<svg width="26" height="12">${area}${lines}</svg>`;
    return box;
  }

  function toggle(label, on, change, plain, picture) {
    const button = el("button", { type: "button", "aria-pressed": String(on), class: plain ? "plain" : false });
    if (picture) button.append(picture);
    button.append(label);
    button.addEventListener("click", () => {
      const next = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(next));
      change(next);
    });
    return button;
  }

  function group(title, ...buttons) {
    return el("div", { class: "tools", role: "group", "aria-label": title }, el("span", { class: "what" }, title), ...buttons);
  }

  const has = (chart, axis) => chart.panels.some(p => !p[axis].ticks && !p.items.some(i => i.kind === "image"));
  const logged = (chart, axis) => chart.panels.some(p => !p[axis].ticks && p[axis].scale !== "linear");

  /** Draw a chart (figures/chart.py) with what switches it; tell: a name for readers who do not see it. */
  async function drawChart(target, chart, tell) {
    await plots();
    const state = { names: new Set(), seeds: new Set(), x: "", y: "", height: chart.panels.length === 1 ? 380 : 260, labels: labelsOf(chart) };
    const panels = el("div", { class: "panels" });
    const redraw = () => Promise.all(boxes.map((box, i) => drawPanel(box, chart.panels[i], state)));
    const flip = set => (key => on => { if (on) set.delete(key); else set.add(key); redraw(); });
    const tools = el("div");
    const legend = () => group("Shown", ...chart.names.map(e => toggle(e.name, !state.names.has(e.name), flip(state.names)(e.name), false, sample(e))));
    let shown = legend();
    if (chart.names.length) tools.append(shown);
    if (chart.seeds.length > 1) tools.append(group("Seeds", ...chart.seeds.map(seed => toggle(String(seed), true, flip(state.seeds)(seed)))));
    const axes = ["x", "y"].filter(axis => has(chart, axis));
    if (axes.length) {
      tools.append(group("Axes", ...axes.map(axis => toggle(`log ${axis}`, logged(chart, axis), on => { state[axis] = on ? "log" : "linear"; redraw(); }, true)),
        el("button", { type: "button", click: () => save(chart) }, "CSV of the figure")));
    }
    const boxes = chart.panels.map((panel, i) => boxOf(panel, `${tell}${chart.panels.length > 1 ? `, panel ${i + 1}` : ""}`));
    panels.append(...boxes);
    panels.style.setProperty("--columns", Math.min(chart.columns, chart.panels.length));
    target.replaceChildren(tools, panels);
    await redraw();
    if (chart.stages?.length) target.append(await stages(chart, tell, state));
    listeners.add(() => { const fresh = legend(); shown.replaceWith(fresh); shown = fresh; redraw(); });
  }

  function boxOf(panel, tell) {
    const box = el("div", { class: "panel" });
    if (panel.heading) box.append(el("p", {}, panel.heading));
    box.append(el("div", { class: "plot", role: "img", "aria-label": `${tell}: ${panel.y.label} over ${panel.x.label}`.replace(/\n/g, " ") }));
    return box;
  }

  /** The same picture at one step after the other, with a slider. */
  async function stages(chart, tell, state) {
    const block = el("div"), panels = el("div", { class: "panels" });
    const own = chart.stages, said = el("output");
    const boxes = own[0].panels.map((panel, i) => boxOf(panel, `${tell}, step by step, panel ${i + 1}`));
    const slider = el("input", { type: "range", min: 0, max: own.length - 1, value: own.length - 1 });
    const draw = () => {
      const one = own[Number(slider.value)];
      said.textContent = one.when;
      slider.setAttribute("aria-valuetext", one.when);
      return Promise.all(boxes.map((box, i) => drawPanel(box, one.panels[i], { ...state, names: new Set(), seeds: new Set(), labels: null })));
    };
    slider.addEventListener("input", draw);
    panels.append(...boxes);
    panels.style.setProperty("--columns", Math.min(2, boxes.length));
    block.append(el("h4", {}, "Step by step"), el("label", { class: "slide" }, "Step ", slider, said));
    if (own.length === 2) block.append(el("p", { class: "hint" }, "The committed records keep this at two steps. What lies between needs the weights of a training."));
    block.append(panels);
    listeners.add(draw);
    setTimeout(draw);
    return block;
  }

  /** Every point that a chart shows, as a CSV file. */
  function save(chart) {
    const quoted = text => (/[",\n]/.test(text) ? `"${String(text).replace(/"/g, '""')}"` : text);
    const lines = ["panel,series,seed,x,y"];
    chart.panels.forEach((panel, i) => {
      const heading = (panel.heading || String(i + 1)).replace(/\s+/g, " ");
      for (const item of panel.items) {
        if (!["line", "bars"].includes(item.kind) || !item.x || !item.y) continue;
        const seeds = item.seeds || panel.seeds || [];
        item.x.forEach((x, k) => {
          if (x !== null && item.y[k] !== null) lines.push([heading, item.name || "", seeds.length === 1 ? seeds[0] : seeds[k] ?? "", x, item.y[k]].map(quoted).join(","));
        });
      }
    });
    const file = URL.createObjectURL(new Blob([lines.join("\n") + "\n"], { type: "text/csv" }));
    const link = el("a", { href: file, download: "figure.csv" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(file), 1000);
  }

  /* ---- curves of experiments ---- */

  const BLUE = "#0072b2", VERMILION = "#d55e00", SPLITS = ["train", "test"];

  /** The look of a split's curve: by its colour where there is one group, else by its line. */
  const lookOf = (k, i, several) => ({ color: (several ? k : i) ? VERMILION : BLUE, line: i ? "solid" : "dash" });

  /** The median over runs at each step that at least half of them reach. */
  function middle(runs, values) {
    const grid = [...new Set(runs.flatMap(run => run.step))].sort((a, b) => a - b);
    const x = [], y = [];
    for (const step of grid) {
      const own = runs.map((run, i) => between(run.step, values[i], step)).filter(v => v !== null);
      if (2 * own.length >= runs.length) { x.push(step); y.push(median(own)); }
    }
    return { x, y };
  }

  function between(steps, values, at) {
    if (at < steps[0] || at > steps[steps.length - 1]) return null;
    let i = steps.findIndex(step => step >= at);
    if (steps[i] === at || i === 0) return values[i];
    const share = (at - steps[i - 1]) / (steps[i] - steps[i - 1]);
    return values[i - 1] === null || values[i] === null ? null : values[i - 1] + share * (values[i] - values[i - 1]);
  }

  /** A chart of the accuracy and loss of groups of runs: [{ label, runs }]. */
  function curvesOf(groups) {
    const names = [], panels = [];
    for (const [what, label] of [["accuracy", "accuracy (share of rows)"], ["loss", "loss"]]) {
      const items = [], marks = [];
      let least = Infinity, most = 0, last = 1;
      groups.forEach(({ label: own, runs }, k) => SPLITS.forEach((split, i) => {
        const look = lookOf(k, i, groups.length > 1), name = `${own ? `${own}, ` : ""}${split}`;
        if (what === "accuracy") names.push({ name, ...look });
        for (const run of runs) {
          const y = run[what][i];
          items.push({ kind: "line", ...look, line: "solid", width: 0.7, opacity: 0.4, name, seeds: [run.seed], x: run.step, y });
          last = Math.max(last, run.step[run.step.length - 1]);
          for (const v of y) if (v !== null && v > 1e-12) { least = Math.min(least, v); most = Math.max(most, v); }
        }
        if (runs.length > 1) marks.push({ kind: "line", ...look, width: 2, name, ...middle(runs, runs.map(run => run[what][i])) });
      }));
      const log = what === "loss" && most > 3 * least;
      const range = what === "accuracy" ? [-0.03, 1.03] : log ? [least / 1.5, most * 1.5] : [0, most * 1.05 || 1];
      panels.push({ heading: "", x: { label: "step (optimizer updates)", scale: last > 200 ? "symlog" : "linear", range: [0, last * 1.1] }, y: { label, scale: log ? "log" : "linear", range }, items: [...items, ...marks] });
    }
    const seeds = [...new Set(groups.flatMap(g => g.runs.map(run => run.seed)))].sort((a, b) => a - b);
    return { columns: 2, names, seeds, panels };
  }

  function timesTable(groups) {
    const head = ["recipe", "seed", "T_mem", "T_gen"];
    const rows = groups.flatMap(({ label, runs }) => runs.map(run => [label, run.seed, number(run.t_mem), number(run.t_gen)]));
    return tableOf(head, rows, "Times of each run");
  }

  function tableOf(head, rows, label) {
    const line = (cells, name) => el("tr", {}, ...cells.map(cell => el(name, name === "th" ? { scope: "col" } : {}, String(cell))));
    const table = el("table", { class: "numbers" }, el("thead", {}, line(head, "th")), el("tbody", {}, ...rows.map(row => line(row, "td"))));
    return el("div", { class: "scroll", role: "region", tabindex: 0, "aria-label": label }, table);
  }

  /** The runs behind a claim: an experiment, and where it sweeps something a slider over its settings. */
  async function runsOf(target) {
    const names = target.dataset.runs.split(" "), paper = target.dataset.paper;
    const chosen = el("select", {}, ...names.map(name => el("option", {}, name)));
    const slider = el("input", { type: "range", min: 0, value: 0 }), said = el("output");
    const sliding = el("label", { class: "slide" }, "Setting ", slider, said), told = el("p", { class: "hint" }), drawing = el("div");
    let own;
    const draw = async () => {
      const setting = own.settings[Number(slider.value)];
      said.textContent = setting.label;
      slider.setAttribute("aria-valuetext", setting.label);
      told.textContent = `${own.title} Task ${own.task}, recipe ${own.recipe}${setting.label ? `, ${setting.label}` : ""}.`;
      await drawChart(drawing, curvesOf([{ label: "", runs: setting.runs }]), `Training curves of ${chosen.value}`);
    };
    const change = async () => {
      own = await data(`${paper}/runs-${chosen.value}`);
      slider.max = own.settings.length - 1;
      slider.value = own.settings.length >> 1;
      sliding.hidden = own.settings.length < 2;
      await draw();
    };
    chosen.addEventListener("change", change);
    slider.addEventListener("input", draw);
    target.replaceChildren(...(names.length > 1 ? [el("label", { class: "slide" }, "Experiment ", chosen)] : []), sliding, told, drawing);
    await change();
  }

  /* ---- the page that compares ---- */

  async function compare(form) {
    const place = document.getElementById("comparison"), sides = ["a", "b"];
    const hash = new URLSearchParams(location.hash.slice(1));
    const options = form.elements.a.options;
    form.hidden = false;
    sides.forEach((side, i) => {
      form.elements[side].selectedIndex = Math.min(i, options.length - 1);
      if ([...options].some(o => o.value === hash.get(side))) form.elements[side].value = hash.get(side);
    });
    const loaded = {};
    const draw = async () => {
      const groups = sides.map(side => {
        const slider = form.elements[`${side}-setting`], setting = loaded[side].settings[Number(slider.value)];
        slider.nextElementSibling.textContent = setting.label;
        slider.setAttribute("aria-valuetext", setting.label || "the only one");
        return { label: `${side.toUpperCase()}: ${[form.elements[side].value, setting.label].filter(Boolean).join(", ")}`, runs: setting.runs };
      });
      const drawing = el("div", { class: "chart" });
      const differ = [...new Set(sides.flatMap(side => Object.keys(loaded[side].fields)))].sort().map(name => [name, ...sides.map(side => loaded[side].fields[name] ?? "(absent)")]).filter(([, a, b]) => a !== b);
      place.replaceChildren(drawing, el("h2", {}, "What differs"), differ.length ? tableOf(["field", "A", "B"], differ, "Fields in which the recipes differ") : el("p", {}, "No field of task, recipe or budget differs."), el("h2", {}, "Times"), timesTable(groups));
      await drawChart(drawing, curvesOf(groups), "Curves of both recipes");
    };
    const change = async side => {
      loaded[side] = await data(form.elements[side].value.replace("/", "/runs-"));
      const slider = form.elements[`${side}-setting`], n = loaded[side].settings.length;
      slider.max = n - 1;
      slider.value = n >> 1;
      slider.disabled = n < 2;
      slider.parentElement.hidden = n < 2;
    };
    for (const side of sides) {
      form.elements[side].addEventListener("change", async () => {
        await change(side);
        history.replaceState(null, "", `#a=${form.elements.a.value}&b=${form.elements.b.value}`);
        await draw();
      });
      form.elements[`${side}-setting`].addEventListener("input", draw);
    }
    if (!options.length) { place.replaceChildren(el("p", {}, "No experiment was trained.")); return; }
    await Promise.all(sides.map(change));
    await draw();
  }

  /* ---- the scoreboard ---- */

  function filters(form) {
    const rows = [...document.querySelectorAll("#board tbody tr")], count = document.getElementById("count");
    const texts = new Map(rows.map(row => [row, row.textContent.toLowerCase()]));
    form.hidden = false;
    const apply = () => {
      const asked = Object.fromEntries(new FormData(form));
      const sought = asked.words.trim().toLowerCase().split(/\s+/).filter(Boolean);
      let n = 0;
      for (const row of rows) {
        const own = row.dataset;
        const verdict = asked.verdict === "run" ? own.verdict !== "NOT RUN" : !asked.verdict || own.verdict === asked.verdict;
        const fits = verdict && (!asked.paper || own.paper === asked.paper) && (!asked.kind || own.kind === asked.kind) && (!asked.headline || "headline" in own) && sought.every(word => texts.get(row).includes(word));
        row.hidden = !fits;
        n += fits;
      }
      count.textContent = `${n} of ${rows.length} claims`;
    };
    form.addEventListener("input", apply);
    form.addEventListener("reset", () => setTimeout(apply));
    form.addEventListener("submit", event => event.preventDefault());
    apply();
  }

  /* ---- start ---- */

  function copying(button) {
    if (!navigator.clipboard) return;
    button.hidden = false;
    button.addEventListener("click", async () => {
      let said = "Copied";
      try { await navigator.clipboard.writeText(button.dataset.copy); } catch { said = "Not allowed"; }
      button.textContent = said;
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    });
  }

  /** Call draw for each place once it comes near the window. */
  function whenSeen(places, draw) {
    const watch = new IntersectionObserver(entries => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        watch.unobserve(entry.target);
        draw(entry.target).catch(() => { entry.target.append(el("p", { class: "wait" }, "The numbers of this figure could not be loaded.")); });
      }
    }, { rootMargin: "300px" });
    places.forEach(place => watch.observe(place));
  }

  document.addEventListener("DOMContentLoaded", () => {
    themes();
    document.querySelectorAll("[data-copy]").forEach(copying);
    const form = document.getElementById("filters"), both = document.getElementById("compare");
    if (form) filters(form);
    if (both) compare(both);
    whenSeen(document.querySelectorAll("[data-chart]"), async place => {
      await drawChart(place.querySelector(".drawing"), await data(place.dataset.chart), place.querySelector("h3").textContent);
    });
    whenSeen(document.querySelectorAll("[data-runs]"), runsOf);
  });

  return { take };
})();

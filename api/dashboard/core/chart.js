/** `<bz-chart>`: one picture by ECharts, in the page's font and colours, as wide as its place. */

import * as echarts from "../vendor/echarts/echarts.esm.min.mjs";

const QUIET = matchMedia("(prefers-reduced-motion: reduce)");

/** Return the page's colours as they are now; canvas cannot read CSS variables. */
export function colours() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    text: read("text"), soft: read("text-soft"), faint: read("line"), surface: read("surface"), accent: read("accent"),
    negative: read("negative"), neutral: read("neutral"), positive: read("positive"), mixed: read("mixed"),
    worse: read("negative"), better: read("positive"), warning: read("warning"), band: read("accent-band"),
    joy: read("joy"), anger: read("anger"), disappointment: read("disappointment"), worry: read("worry"), surprise: read("surprise"),
  };
}

/**
 * Properties: `option` (an ECharts option), `onPick` (called with ECharts' parameters when something is clicked).
 * Attribute `label`: what the picture shows, for those who do not see it; the figures belong into a table beside it.
 */
class Chart extends HTMLElement {
  #chart = null;
  #option = null;
  #written = "";
  #watch = new ResizeObserver(() => this.#fit());
  onPick = null;

  set option(option) {
    // Answers come one by one and each redraws the page: what did not change is not drawn again.
    const written = JSON.stringify(option, (_name, value) => (typeof value === "function" ? String(value) : value));
    if (written === this.#written) return;
    this.#written = written;
    this.#option = option;
    if (this.isConnected) this.#draw();
  }

  connectedCallback() {
    this.setAttribute("role", "img");
    this.setAttribute("aria-label", this.getAttribute("label") ?? "");
    this.#watch.observe(this);
    this.#draw();
  }

  disconnectedCallback() {
    this.#watch.disconnect();
    this.#chart?.dispose();
    this.#chart = null;
  }

  #draw() {
    if (!this.#option || this.clientWidth === 0) return;
    if (!this.#chart) {
      this.#chart = echarts.init(this, null, { renderer: "canvas" });
      this.#chart.on("click", (picked) => this.onPick?.(picked));
    }
    this.#chart.setOption({ ...common(), ...this.#option }, { notMerge: true });
  }

  #fit() {
    if (!this.#chart) this.#draw();
    else this.#chart.resize();
  }
}

function common() {
  return {
    animation: !QUIET.matches,
    animationDuration: 250,
    textStyle: { fontFamily: "Vazirmatn, system-ui, sans-serif", color: colours().soft, fontSize: 12 },
    aria: { enabled: false },
  };
}

/**
 * Return the part of an option that shows a tooltip made of elements: no markup is ever made of text.
 * @param {(picked: any) => Array<[string, string]> | null} lines Name and value of each line; the first is the title.
 */
export function tooltip(lines, options = {}) {
  const colour = colours();
  return {
    trigger: "item", confine: true, backgroundColor: colour.surface, borderColor: colour.faint, padding: [8, 12],
    textStyle: { color: colour.text, fontFamily: "Vazirmatn, system-ui, sans-serif", fontSize: 13 },
    ...options,
    formatter: (picked) => boxOf(lines(picked)),
  };
}

function boxOf(lines) {
  if (!lines) return "";
  const box = document.createElement("div");
  box.className = "tip";
  box.dir = document.documentElement.dir;
  for (const [name, value] of lines) {
    const line = box.appendChild(document.createElement("div"));
    line.appendChild(document.createElement("span")).textContent = name;
    if (value !== undefined) line.appendChild(document.createElement("b")).textContent = value;
  }
  return box;
}

/** Return axis options in the page's quiet style. */
export function axis(options = {}) {
  const colour = colours();
  return {
    axisLine: { lineStyle: { color: colour.faint } }, axisTick: { show: false },
    splitLine: { lineStyle: { color: colour.faint, opacity: 0.6 } },
    axisLabel: { color: colour.soft, fontFamily: "Vazirmatn, system-ui, sans-serif", ...options.axisLabel },
    ...Object.fromEntries(Object.entries(options).filter(([name]) => name !== "axisLabel")),
  };
}

customElements.define("bz-chart", Chart);

/* From the numbers of a chart (portal/charts.py) to what ECharts draws. What it says on hovering are the cells of the
   table, so that every number is written in one place. */
import { stretches } from "./gaps.js";
import { colourOf } from "./theme.js";

const SIZE = 12;
const DASHES = { dashed: [6, 4], dotted: [2, 3] };
const NARROW = 520;
const MOST_LABELLED = 6;
// So near to each other labels of lines would lie over one another.
const APART = 96;
// How high the marks of deployments stand on the axis.
const EVENT_HEIGHT = 10;

export function optionsOf(data, table, look, width) {
  const isTime = typeof data.at[0] === "number";
  const narrow = width < NARROW;
  const text = { fontFamily: look.font, fontSize: SIZE, color: look.colours.axis };
  const lines = data.parts.filter(({ look: kind }) => kind !== "bar" && kind !== "band");
  const labelled = !narrow && isTime && data.named && data.parts.length > 1 && lines.length > 0;
  const upright = placed(data, narrow ? 0 : width);
  const top = upright.some(({ row }) => row === 1) ? 40 : upright.length || data.levels.length ? 26 : 12;
  const room = labelled ? 14 + 7 * Math.max(...lines.map(({ name }) => name.length)) : 14;
  return {
    useUTC: true, // the moments are those of the reader's clock already
    animation: !look.still,
    animationDuration: 200,
    animationDurationUpdate: 0,
    textStyle: text,
    grid: { left: 4, right: Math.min(room, 190), top, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    tooltip: tooltip(data, table, look),
    xAxis: xAxis(data, text, look, isTime),
    yAxis: yAxis(data, text, look),
    series: [...data.parts.flatMap((part, at) => drawPart(part, at, data, look, labelled)), ...drawMarks(data, upright, look, text)],
  };
}

function xAxis(data, text, { colours }, isTime) {
  const common = {
    axisLine: { show: true, lineStyle: { color: colours.grid } },
    axisTick: { show: false },
    splitLine: { show: false },
    axisLabel: { ...text, hideOverlap: true, margin: 10 },
  };
  if (!isTime) {
    // A few steps are all named, over two lines where they are long; of many, those that there is room for.
    const each = data.at.length <= 6 ? { interval: 0, hideOverlap: false } : {};
    const axisLabel = { ...common.axisLabel, ...each, width: 56, overflow: "break" };
    return { ...common, type: "category", data: data.at, boundaryGap: true, axisLabel };
  }
  const formatter = { year: "{yyyy}", month: "{MMM} {yyyy}", day: "{d} {MMM}", hour: "{HH}:{mm}", minute: "{HH}:{mm}" };
  const bars = data.parts.some(({ look }) => look === "bar");
  const reach = bars && data.at.length > 1 ? (data.at[1] - data.at[0]) / 2 : 0;
  const moments = [...data.at, ...data.marks.flatMap(({ at, until }) => [at, until])].filter((each) => each !== null && each !== undefined);
  return {
    ...common,
    type: "time",
    min: Math.min(...moments) - reach,
    max: Math.max(...moments) + reach,
    splitNumber: 6,
    axisLabel: { ...common.axisLabel, formatter, showMinLabel: false, showMaxLabel: false },
  };
}

function yAxis(data, text, { colours }) {
  const seen = data.levels.filter((level) => level.always_seen).map(({ value }) => value);
  const fixed = data.bottom !== null && data.top !== null;
  return {
    type: data.log ? "log" : "value",
    minInterval: isCounted(data) ? 1 : 0,
    scale: true,
    min: data.bottom ?? (seen.length ? (range) => Math.min(range.min, ...seen) : null),
    interval: fixed ? (data.top - data.bottom) / 5 : undefined,
    max: data.top ?? (seen.length ? (range) => highest(data, Math.min(range.min, ...seen), Math.max(range.max, ...seen)) : null),
    splitNumber: 4,
    axisLine: { show: false },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: colours.grid } },
    axisLabel: { ...text, showMaxLabel: data.top !== null || !seen.length, formatter: (value) => short(value, data.percent) },
  };
}

/** Whether it shows whole numbers, between which there is nothing to mark. */
const isCounted = ({ parts, percent }) => !percent && parts.every(({ values }) => values?.every((each) => each === null || Number.isInteger(each)));

/** A little room above the highest line; no share is more than the whole. */
const highest = ({ percent }, low, high) => (percent && low < 1 && high <= 1 ? Math.min(1, niceAbove(high)) : niceAbove(high));

const niceAbove = (value) => value + Math.abs(value) * 0.06;

const plain = new Intl.NumberFormat("en", { maximumSignificantDigits: 4 });
const exact = new Intl.NumberFormat("en", { maximumFractionDigits: 3 });
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });

function short(value, percent) {
  if (percent) return `${exact.format(value * 100)}\u00a0%`;
  return Math.abs(value) >= 100_000 ? compact.format(value) : plain.format(value);
}

function drawPart(part, at, data, look, labelled) {
  const colour = colourOf(look, part.colour);
  if (part.look === "band") return drawBand(part, at, data, colour);
  const points = data.at.map((moment, place) => [moment, part.values[place]]);
  const name = part.name;
  if (part.look === "bar") {
    return [{ type: "bar", name, data: points, itemStyle: { color: colour }, stack: part.stack || undefined, barMaxWidth: 28, barCategoryGap: "25%" }];
  }
  if (part.look === "dots") return [{ type: "scatter", name, data: points, symbolSize: 7, itemStyle: { color: colour }, z: 4 }];
  return [{
    type: "line",
    name,
    data: lineOf(data, part.values),
    symbolSize: 6,
    lineStyle: { width: part.look === "line" ? 2 : 1.75, color: colour, type: DASHES[part.look] ?? "solid" },
    itemStyle: { color: colour },
    emphasis: { disabled: true },
    endLabel: { show: labelled, formatter: name, color: colour, fontFamily: look.font, fontSize: SIZE, distance: 6 },
    labelLayout: { moveOverlap: "shiftY" },
    z: 3,
  }];
}

/** What a line goes through: each of its stretches after a null. A value without one in the steps beside it is a dot. */
function lineOf({ at }, values) {
  return stretches(at, values).flatMap((places) => {
    const points = places.map((place, number) => {
      const alone = places[number - 1] !== place - 1 && places[number + 1] !== place + 1;
      return { value: [at[place], values[place]], symbol: alone ? "circle" : "none" };
    });
    return [{ value: [at[places[0]], null] }, ...points];
  });
}

/** A band is a line that is not seen, and a coloured area on top of it. */
function drawBand(part, at, data, colour) {
  const stack = `band-${at}`;
  const common = { type: "line", stack, stackStrategy: "all", symbol: "none", lineStyle: { width: 0 }, silent: true, emphasis: { disabled: true } };
  if (typeof data.at[0] !== "number") return drawRangeBars(part, stack, data, colour);
  return [
    { ...common, data: data.at.map((moment, place) => [moment, part.low[place]]) },
    {
      ...common,
      data: data.at.map((moment, place) => [moment, part.low[place] === null ? null : part.high[place] - part.low[place]]),
      areaStyle: { color: colour, opacity: 0.18 },
    },
  ];
}

function drawRangeBars(part, stack, data, colour) {
  const common = { type: "bar", stack, stackStrategy: "all", silent: true, barMaxWidth: 10 };
  return [
    { ...common, data: part.low, itemStyle: { color: "transparent" } },
    { ...common, data: part.high.map((high, place) => (high === null ? null : high - part.low[place])), itemStyle: { color: colour, opacity: 0.3, borderRadius: 5 } },
  ];
}

function drawMarks(data, upright, look, text) {
  const events = eventsOf(data);
  const lines = [
    ...data.levels.map((level) => levelLine(level, look, text, events.length && level.value === floorOf(data) ? EVENT_HEIGHT : 0)),
    ...upright.map((mark) => uprightLine(mark, look, text)),
  ];
  const areas = data.marks.filter(({ kind }) => kind === "area").map((mark) => [
    { xAxis: mark.at, itemStyle: { color: colourOf(look, mark.state), opacity: 0.1 } }, { xAxis: mark.until },
  ]);
  const drawn = [{
    // Has every moment, so that hovering finds those without a value too.
    type: "line", data: data.at.map((moment) => [moment, null]), silent: true, z: 5,
    markLine: { symbol: "none", silent: true, animation: false, precision: 12, data: lines },
    markArea: { silent: true, animation: false, data: areas },
  }];
  if (events.length) drawn.push(eventDots(events, data, look));
  return [...drawn, ...data.marks.filter(({ kind }) => kind === "range").flatMap((mark) => rangeOf(mark, look))];
}

/** A line across, and its label `above` what stands on it. */
function levelLine({ value, label, state }, look, text, above) {
  const colour = state === "idle" ? look.colours.muted : look.colours[`${state}-fg`];
  return {
    yAxis: value,
    lineStyle: { color: state === "idle" ? look.colours["idle-solid"] : colourOf(look, state), width: 1.25, type: state === "bad" ? "solid" : [5, 4] },
    label: { ...text, show: true, formatter: label, position: "insideStartTop", color: colour, distance: [4, 2 + above], backgroundColor: look.colours.surface, padding: [1, 3] },
  };
}

const eventsOf = (data) => data.marks.filter(({ kind }) => kind === "event");

/** Upright lines, and for which labels there is room: on the lower row, else above it; those of deployments only if so,
    and not at all where the picture is narrow. Many deployments have no lines. */
function placed(data, width) {
  const few = eventsOf(data).length <= MOST_LABELLED;
  const marks = data.marks.filter(({ kind }) => kind === "line" || (kind === "event" && few));
  const moments = data.at.length ? [data.at[0], data.at.at(-1)] : [0, 1];
  const scale = width / (moments[1] - moments[0] || 1);
  const ends = [-Infinity, -Infinity];
  const isLine = ({ kind }) => kind === "line";
  return marks.toSorted((one, other) => one.at - other.at).map((mark) => {
    const free = width || isLine(mark) ? ends.findIndex((end) => (mark.at - end) * scale >= APART) : -1;
    const row = free < 0 && isLine(mark) ? 1 : free;
    if (row >= 0) ends[row] = mark.at;
    return { ...mark, row };
  });
}

function uprightLine({ at, label, state, kind, row }, look, text) {
  const colour = state === "idle" ? look.colours.muted : look.colours[`${state}-fg`];
  const dash = kind === "event" ? [2, 3] : state === "idle" ? "solid" : [4, 3];
  return {
    xAxis: at,
    lineStyle: { color: colour, width: 1, type: dash, opacity: kind === "event" ? 0.8 : 1 },
    label: { ...text, show: row >= 0, formatter: label, position: "end", rotate: 0, color: colour, distance: 5 + 15 * Math.max(row, 0) },
  };
}

/** The value at the foot of the picture. */
const floorOf = ({ bottom, parts }) => bottom ?? Math.min(...parts.flatMap(({ values, low }) => values ?? low).filter((value) => value !== null));

/** Small marks on the axis: where something was deployed; what failed is a diamond. */
function eventDots(events, data, look) {
  const floor = floorOf(data);
  return {
    type: "scatter",
    data: events.map(({ at, state }) => ({
      value: [at, floor],
      symbol: state === "bad" ? "diamond" : "triangle",
      itemStyle: { color: state === "bad" ? colourOf(look, "bad") : look.colours.muted },
    })),
    symbolSize: 9,
    symbolOffset: [0, -5],
    silent: true,
    z: 5,
  };
}

/** From a day to another at one height, with a dot at the likely one: when a limit is reached. */
function rangeOf({ at, until, middle, value, state }, look) {
  const colour = colourOf(look, state);
  const line = {
    type: "line", data: [[at, value], [until, value]], symbol: "none", silent: true, z: 6,
    lineStyle: { color: colour, width: 4, cap: "round" },
  };
  const dot = { type: "scatter", data: [[middle, value]], symbolSize: 10, silent: true, itemStyle: { color: colour }, z: 7 };
  return middle === null ? [line] : [line, dot];
}

/** What is said on hovering, from the table: the moment, then each heading with its cell. */
function tooltip(data, table, { colours, font }) {
  const headings = [...table.tHead.rows[0].cells].slice(1).map((cell) => cell.textContent.trim());
  const rows = [...table.tBodies[0].rows];
  if (data.newestFirst) rows.reverse();
  const moments = new Map(data.at.map((moment, place) => [moment, place]));
  return {
    trigger: "axis",
    renderMode: "richText",
    confine: true,
    backgroundColor: colours.raised,
    borderColor: colours["line-strong"],
    borderWidth: 1,
    padding: [8, 10],
    textStyle: { fontFamily: font, fontSize: SIZE, color: colours.text, lineHeight: 18 },
    axisPointer: { type: data.parts.some(({ look }) => look === "bar") ? "shadow" : "line", lineStyle: { color: colours["line-strong"] }, shadowStyle: { color: colours["line-strong"], opacity: 0.15 }, label: { show: false } },
    formatter: (hovered) => words(rows[placeOf(hovered, data, moments)], headings),
  };
}

function placeOf(hovered, data, moments) {
  const [first] = Array.isArray(hovered) ? hovered : [hovered];
  if (!first) return -1;
  return typeof data.at[0] === "number" ? moments.get(first.value?.[0]) ?? first.dataIndex : first.dataIndex;
}

function words(row, headings) {
  if (!row) return "";
  const [when, ...cells] = [...row.cells].map((cell) => cell.textContent.trim());
  const said = headings.map((heading, at) => [heading, cells[at]]).filter(([, cell]) => cell && cell !== "no data");
  return [when, ...said.map(([heading, cell]) => `${heading}: ${cell}`)].join("\n");
}

/**
 * Charts without scripts: an SVG that stretches with the page, and labels as text beside it, so that letters keep their size on a phone.
 */
import { html } from 'hono/html'
import { short } from './format.ts'

export type Html = ReturnType<typeof html>

export interface Series {
  name: string
  points: readonly (readonly [x: number, y: number | null])[]
  /** Index of the palette. Default: its place. */
  colour?: number
  faint?: boolean
}

export interface Chart {
  title: string
  unit?: string
  series: readonly Series[]
  x: { from: number; to: number; name: string; format?: (x: number) => string }
  /** A second row of labels under the same places. */
  alsoX?: { name: string; at: (x: number) => string }
  /** Lowest value of the y axis; default: the lowest value. */
  zero?: boolean
  bands?: readonly { from: number; to: number; name: string }[]
  marks?: readonly { x: number; name: string }[]
  dots?: { name: string; points: readonly (readonly [x: number, y: number])[] }
  small?: boolean
}

const [width, height] = [1000, 300]

/** About `most` round numbers that cover [low, high]. */
export function ticks(low: number, high: number, most: number): number[] {
  if (!(high > low)) return [low]
  const rough = (high - low) / most
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 2.5, 5, 10].find(times => times * power >= rough) as number) * power
  const found: number[] = []
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) found.push(Number((i * step).toPrecision(12)))
  return found
}

const round = (n: number) => Number(n.toFixed(2))
const percent = (n: number) => `${round(100 * n)}%`

export function lineChart(chart: Chart): Html {
  const { from, to, format = short } = chart.x
  const all = [...chart.series.flatMap(each => each.points.map(point => point[1])), ...(chart.dots?.points.map(point => point[1]) ?? [])]
  const known = all.filter((y): y is number => y !== null && Number.isFinite(y))
  if (!known.length || !(to > from)) return html``
  const [low, high] = extent(known, chart.zero, Boolean(chart.bands?.length))
  const px = (x: number) => (x - from) / (to - from)
  const py = (y: number) => 1 - (y - low) / (high - low)
  const yTicks = ticks(low, high, chart.small ? 3 : 5)
  const xTicks = ticks(from, to, chart.small ? 4 : 6).filter(Number.isInteger)
  return html`<figure class="${chart.small ? 'small' : ''}">
<figcaption>${chart.title} ${chart.unit ? html`<span>${chart.unit}</span>` : ''}</figcaption>
<div class="plot"><div class="ys">${yTicks.map(y => html`<span style="top:${percent(py(y))}">${short(y)}</span>`)}</div>
<div class="area"><svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label="${chart.title}">
${(chart.bands ?? []).map((band, i) => (i % 2 ? '' : rectangle('phase', px(band.from), px(band.to))))}
${yTicks.map(y => line('grid', [0, py(y)], [1, py(y)]))}
${(chart.marks ?? []).map(mark => line('mark', [px(mark.x), 0], [px(mark.x), 1]))}
${chart.series.map(
  (each, i) =>
    html`<path class="curve ${each.faint ? 'raw' : ''}" style="stroke:var(--c${each.colour ?? i})" d="${pathOf(each.points, px, py)}"/>`,
)}
</svg>
${(chart.bands ?? []).map(
  band =>
    html`<span class="band-name" style="left:${percent(px(band.from))};max-width:${percent(px(band.to) - px(band.from))}">${band.name}</span>`,
)}
${(chart.dots?.points ?? []).map(([x, y]) => dot(px(x), py(y), 1))}
${chart.series.flatMap((each, i) => alone(each.points).map(([x, y]) => dot(px(x), py(y), each.colour ?? i)))}
</div>
${xLabels(xTicks, px, format, chart.x.name)}
${chart.alsoX ? xLabels(xTicks, px, chart.alsoX.at, chart.alsoX.name) : ''}
</div>
${legendOf(chart)}
</figure>`
}

/** Some air above and below, more where names stand; a constant stands in the middle. */
function extent(values: readonly number[], zero: boolean | undefined, named: boolean): [number, number] {
  const low = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
  const high = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
  if (zero) return [0, high > 0 ? high * 1.05 : 1]
  const air = high > low ? (high - low) * 0.06 : Math.abs(high) || 1
  return [low - air, high + (named ? 2.2 * air : air)]
}

function pathOf(points: Series['points'], px: (x: number) => number, py: (y: number) => number): string {
  let pen = false
  const commands: string[] = []
  for (const [x, y] of points) {
    const here = y !== null && Number.isFinite(y)
    if (here) commands.push(`${pen ? 'L' : 'M'}${round(px(x) * width)} ${round(py(y) * height)}`)
    pen = here
  }
  return commands.join('')
}

const dot = (x: number, y: number, colour: number) =>
  html`<i class="dot" style="left:${percent(x)};top:${percent(y)};background:var(--c${colour})"></i>`

/** Points without a neighbour: a line would not show them. */
function alone(points: Series['points']): [x: number, y: number][] {
  const known = (i: number) => Number.isFinite(points[i]?.[1] ?? Number.NaN)
  return points.flatMap(([x, y], i): [number, number][] => (known(i) && !known(i - 1) && !known(i + 1) ? [[x, y as number]] : []))
}

const line = (name: string, [x1, y1]: [number, number], [x2, y2]: [number, number]) =>
  html`<line class="${name}" x1="${round(x1 * width)}" y1="${round(y1 * height)}" x2="${round(x2 * width)}" y2="${round(y2 * height)}"/>`

const rectangle = (name: string, x1: number, x2: number) =>
  html`<rect class="${name}" x="${round(x1 * width)}" y="0" width="${round((x2 - x1) * width)}" height="${height}"/>`

function xLabels(places: readonly number[], px: (x: number) => number, format: (x: number) => string, name: string): Html {
  return html`<div class="xs"><em>${name}</em>${places.map(x => {
    const at = px(x)
    return html`<span class="${at < 0.02 ? 'start' : at > 0.96 ? 'end' : ''}" style="left:${percent(at)}">${format(x)}</span>`
  })}</div>`
}

function legendOf({ series, dots }: Chart): Html {
  if (series.length + (dots?.points.length ? 1 : 0) < 2) return html``
  const items = series
    .filter(each => !each.faint || series.length === 1)
    .map((each, i) => ({ name: each.name, colour: `var(--c${each.colour ?? i})` }))
  if (dots?.points.length) items.push({ name: dots.name, colour: 'var(--c1)' })
  return html`<div class="legend">${items.map(item => html`<span><i style="background:${item.colour}"></i>${item.name}</span>`)}</div>`
}

export interface Shares {
  title: string
  unit?: string
  names: readonly string[]
  /** From `x` on, until the next one. Shares of each name, 0 to 1. */
  steps: readonly { x: number; shares: Readonly<Record<string, number>> }[]
  x: { from: number; to: number; name: string }
}

/** What shares something between several, over time: stacked, constant between its steps. */
export function sharesChart({ title, unit, names, steps, x }: Shares): Html {
  if (!steps.length || !(x.to > x.from)) return html``
  const px = (at: number) => (at - x.from) / (x.to - x.from)
  const rectangles = steps.flatMap((step, i) => {
    const [left, right] = [px(step.x), px(steps[i + 1]?.x ?? x.to)]
    let below = 0
    return names.map((name, n) => {
      const part = step.shares[name] ?? 0
      below += part
      return html`<rect style="fill:var(--c${n % 8})" fill-opacity=".82" x="${round(left * width)}" y="${round((1 - below) * height)}" width="${round(Math.max(0, right - left) * width)}" height="${round(part * height)}"/>`
    })
  })
  return html`<figure class="small"><figcaption>${title} ${unit ? html`<span>${unit}</span>` : ''}</figcaption>
<div class="plot"><div class="ys">${[0, 50, 100].map(y => html`<span style="top:${100 - y}%">${y} %</span>`)}</div>
<div class="area"><svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label="${title}">${rectangles}</svg></div>
${xLabels(ticks(x.from, x.to, 4).filter(Number.isInteger), px, short, x.name)}</div>
<div class="legend">${names.map((name, n) => html`<span><i style="background:var(--c${n % 8})"></i>${name}</span>`)}</div></figure>`
}

/** A bar of `whole` of which `kept` and then `gone` are filled. */
export const bar = (kept: number, gone: number, whole: number): Html => {
  const part = (n: number) => (whole > 0 ? round((n / whole) * width) : 0)
  return html`<svg viewBox="0 0 ${width} 18" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="${width}" height="18" rx="3"/><rect class="kept" width="${part(kept)}" height="18"/><rect class="gone" x="${part(kept)}" width="${part(gone)}" height="18"/></svg>`
}

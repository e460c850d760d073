/** Numbers as people read them, and foreign text without what could disturb a page. */
export const count = (n: number | null): string => (n === null ? '–' : n.toLocaleString('en-US', { maximumFractionDigits: 0 }))

/** 0.0123, 1.98, 31.4, 212, 1,234: three digits or so. */
export function figure(n: number | null | undefined): string {
  if (n === null || n === undefined || !Number.isFinite(n)) return '–'
  const size = Math.abs(n)
  if (size >= 1000) return count(n)
  return size === 0 ? '0' : n.toFixed(Math.min(6, Math.max(0, 2 - Math.floor(Math.log10(size)))))
}

export const share = (part: number, whole: number): string => (whole > 0 ? `${((100 * part) / whole).toFixed(1)} %` : '–')

/** SI, as file managers do: 1 MB = 10⁶ bytes. */
export function size(bytes: number | null): string {
  if (bytes === null) return '–'
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']
  const step = Math.min(units.length - 1, bytes < 1000 ? 0 : Math.floor(Math.log10(bytes) / 3))
  const value = bytes / 1000 ** step
  return `${step && value < 10 ? value.toFixed(1) : value.toFixed(0)} ${units[step]}`
}

/** 1,234 → 1.2 k: for axes. */
export function short(n: number): string {
  const size = Math.abs(n)
  if (size >= 1e4) {
    const step = Math.min(4, Math.floor(Math.log10(size) / 3))
    return `${Number((n / 1000 ** step).toPrecision(3))} ${['', 'k', 'M', 'G', 'T'][step]}`
  }
  return size >= 1 || size === 0 ? String(Number(n.toFixed(2))) : String(Number(n.toPrecision(3)))
}

export function time(seconds: number): string {
  if (seconds < 90) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`
  if (seconds < 5400) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`
  return `${(seconds / 3600).toFixed(1)} h`
}

/** No control characters but line ends and tabs, no marks that turn the direction of what follows. Escaping is the template's. */
export const plain = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: removing control characters is the point
  text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]/g, '\ufffd')

const blocks = '▁▂▃▄▅▆▇█'

/** One character a value, from the lowest to the highest; at most `width`, means of neighbours where there are more. */
export function sparkline(values: readonly (number | null)[], width = 60): string {
  const known = values.filter((value): value is number => value !== null && Number.isFinite(value))
  if (!known.length) return ''
  const cells = Math.min(width, known.length)
  const means = Array.from({ length: cells }, (_, i) => {
    const cell = known.slice(Math.floor((i * known.length) / cells), Math.floor(((i + 1) * known.length) / cells))
    return cell.reduce((sum, value) => sum + value, 0) / cell.length
  })
  const [low, high] = [Math.min(...means), Math.max(...means)]
  return means.map(mean => blocks[high > low ? Math.min(7, Math.floor((8 * (mean - low)) / (high - low))) : 3]).join('')
}

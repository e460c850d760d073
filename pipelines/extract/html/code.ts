/** Code blocks: their text with line breaks where the page shows them, without line numbers, and their language (extraction.md 3.8). */
import { type Node, visit } from './dom.ts'

const breaks = new Set('div p li tr br table'.split(' '))
const gutters =
  /(?:^|\s)(?:linenos?|line-?numbers?-rows|line-?numbers?|lineno|ln-num|gutter|hljs-ln-numbers|rouge-gutter|blob-num|pre-numbering|copy-?btn|copy-?button|copybutton|clipboard\S*)(?=$|\s)/

/**
 * Text of a `pre` (or what stands for one): LF line ends, no trailing spaces, no empty lines around it. A line break right behind `<br>` is the
 * same one, written twice for the reader of the source.
 */
export function codeText(root: Node): string {
  const preformatted = root.tag === 'pre'
  const pieces: string[] = []
  const endsLine = () => !pieces.length || (pieces.at(-1) as string).endsWith('\n')
  visit(
    root,
    node => {
      if (node.tag === '#text' || node.tag === '#math') {
        const text = node.previous?.tag === 'br' ? node.text.replace(/^\r?\n/, '') : node.text
        // Outside `pre` the source's own line breaks mean nothing.
        if (preformatted || !/^[ \t\r\n]*\n[ \t\r\n]*$/.test(text)) pieces.push(text)
      } else if (node !== root && !node.tag.startsWith('#')) {
        if (gutters.test(node.get('class')) && node.tag !== 'pre' && node.tag !== 'table') return false
        if (node.tag === 'br') pieces.push('\n')
        else if (breaks.has(node.tag) && !endsLine()) pieces.push('\n')
      }
      return undefined
    },
    node => {
      if (node !== root && node.tag !== 'br' && breaks.has(node.tag) && !endsLine()) pieces.push('\n')
    },
  )
  const lines = pieces
    .join('')
    .replace(/\r\n?/g, '\n')
    .replace(/\u00a0/g, ' ')
    .split('\n')
  const kept = withoutNumbers(lines.map(line => line.trimEnd()))
  const first = kept.findIndex(line => line)
  return first < 0 ? '' : kept.slice(first, kept.findLastIndex(line => line) + 1).join('\n')
}

/** Line numbers written into the text: 70 % of the lines begin with one and at least three follow each other. */
function withoutNumbers(lines: string[]): string[] {
  const filled = lines.filter(line => line)
  if (filled.length < 3) return lines
  const numbers = filled.map(line => Number(/^\s*(\d{1,6})(?:[\s:.|]|$)/.exec(line)?.[1] ?? Number.NaN))
  const numbered = numbers.filter(number => !Number.isNaN(number)).length
  const rising = numbers.filter((number, i) => i > 0 && number === (numbers[i - 1] as number) + 1).length
  if (numbered < 0.7 * filled.length || rising < 3 || rising < 0.6 * filled.length) return lines
  return lines.map(line => line.replace(/^\s*\d{1,6}[:.|]?[ \t]?/, ''))
}

const languageClass = /(?:^|\s)(?:language-|lang-|brush:\s*|highlight-source-|source-)([\w+#.-]{1,20})/i

/** Language of a code block, from itself, its first descendants or up to three ancestors. */
export function codeLanguage(pre: Node): string {
  for (let node: Node | null = pre, steps = 0; node && steps < 4; node = node.parent, steps++) {
    const found = ofNode(node)
    if (found) return found
    if (node === pre) {
      for (let child = node.first, seen = 0; child && seen < 4; child = child.next, seen++) {
        const inner = child.tag.startsWith('#') ? '' : ofNode(child)
        if (inner) return inner
      }
    }
  }
  return ''
}

function ofNode(node: Node): string {
  const name = languageClass.exec(node.get('class'))?.[1] || node.get('data-lang') || node.get('data-language')
  const sphinx = /(?:^|\s)highlight-(\w{1,20})(?=\s|$)/.exec(node.get('class'))?.[1]
  const rouge = /(?:^|\s)(?:sourceCode|highlight)\s+([a-z]\w{0,19})(?=\s|$)/.exec(node.get('class'))?.[1]
  const language = (name || sphinx || rouge || '').toLowerCase()
  return /^(?:default|none|text|plain|plaintext|nohighlight|notranslate|null)$/.test(language) || !/^[\w+#.-]{1,20}$/.test(language)
    ? ''
    : language
}

/** A fence longer than any run of backticks inside (CommonMark 4.5). */
export function fenced(code: string, language: string): string {
  const fence = '`'.repeat(Math.max(2, longestRun(code)) + 1)
  return `${fence}${language}\n${code}\n${fence}`
}

/** Inline code in a run longer than any inside (CommonMark 6.1). */
export function inlineCode(code: string): string {
  const text = code.replace(/\s+/g, ' ').trim()
  if (!text) return ''
  const longest = longestRun(text)
  const ticks = '`'.repeat(longest + 1)
  const pad = longest ? ' ' : ''
  return `${ticks}${pad}${text}${pad}${ticks}`
}

/** Longest run of backticks. */
function longestRun(text: string): number {
  let longest = 0
  for (const [run] of text.matchAll(/`+/g)) longest = Math.max(longest, run.length)
  return longest
}

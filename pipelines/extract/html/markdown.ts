/**
 * A pruned tree to Markdown: headings, paragraphs, lists, code, tables, quotes; emphasis and images are left out.
 *
 * Prose is not escaped: what is written is what the page shows, as a model should read it, at the price that a literal `#` or `*` at the
 * beginning of a line cannot be told from markup. Nesting above 16 levels is written flat, so that prefixes stay linear in the text.
 */
import { codeLanguage, codeText, fenced, inlineCode } from './code.ts'
import { following, type Node, textContent, visit } from './dom.ts'
import { isDataTable, isInline, tableText } from './table.ts'

const maxNesting = 16

interface Container {
  node: Node
  kind: 'root' | 'quote' | 'list' | 'item'
  blocks: string[]
  /** Lists: the next number, or 0 for bullets. */
  number: number
}

/** Whether links keep their address: `[text](https://…)`. */
export function toMarkdown(root: Node, options: { links: 'text' | 'markdown' }): string {
  const stack: Container[] = [{ node: root, kind: 'root', blocks: [], number: 0 }]
  let line: string[] = []
  let prefix = ''
  const top = () => stack.at(-1) as Container
  const flush = () => {
    const text = tidy(line.join(''))
    line = []
    if (text) top().blocks.push(prefix + (prefix ? text.replace(/\n/g, ' ') : text))
    prefix = ''
  }
  const push = (block: string) => {
    flush()
    if (block) top().blocks.push(block)
  }
  const open = (node: Node, kind: Container['kind'], number = 0) => {
    flush()
    if (stack.length < maxNesting) stack.push({ node, kind, blocks: [], number })
  }
  const close = (node: Node) => {
    flush()
    if (top().node !== node || stack.length === 1) return
    const done = stack.pop() as Container
    if (done.blocks.length) top().blocks.push(...written(done, top()))
  }

  const enter = (node: Node): boolean | undefined => {
    const { tag } = node
    if (tag === '#text') {
      line.push(node.text.replace(/[\s\u00a0]+/g, ' '))
      return undefined
    }
    if (tag === '#math') {
      if (node.has('display')) push(node.text)
      else line.push(node.text)
      return false
    }
    if (tag === 'br') line.push('\n')
    else if (tag === 'pre' || isCodeBlock(node)) {
      const code = codeText(node)
      push(code && fenced(code, codeLanguage(node)))
      return false
    } else if (tag === 'code' || tag === 'samp' || tag === 'kbd' || tag === 'tt') {
      line.push(inlineCode(textContent(node)))
      return false
    } else if (tag === 'table' && isDataTable(node)) {
      push(tableText(node))
      return false
    } else if (/^h[1-6]$/.test(tag)) {
      flush()
      prefix = `${'#'.repeat(Number(tag[1]))} `
    } else if (tag === 'blockquote') open(node, 'quote')
    else if (tag === 'ul' || tag === 'ol' || tag === 'menu' || tag === 'dir') open(node, 'list', tag === 'ol' ? startOf(node) : 0)
    else if (tag === 'li') open(node, 'item')
    else if (tag === 'hr') flush()
    else if (tag === 'a' && options.links === 'markdown' && isAddress(node.get('href')) && node.letters) line.push('[')
    else if (!isInline(node)) flush()
    return undefined
  }

  const leave = (node: Node) => {
    const { tag } = node
    if (tag === 'blockquote' || tag === 'ul' || tag === 'ol' || tag === 'menu' || tag === 'dir' || tag === 'li') close(node)
    else if (tag === 'a' && options.links === 'markdown' && isAddress(node.get('href')) && node.letters)
      line.push(`](${node.get('href').trim()})`)
    else if (tag === 'td' || tag === 'th') flush()
    else if (!isInline(node) && tag !== 'br') {
      flush()
      prefix = ''
    }
  }

  visit(root, node => (node === root && !isBlockRoot(node) ? undefined : enter(node)), leave)
  flush()
  while (stack.length > 1) close(top().node)
  return (stack[0] as Container).blocks.join('\n\n')
}

/** The root opens a block of its own only where it is one, such as a lone `pre`. */
const isBlockRoot = (node: Node): boolean =>
  node.tag === 'pre' || node.tag === 'table' || node.tag === 'blockquote' || node.tag === 'ul' || node.tag === 'ol'

/** A closed container as blocks of its parent. */
function written(done: Container, parent: Container): string[] {
  if (done.kind === 'quote') return [indent(done.blocks.join('\n\n'), '> ', '> ')]
  if (done.kind === 'list') return [done.blocks.join('\n')]
  const text = tightly(done.blocks)
  if (parent.kind !== 'list') return [indent(text, '- ', '  ')]
  const marker = parent.number ? `${parent.number++}. ` : '- '
  return [indent(text, marker, ' '.repeat(marker.length))]
}

/** An item's blocks: a nested list follows its line directly, paragraphs and code keep an empty line. */
function tightly(blocks: readonly string[]): string {
  let out = ''
  for (const block of blocks) out += !out ? block : /^(?:- |\d{1,9}\. )/.test(block) ? `\n${block}` : `\n\n${block}`
  return out
}

const indent = (text: string, first: string, rest: string): string =>
  text
    .split('\n')
    .map((row, i) => (i === 0 ? first + row : row ? rest + row : rest.trimEnd()))
    .join('\n')

const tidy = (text: string): string =>
  text
    .replace(/ {2,}/g, ' ')
    .replace(/ ?\n ?/g, '\n')
    .replace(/\n{2,}/g, '\n')
    .trim()

function startOf(list: Node): number {
  const start = Number.parseInt(list.get('start'), 10)
  return Number.isInteger(start) && start > 0 && start < 1e6 ? start : 1
}

const isAddress = (href: string): boolean =>
  /^(?:https?:\/\/|\/|\.\.?\/|[\w-]+\.\w)/i.test(href.trim()) && href.length < 2048 && !/[\s()<>]/.test(href.trim())

/**
 * Code outside `pre`: a `code` that shows several lines, or a block whose text all lies in `code` and makes at least two lines (highlighters
 * that write one element a line).
 */
function isCodeBlock(node: Node): boolean {
  if (node.tag === 'code') return countLines(node, 2) >= 2
  return !isInline(node) && !proseBlocks.has(node.tag) && node.letters > 0 && node.coded === node.letters && countLines(node, 2) >= 2
}

const proseBlocks = new Set('#document body ul ol li dl table tbody thead tr blockquote'.split(' '))

/** Line breaks and blocks below a node, counted up to `enough`. */
function countLines(root: Node, enough: number): number {
  let lines = 0
  for (let node = following(root, root); node && lines < enough; node = following(node, root))
    if (node.tag === 'br' || node.tag === 'div' || (node.tag === 'p' && node.letters)) lines++
  return lines
}

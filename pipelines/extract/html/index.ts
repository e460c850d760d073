/**
 * Main text of a page as Markdown, with what the page says of itself.
 *
 * Order: parse, metadata, formulas to TeX (before anything can prune them), what is never content, the content's root, furniture by name,
 * link density, Markdown. Where little is left, softer passes are tried and the longest result counts: first without the words of class and
 * id, then the whole body, then the article that JSON-LD holds.
 */
import { decodePage } from '../charset.ts'
import { InputError } from '../records.ts'
import { find, measure, type Node, PageLimitError, parsePage } from './dom.ts'
import { toMarkdown } from './markdown.ts'
import { rescueMath } from './math.ts'
import { type Metadata, readMetadata } from './metadata.ts'
import { pruneAlways, pruneFurniture, pruneLinks } from './prune.ts'
import { contentRoot } from './root.ts'

export interface Page extends Omit<Metadata, 'articleBody'> {
  text: string
  /**
   * Letters kept, divided by the letters that the page shows outside scripts and hidden elements: near 1 on a page that is all content, near 0
   * where the rules found a needle. A ratio, not a probability; a calibrated one takes its place behind this field.
   */
  confidence: number
  encoding: string
}

export interface PageOptions {
  links: 'text' | 'markdown'
  maxNodes: number
  maxDepth: number
}

const littleText = 250

/** Throws InputError CHARSET or HTML_LIMIT. */
export function extractPage(bytes: Uint8Array, charset: string | undefined, options: PageOptions): Page {
  const { text, encoding } = decodePage(bytes, charset)
  try {
    const document = parsePage(text, options)
    const { articleBody, ...metadata } = readMetadata(document)
    const comments = metadata.type === 'forum'
    let best = attempt(document, { comments, softness: 0 }, options)
    // The tree was taken apart: a softer pass parses again, which few pages need.
    for (const softness of [1, 2] as const) {
      if (best.letters >= littleText) break
      const softer = attempt(parsePage(text, options), { comments, softness }, options)
      if (softer.letters > 2 * best.letters) best = softer
    }
    const embedded = articleBody?.toWellFormed().trim() ?? ''
    if (best.letters < littleText && embedded.length > 2 * best.letters) best = { ...best, text: embedded, letters: embedded.length }
    const confidence = best.shown > 0 ? Math.min(1, best.letters / best.shown) : 0
    return { ...metadata, text: best.text.replaceAll('\0', ''), confidence, encoding }
  } catch (error) {
    if (error instanceof PageLimitError) throw new InputError('HTML_LIMIT', 0, error.message)
    throw error
  }
}

interface Attempt {
  text: string
  /** Letters kept, and letters that the page shows. */
  letters: number
  shown: number
}

/** softness: 0 all rules, 1 without the words of class and id, 2 the whole body. Takes the tree apart. */
function attempt(document: Node, rules: { comments: boolean; softness: 0 | 1 | 2 }, options: PageOptions): Attempt {
  const body = find(document, node => node.tag === 'body' || node.tag === 'frameset')
  if (!body) return { text: '', letters: 0, shown: 0 }
  rescueMath(body)
  measure(body)
  pruneAlways(body)
  measure(body)
  const shown = body.letters
  let root = body
  if (rules.softness < 2) {
    pruneFurniture(body, { comments: rules.comments, words: rules.softness === 0 })
    root = contentRoot(body, rules.comments)
    pruneLinks(root)
  }
  return { text: toMarkdown(root, options), letters: root.letters, shown }
}

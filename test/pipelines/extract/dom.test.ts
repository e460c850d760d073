/** Our tree against parse5's own: the same nodes in the same order, comments and template contents aside. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { type DefaultTreeAdapterMap, parse } from 'parse5'
import { describe, expect, test } from 'vitest'
import { measure, type Node, PageLimitError, parsePage, textContent, visit, walk } from '../../../pipelines/extract/html/dom.ts'
import { root } from './support.ts'

const limits = { maxNodes: 1e6, maxDepth: 512 }

function ours(text: string): string[] {
  const out: string[] = []
  for (const node of walk(parsePage(text, limits)))
    out.push(node.tag === '#text' ? node.text : `<${node.tag} ${[...(node.attributes ?? [])].map(pair => pair.join('=')).join(' ')}>`)
  return out
}

type Theirs = DefaultTreeAdapterMap['node']

function theirs(text: string): string[] {
  const out: string[] = []
  const stack: Theirs[] = [parse(text, { scriptingEnabled: false })]
  while (stack.length) {
    const node = stack.pop() as Theirs
    if (node.nodeName === '#text') out.push((node as DefaultTreeAdapterMap['textNode']).value)
    else if ('tagName' in node) out.push(`<${node.tagName} ${node.attrs.map(({ name, value }) => `${name}=${value}`).join(' ')}>`)
    if ('childNodes' in node) stack.push(...[...node.childNodes].reverse())
  }
  return out
}

/** Texts that only a comment parts are one of ours. */
const joined = (items: string[]): string[] => {
  const out: string[] = []
  for (const item of items) {
    if (out.length && !item.startsWith('<') && !out.at(-1)?.startsWith('<')) out.push((out.pop() as string) + item)
    else out.push(item)
  }
  return out
}

const samples: Record<string, string> = {
  'foster parenting': '<table>a<tr>b<td>c</td>d</table>e<p>f',
  'adoption agency': '<b>1<p>2</b>3</p><i>4<div>5</i>6</div>',
  'foreign content':
    '<svg viewBox="0 0 1 1"><foreignObject><p>x</foreignObject><path d="M0"/></svg><math><mi>y</mi><annotation encoding="application/x-tex">z</annotation></math>',
  noscript: '<head><noscript><style>x</style></noscript></head><noscript><p>shown</p></noscript>',
  templates: '<template><p>hidden</template><p>shown',
  selects: '<select><option>1<option>2</select><p>after',
  frames: '<frameset><frame></frameset>',
  'late attributes': '<html a=1><body b=2><html c=3><body d=4>x',
  nothing: '',
}

describe('tree', () => {
  test.each(Object.entries(samples))('%s', (_, text) => expect(joined(ours(text))).toEqual(joined(theirs(text))))

  const data = join(root, '../shared/data/wcxb-dev/html')
  test.skipIf(!existsSync(data))('development pages (skipped where ../shared/data is absent)', () => {
    for (const name of readdirSync(data).filter((_, i) => i % 60 === 0)) {
      const text = gunzipSync(readFileSync(join(data, name))).toString('utf8')
      expect(joined(ours(text)), name).toEqual(joined(theirs(text)))
    }
  })

  test('depth and nodes are capped', () => {
    expect(() => parsePage('<div>'.repeat(600), limits)).toThrow(PageLimitError)
    expect(() => parsePage('<p>x'.repeat(100), { maxNodes: 50, maxDepth: 512 })).toThrow(PageLimitError)
    expect(() => parsePage('<div>'.repeat(1_000_000), limits)).toThrow(PageLimitError)
  })

  test('a table that fosters many nodes is linear', () => {
    const document = parsePage(`<table>${'x<tr>'.repeat(50_000)}</table>`, limits)
    expect(textContent(document).length).toBe(50_000)
  })
})

test('visit enters and leaves every node once, in order', () => {
  const events: string[] = []
  const document = parsePage('<p>a<b>c</b></p><ul><li>d</ul>', limits)
  visit(
    document,
    node => {
      events.push(`+${node.tag}`)
      return node.tag !== 'ul'
    },
    node => void events.push(`-${node.tag}`),
  )
  expect(events.join(' ')).toBe('+#document +html +head -head +body +p +#text -#text +b +#text -#text -b -p +ul -body -html -#document')
})

test('letters and linked letters add up bottom-up', () => {
  const document = parsePage('<div>ab c<a href=x>d e</a><p>f<a>g</a></p></div>', limits)
  measure(document)
  const div = [...walk(document)].find(node => node.tag === 'div') as Node
  expect([div.letters, div.linked]).toEqual([7, 3])
})

/** What an owner says in the headers of a transfer, alone and beside what the page says, and that other pages are read as before. */
import { describe, expect, it } from 'vitest'
import { saidIn, withSaid } from '../../../pipelines/extract/headers.ts'
import { readSignals } from '../../../pipelines/filter/signals.ts'
import { record } from '../../../scripts/fixtures/warc.mjs'
import { read } from './support.ts'

const none = { robots: '', reservation: '', policy: '', links: '' }
const url = 'https://e.example/a/page'
const said = (headers: Partial<typeof none>) => saidIn({ ...none, ...headers }, url)

describe('headers', () => {
  it.each([
    ['noindex', 'noindex'],
    ['NoIndex , NOAI', 'noindex, noai'],
    ['noindex\nnoai, noindex', 'noindex, noai'],
    ['gptbot: noindex, nofollow', 'gptbot: noindex, gptbot: nofollow'],
    ['googlebot: noindex, nofollow', undefined],
    ['googlebot: noindex\nnoai', 'noai'],
    ['googlebot: noindex, CCBot: none, *: noimageai', 'ccbot: none, noimageai'],
    ['robots: noai', 'noai'],
    ['unavailable_after: Wed, 25 Jun 2030 15:00:00 GMT, noai', 'unavailable_after: wed, noai'],
    ['max-snippet:-1, max-image-preview:large', 'max-snippet:-1, max-image-preview:large'],
    ['  ,, :, "', undefined],
    ['no\u0000index', 'no\u0000index'],
  ])('X-Robots-Tag %j says %j', (robots, found) => expect(said({ robots })?.robots).toBe(found))

  it.each([
    [{ reservation: '1' }, '1'],
    [{ reservation: '1', policy: '/tdm.json' }, '1 https://e.example/tdm.json'],
    [{ reservation: '1', policy: 'https://p.example/policy' }, '1 https://p.example/policy'],
    [{ reservation: '0', policy: 'javascript:alert(1)' }, '0'],
    [{ reservation: '2' }, undefined],
    [{ reservation: 'yes', policy: 'https://p.example/' }, undefined],
    [{ policy: 'https://p.example/' }, undefined],
  ])('TDM %j says %j', (headers, found) => expect(said(headers)?.tdm).toBe(found))

  it.each([
    ['<https://creativecommons.org/licenses/by/4.0/>; rel="license"', 'https://creativecommons.org/licenses/by/4.0/'],
    ['</terms>; rel=license; title="Terms, of use"', 'https://e.example/terms'],
    ['</style.css>; rel=preload; as=style, </l>; rel="Copyright LICENSE"', 'https://e.example/l'],
    ['</data>; rel="license"; anchor="#data", </page>; rel="license"', 'https://e.example/page'],
    ['</a>; title="rel=\\"license\\""; rel=next', undefined],
    ['</a>; rel=next; rel=license', undefined], // the first counts: RFC 8288, 3.3
    ['<javascript:x>; rel=license', undefined],
    ['license', undefined],
    ['<unclosed; rel=license', undefined],
    ['</next>; rel=next\n</l>; rel=license', 'https://e.example/l'],
  ])('Link %j says %j', (links, found) => expect(said({ links })?.licence).toBe(found))

  it('of no interest say nothing, and of any length take linear time', () => {
    expect(said({})).toBeUndefined()
    expect(said({ robots: 'googlebot: noindex' })).toBeUndefined()
    for (const unit of ['<', '<a>', '<a>;', ',', '"', ';rel=license', 'a:', 'noai, ']) {
      const long = unit.repeat(16_384 / unit.length)
      const began = performance.now()
      said({ robots: long, links: `<x>; license${long}`, reservation: '1', policy: long })
      expect(performance.now() - began).toBeLessThan(500)
    }
  })

  it('count beside the page: a reservation and directives wherever they stand, the page’s licence first', () => {
    const page = { robots: 'noindex, noai', tdm: '0', licence: 'MIT' }
    expect(withSaid(page, undefined)).toBe(page)
    expect(withSaid(page, { robots: 'noai, gptbot: none', tdm: '1 https://p.example/', licence: 'x' })).toEqual({
      robots: 'noai, gptbot: none, noindex',
      tdm: '1 https://p.example/',
      licence: 'MIT',
    })
    expect(withSaid({ tdm: '1' }, { tdm: '0', licence: 'x' })).toEqual({ tdm: '1', licence: 'x', robots: undefined })
    expect(withSaid({}, { tdm: '0' })).toMatchObject({ tdm: '0' })
  })
})

const page = (head: string) =>
  `<html><head><title>T</title>${head}</head><body><p>The text of a page is here, and more of it.</p></body></html>`
const response = (at: string, headers: readonly string[], head = '') =>
  record(
    'response',
    { 'WARC-Target-URI': at, 'Content-Type': 'application/http; msgtype=response' },
    `HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n${headers.map(line => `${line}\r\n`).join('')}\r\n${page(head)}`,
  )

it('of a WARC response stand in meta as those of the page do', async () => {
  const bytes = Buffer.concat([
    response('https://e.example/1', ['X-Robots-Tag: noai', 'x-robots-tag: gptbot: noindex', 'TDM-Reservation: 1', 'tdm-policy: /p.json']),
    response('https://e.example/2', [
      'X-Robots-Tag: noindex,\r\n noai',
      'Link: <https://creativecommons.org/licenses/by/4.0/>; rel="license"',
    ]),
    response(
      'https://e.example/3',
      ['TDM-Reservation: 1'],
      '<meta name="tdm-reservation" content="0"><meta name="robots" content="noindex">',
    ),
    response('https://e.example/4', ['Link: </next>; rel=next', 'Link: </l>; rel=license'], '<link rel="license" href="/mine">'),
    response('https://e.example/5', ['Server: x', 'Link: </next>; rel=next']),
    response('https://e.example/6', [`X-Robots-Tag: ${'a'.repeat(17_000)}`, 'X-Robots-Tag: noai', 'TDM-Reservation: \xe9']),
  ])
  const { records, unreadable } = await read('headers.warc', bytes)
  expect(unreadable).toEqual([])
  const meta = records.map(({ meta: { robots, tdm, licence } }) => ({ robots, tdm, licence }))
  expect(meta).toEqual([
    { robots: 'noai, gptbot: noindex', tdm: '1 https://e.example/p.json' },
    { robots: 'noindex, noai', licence: 'https://creativecommons.org/licenses/by/4.0/' },
    { robots: 'noindex', tdm: '1' },
    { licence: 'https://e.example/mine' },
    {},
    { robots: 'noai' },
  ])
  expect(Object.keys(records[4]?.meta ?? {}).toSorted()).toEqual(['charset', 'crawled'])
  expect(meta.map(({ tdm, robots }) => readSignals(tdm, robots))).toMatchObject([
    { tdm: true, noai: true, crawlers: true },
    { noai: true, noindex: true },
    { tdm: true, noindex: true },
    {},
    {},
    { noai: true },
  ])
})

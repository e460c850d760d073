/**
 * parse5's tree in the form of native/html/tree.cc, the pages to compare on, and seeded damage to them.
 *
 * Pages come from ../shared/data and are never copied into the project; where the folder is absent, tests that need it skip and say so.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { type DefaultTreeAdapterTypes, parse } from 'parse5'
import { domain } from '../../../native/addon/load.ts'

/** Why tests of the native parser cannot run, if so: the addon at hand was built without the domain `html`. */
export function withoutAddon(): string | undefined {
  try {
    domain('html')
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

export const data = fileURLToPath(new URL('../../../../shared/data/', import.meta.url))
export const missing = (folder: string): string | undefined =>
  existsSync(join(data, folder)) ? undefined : `${join(data, folder)} is absent`

const spaces: Record<string, string> = { 'http://www.w3.org/2000/svg': 'svg ', 'http://www.w3.org/1998/Math/MathML': 'math ' }

/** What serializeTree of the addon gives for the same text. */
export function parse5Tree(html: string): string {
  const document = parse(html, { scriptingEnabled: false })
  const out = [`${document.mode}\n`]
  type Entry = [DefaultTreeAdapterTypes.ChildNode, number]
  const children = (node: DefaultTreeAdapterTypes.ParentNode, depth: number): Entry[] =>
    node.childNodes.map((child): Entry => [child, depth]).reverse()
  const stack: Entry[] = children(document, 0)
  for (let entry = stack.pop(); entry; entry = stack.pop()) {
    const [node, depth] = entry
    const indent = ' '.repeat(Math.min(depth, 100))
    if ('value' in node) out.push(`${indent}"${node.value}"\n`)
    else if ('data' in node) out.push(`${indent}#${node.data}\n`)
    else if ('publicId' in node) out.push(`${indent}!${node.name} "${node.publicId}" "${node.systemId}"\n`)
    else if ('attrs' in node) {
      const attributes = node.attrs.map(a =>
        a.namespace ? ` :${a.prefix ? `${a.prefix}:` : ''}${a.name}=${a.value}` : ` ${a.name}=${a.value}`,
      )
      out.push(`${indent}<${spaces[node.namespaceURI] ?? ''}${node.tagName}${attributes.join('')}>\n`)
      if ('content' in node) stack.push(...children(node.content, depth + 1))
      stack.push(...children(node, depth + 1))
    }
  }
  return out.join('')
}

export interface Page {
  name: string
  text: string
}

/** Every `step`-th development page, in the order of names, decoded as UTF-8. */
export function* pages(step = 1): Generator<Page> {
  const decoder = new TextDecoder()
  const listed = [
    ...readdirSync(join(data, 'wcxb-dev/html')).map(name => join('wcxb-dev/html', name)),
    ...['cccode', 'ccmath', 'table'].flatMap(folder =>
      readdirSync(join(data, 'stem-pages', folder))
        .filter(name => name.endsWith('.html'))
        .map(name => join('stem-pages', folder, name)),
    ),
  ].sort()
  for (let i = 0; i < listed.length; i += step) {
    const name = listed[i] as string
    const bytes = readFileSync(join(data, name))
    yield { name, text: decoder.decode(name.endsWith('.gz') ? gunzipSync(bytes) : bytes) }
  }
}

/** A generator of numbers below a bound: xorshift32. */
export function random(seed: number): (below: number) => number {
  let state = (Math.imul(seed, 2654435761) ^ 0x9e3779b9) >>> 0 || 1
  return below => {
    state ^= state << 13
    state >>>= 0
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state % below
  }
}

export const snippets = (
  '<table>|</table>|<tr>|<td>|</td>|<caption>|<col>|<colgroup>|<tbody>|</tr>|<b>|</b>|<a href=x>|</a>|<i>|</i>|<nobr>|<p>|</p>|<div>|</div>|<li>|<dd>|' +
  '<h1>|</h2>|<form>|</form>|<button>|<select>|<option>|</select>|<optgroup>|<input>|<input type=hidden>|<textarea>|<pre>\n|<template>|</template>|<svg>|' +
  '</svg>|<math>|<mi>|<annotation-xml encoding="text/html">|<foreignObject>|<desc>|<title>|</title>|<script>|</script>|<style>|</style>|<!--|-->|--!>|' +
  '<![CDATA[|]]>|<!doctype html>|<html lang=x>|<body class=y>|</body>|</html>|<head>|</head>|<frameset>|<frame>|<noscript>|</noscript>|<iframe>|' +
  '<object>|</object>|<marquee>|<ruby>|<rt>|<rp>|<br>|</br>|<hr>|<img>|<image>|<plaintext>|<xmp>|</xmp>|&amp|&notin;|&#x80;|&#0;|&nosuch|\0|\r\n|\r|<|</|"|\'|=|/>|>' +
  '|<center>|<font color=red>|<applet>|<keygen>|<xlink:href>|<svg viewbox=1 xlink:href=2>|<math definitionurl=x>|<altglyph>|<mglyph>|<malignmark>'
).split('|')

/** One to eight splices, deletions, moves or a truncation, within at most 40,000 characters of the page; the same for the same seed. */
export function damage(text: string, seed: number): string {
  const next = random(seed)
  const start = text.length > 40_000 ? next(text.length - 40_000) : 0
  let page = text.slice(next(4) ? start : 0, start + 40_000)
  for (let edits = 1 + next(8); edits > 0; edits--) {
    const at = next(page.length + 1)
    const length = next(200)
    switch (next(6)) {
      case 0:
        page = page.slice(0, at) + page.slice(at + length)
        break
      case 1:
        page = page.slice(0, at) + page.slice(0, length) + page.slice(at)
        break
      case 2:
        if (next(4) === 0) page = page.slice(0, at)
        break
      default:
        for (let i = 1 + next(6); i > 0; i--) page = page.slice(0, at) + snippets[next(snippets.length)] + page.slice(at)
    }
  }
  return page.toWellFormed()
}

// Where parse5 8.1.1 leaves the standard (native/html/tree_test.cc): CDATA at integration points, end tags of sections that are not open, runs of
// NUL in foreign content, tables around a template. Soups stay clear of these.
const more =
  'x| |text|</caption>|<thead>|<tfoot>|<th>|</optgroup>|</option>|</button>|</noscript>|</head>|<br/>|</mi>|</desc>|</foreignObject>|</ul>|<ul>|</dd>|<dl>|' +
  '</annotation-xml>|</h1>|</nobr>|<u>|</frameset>|<noframes>|</noframes>|</xmp>|</object>|</math>|<svg/>|<tr/>|<x-y>|</x-y>|<b class=1>|<p/>|<svg><tr>|' +
  '<annotation-xml>|<mtext>|<svg><title>|</applet>|</textarea>|</iframe>'
const ingredients = [...snippets, ...more.split('|')].filter(piece => !/CDATA|^<\/t(body|head|foot)>|\0/.test(piece))
const withTables = ingredients.filter(piece => !piece.includes('template'))
const withTemplates = ingredients.filter(piece => !/caption|<table|<t[drh]/.test(piece))

/** Two to thirty pieces of markup in a row; the same for the same seed. */
export function soup(seed: number): string {
  const next = random(seed)
  const from = seed % 2 ? withTables : withTemplates
  return Array.from({ length: 2 + next(29) }, () => from[next(from.length)]).join('')
}

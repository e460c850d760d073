/** The tokenizer on the page, and any text with its tokens in colour. Texts, and with them tokens, are foreign. */
import { html, raw } from 'hono/html'
import type { Html } from './chart.ts'
import { count, plain, share } from './format.ts'
import { style } from './style.ts'
import type { ReportFacts, TokenRow, TokenText } from './types.ts'

/** Tokens beside each other never have the same colour: their number in the text gives it. */
const inks = 6

export const tokenStyle = `
.tokens { white-space: pre-wrap; overflow-wrap: anywhere; }
.tokens i { font-style: normal; border-radius: 2px; padding: 1px 0; }
${Array.from({ length: inks }, (_, i) => `.tokens .t${i} { background: color-mix(in srgb, var(--c${i}) 28%, transparent); }`).join('\n')}
.tokens .raw { color: var(--soft); }
.token { display: inline-block; margin: 0 10px 6px 0; white-space: pre; background: var(--band); border-radius: 4px; padding: 0 5px; max-width: 100%; overflow: hidden; text-overflow: ellipsis; vertical-align: bottom; }
`

/** Line feeds and tabs are shown as signs too, so that a token of white space can be seen. */
const visible = (text: string): string => plain(text).replaceAll('\t', '→\t').replaceAll('\n', '↵\n')

export const tokensView = (pieces: TokenText['pieces']): Html =>
  html`<pre class="tokens" dir="auto">${pieces.map(
    ({ id, text }, i) => html`<i class="t${i % inks}${text.startsWith('\\x') ? ' raw' : ''}" title="${id}">${visible(text)}</i>`,
  )}</pre>`

const ratio = (a: number, b: number, digits = 2) => (a && b ? (a / b).toFixed(digits) : '–')

export function tokenizerSection({ tokenizer }: ReportFacts): Html {
  if (!tokenizer) return html``
  const { size, pattern, languages, sources, components, read, longest, unused, texts, dropped } = tokenizer
  const part = read.all ? '' : ` In ${count(read.documents)} documents with ${count(read.tokens)} tokens, spread over the corpus.`
  return html`<h2>Tokenizer</h2>
<p class="note">${count(size)} ids, pattern <code>${pattern}</code>. More bytes per token are shorter rows; more tokens per word are a language that the vocabulary serves worse.</p>
${languages.length ? html`<h3>By language</h3><p class="note">Words are what white space sets apart: for scripts without spaces read characters per token.</p>${table('language', languages, true)}` : ''}
${sources.length ? html`<h3>By source</h3>${table('source', sources, false)}` : ''}
${components.length ? html`<h3>By component</h3>${part ? html`<p class="note">${part}</p>` : ''}${table('component', components, false)}` : ''}
<h3>Longest tokens</h3><p>${longest.map(token => html`<code class="token" title="${token.id}, ${token.bytes} bytes, used ${count(token.uses)} times">${shown(token.text)}</code>`)}</p>
${
  read.tokens
    ? html`<h3>Never used</h3><p class="note">${count(unused.count)} of ${count(unused.of)} merges make a token that no text ends up with (${share(unused.count, unused.of)}): most are parts of longer ones.${part}</p>
<p>${unused.examples.map(token => html`<code class="token" title="${token.id}">${shown(token.text)}</code>`)}</p>`
    : ''
}
${dropped.length ? html`<h3>Added tokens left out</h3><p>${dropped.map(name => html`<code class="token">${shown(name)}</code>`)}</p>` : ''}
${
  texts.length
    ? html`<h3>Texts and their tokens</h3><p class="note">Beginnings of documents; a colour is a token, its id shows under the pointer.</p>${texts.map(
        ({ name, kind, pieces }) =>
          html`<details open><summary><b>${plain(name)}</b><span class="soft">${plain(kind)}, ${count(pieces.length)} tokens</span></summary><article class="doc">${tokensView(pieces)}</article></details>`,
      )}`
    : ''
}`
}

const shown = (text: string): string =>
  plain(text.length > 80 ? `${text.slice(0, 80).toWellFormed()}…` : text)
    .replaceAll('\n', '↵')
    .replaceAll('\t', '→')
    .replaceAll(' ', '·')

function table(what: string, rows: readonly TokenRow[], words: boolean): Html {
  const shownRows = rows.slice(0, 40)
  return html`<div class="scroll"><table><thead><tr><th>${what}</th><th>documents</th><th>tokens</th><th>bytes/token</th>${words ? html`<th>tokens/word</th><th>characters/token</th>` : ''}</tr></thead>
<tbody>${shownRows.map(
    row =>
      html`<tr><td>${plain(row.name)}</td><td>${count(row.documents)}</td><td>${count(row.tokens)}</td><td>${ratio(row.bytes, row.tokens)}</td>${words ? html`<td>${ratio(row.tokens, row.words)}</td><td>${ratio(row.characters, row.tokens)}</td>` : ''}</tr>`,
  )}</tbody></table></div>${rows.length > shownRows.length ? html`<p class="note">and ${rows.length - shownRows.length} more in the JSON</p>` : ''}`
}

/** A page of its own for any texts: no script, nothing fetched. */
export async function tokensPage(title: string, texts: readonly TokenText[]): Promise<string> {
  const sum = texts.reduce((total, { pieces }) => total + pieces.length, 0)
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${plain(title)}</title><style>${raw(style + tokenStyle)}</style></head>
<body><main><header><div class="eyebrow">Millrace · tokens</div><h1>${plain(title)}</h1><p class="lede">${count(texts.length)} texts, ${count(sum)} tokens. A colour is a token, its id shows under the pointer.</p></header>
${texts.map(({ name, pieces }) => html`<h3>${plain(name)} <span class="soft">${count(pieces.length)} tokens</span></h3><article class="doc">${tokensView(pieces)}</article>`)}
</main></body></html>
`
  return String(await page)
}

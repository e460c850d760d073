/**
 * Formulas through the addon. Oracles: TeX that Temml and MathJax turn into MathML must come back as TeX that KaTeX renders alike
 * (bench/extraction/mathml.ts measures that on thousands); markup that KaTeX and Temml write must give the TeX it was written from.
 */
import katex from 'katex'
import temml from 'temml'
import { describe, expect, test } from 'vitest'
import { rendered } from '../../../bench/extraction/mathml.compare.ts'
import { generated } from '../../../bench/extraction/mathml.generate.ts'
import { mathJax } from '../../../bench/extraction/mathml.mathjax.ts'
import { extractPage, mathmlToLatex, rescued, wholePage } from '../../../native/addon/extract.ts'

describe('MathML comes back as the TeX it was made from', () => {
  const sample = generated(150, 7).filter(tex => rendered(tex) !== undefined)
  const share = (make: (tex: string) => string) =>
    sample.filter(tex => rendered(mathmlToLatex(make(tex))[0] ?? '') === rendered(tex)).length / sample.length

  test('from Temml', () => expect(share(tex => temml.renderToString(tex, { displayMode: true }))).toBeGreaterThan(0.95))
  test('from MathJax', () => expect(share(mathJax)).toBeGreaterThan(0.95))
  test('every formula can be read', () => {
    for (const tex of sample) expect(rendered(mathmlToLatex(mathJax(tex))[0] ?? ''), tex).toBeDefined()
  })
  test('comments within tokens lose nothing', () => {
    expect(mathmlToLatex('<math><mi>&#x03C3;<!-- σ --></mi><mo>=</mo><mn>1</mn></math>')).toEqual(['\\sigma=1'])
  })
})

describe('markup of renderers', () => {
  const tex = String.raw`\int_0^1 \frac{x^2}{\sqrt{1+x}}\,dx`
  const formulas = (html: string) => rescued(html).formulas

  test('KaTeX, inline and display, once each', () => {
    expect(formulas(`<p>Let ${katex.renderToString(tex)} be.</p>`)).toEqual([{ latex: tex, display: false }])
    expect(formulas(katex.renderToString(tex, { displayMode: true }))).toEqual([{ latex: tex, display: true }])
  })
  test('Temml with annotation', () => {
    const html = temml.renderToString(tex, { annotate: true, displayMode: true })
    expect(formulas(html)).toEqual([{ latex: tex, display: true }])
  })
  test('delimited TeX and prices on one page', () => {
    const html = `<script>MathJax = { tex: { inlineMath: [['$', '$']] } }</script><p>Buying $n$ at $5 to $10 gives \\[ s = 5n \\] in US$.</p>`
    expect(formulas(html)).toEqual([
      { latex: 'n', display: false },
      { latex: 's = 5n', display: true },
    ])
  })
})

describe('in what is written', () => {
  const page = `<title>Energy</title><article><h1>Energy</h1><p>Every body at rest has the energy <math alttext="E=mc^2"><mi>E</mi></math>, as was
    shown in the year 1905 by a clerk of the patent office in Bern, and it costs $5 to say so.</p>
    <table><tr><th>name</th><th>value</th></tr><tr><td>speed</td><td><script type="math/tex">c</script></td></tr></table></article>`

  test('formulas stay in prose and in cells', () => {
    const markdown = wholePage(page)
    expect(markdown).toContain('$E=mc^2$')
    expect(markdown).toContain('| $c$')
    expect(markdown).toContain('\\$5')
  })
  test('and in the extraction', () => expect(extractPage(page).text).toContain('$E=mc^2$'))
})

/** TeX by a seeded grammar: every construction that formulas on the web use, nested up to four deep. The same list on any machine. */

function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

const words = (text: string) => text.split(' ')
const letters = words('a b c d e f g h i j k m n p q r s t u v w x y z A B C D E F G H K L M N P Q R S T U V X Y Z')
const greek = words(
  '\\alpha \\beta \\gamma \\delta \\epsilon \\varepsilon \\zeta \\eta \\theta \\vartheta \\kappa \\lambda \\mu \\nu \\xi \\pi \\rho \\sigma \\tau \\phi \\varphi \\chi \\psi \\omega \\Gamma \\Delta \\Theta \\Lambda \\Pi \\Sigma \\Phi \\Psi \\Omega \\hbar \\ell \\infty \\partial \\nabla \\emptyset',
)
const relations = words(
  '= < > \\le \\ge \\ne \\equiv \\approx \\sim \\simeq \\cong \\propto \\in \\notin \\ni \\subset \\subseteq \\supset \\supseteq \\to \\mapsto \\Rightarrow \\Leftrightarrow \\leftarrow \\perp \\parallel \\mid \\ll \\gg \\prec \\succ \\models \\vdash \\leqslant \\geqslant \\rightarrow \\longrightarrow \\hookrightarrow \\iff \\implies',
)
const binary = words(
  '+ - + - \\pm \\mp \\times \\cdot \\div \\ast \\star \\circ \\bullet \\oplus \\otimes \\cup \\cap \\setminus \\wedge \\vee \\land \\lor / *',
)
const functions = words('\\sin \\cos \\tan \\log \\ln \\exp \\det \\dim \\ker \\arg \\sinh \\arctan \\gcd \\deg')
const accents = words(
  '\\hat \\tilde \\bar \\vec \\dot \\ddot \\overline \\widehat \\widetilde \\underline \\check \\breve \\overrightarrow',
)
const fonts = words('\\mathbf \\mathrm \\mathbb \\mathcal \\mathfrak \\mathsf \\mathtt \\mathit')
const fences: [string, string][] = [
  ['(', ')'],
  ['[', ']'],
  ['\\{', '\\}'],
  ['|', '|'],
  ['\\|', '\\|'],
  ['\\langle', '\\rangle'],
  ['\\lfloor', '\\rfloor'],
  ['\\lceil', '\\rceil'],
  ['.', '|'],
  ['(', ']'],
]

export function generated(size: number, seed = 20261124): string[] {
  const next = random(seed)
  const below = (n: number) => Math.floor(next() * n)
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T

  const atom = (): string => (next() < 0.55 ? pick(letters) : next() < 0.6 ? pick(greek) : String(below(next() < 0.7 ? 10 : 1000)))
  const sum = (depth: number): string => {
    let text = term(depth)
    for (let i = below(3); i > 0; i--) text += ` ${pick(binary)} ${term(depth)}`
    return text
  }
  const term = (depth: number): string => {
    if (depth <= 0) return atom()
    const inner = () => sum(depth - 1)
    const makers: (() => string)[] = [
      atom,
      atom,
      atom,
      () => `${atom()}^{${inner()}}`,
      () => `${pick(letters)}_{${inner()}}`,
      () => `${pick(letters)}_{${term(depth - 1)}}^{${term(depth - 1)}}`,
      () => `\\frac{${inner()}}{${inner()}}`,
      () => `\\sqrt{${inner()}}`,
      () => `\\sqrt[${pick(['3', 'n', 'k+1'])}]{${inner()}}`,
      () => `${pick(accents)}{${pick(letters)}}`,
      () => `${pick(fonts)}{${pick(letters)}}`,
      () => `${pick(functions)}(${inner()})`,
      () => `${pick(functions)} ${atom()}`,
      () => `\\sum_{${pick(letters)}=${below(3)}}^{${term(depth - 1)}} ${term(depth - 1)}`,
      () => `\\prod_{${inner()}} ${term(depth - 1)}`,
      () => `\\int_{${term(depth - 1)}}^{${term(depth - 1)}} ${term(depth - 1)} \\, d${pick(letters)}`,
      () => `\\lim_{${pick(letters)} \\to ${atom()}} ${term(depth - 1)}`,
      () => `\\max_{${inner()}} ${term(depth - 1)}`,
      () => {
        const [open, close] = pick(fences)
        return `\\left${open} ${inner()} \\right${close}`
      },
      () => `(${inner()})^${below(10)}`,
      () => `\\left(${inner()}\\right)^{${term(depth - 1)}}`,
      () => `\\binom{${inner()}}{${atom()}}`,
      () => `\\text{${pick(['if ', ' and ', 'for all', 'otherwise', '100% of'.replace('%', '\\%'), 'a_b'.replace('_', '\\_')])}}`,
      () => `\\operatorname{${pick(['rank', 'tr', 'Var', 'diag', 'sgn'])}}(${inner()})`,
      () => `\\underbrace{${inner()}}_{${term(depth - 1)}}`,
      () => `\\overset{${atom()}}{${pick(['=', '\\sim', '\\to'])}}`,
      () => `${pick(letters)}'${pick(['', "'", '_i'])}`,
      () => `{}^{${below(99)}}_{${below(99)}}\\mathrm{${pick(['C', 'U', 'He'])}}`,
      () => `\\boldsymbol{${pick(greek.slice(0, 20))}}`,
      () => `\\lvert ${inner()} \\rvert`,
      () => `${pick(letters)} \\bmod ${atom()}`,
      () => `\\xrightarrow{${term(depth - 1)}}`,
    ]
    return pick(makers)()
  }
  const cells = (rows: number, columns: number, depth: number) =>
    Array.from({ length: rows }, () => Array.from({ length: columns }, () => sum(depth)).join(' & ')).join(' \\\\ ')
  const formula = (): string => {
    const kind = next()
    if (kind < 0.04)
      return `\\begin{${pick(['pmatrix', 'bmatrix', 'vmatrix', 'matrix', 'Bmatrix'])}} ${cells(2, 1 + below(3), 1)} \\end{pmatrix}`.replace(
        /\\begin\{(\w+)\}(.*)\\end\{pmatrix\}$/,
        '\\begin{$1}$2\\end{$1}',
      )
    if (kind < 0.07) return `${sum(1)} = \\begin{cases} ${sum(1)} & \\text{if } ${sum(0)} \\\\ ${sum(1)} & \\text{otherwise} \\end{cases}`
    if (kind < 0.1) return `\\begin{aligned} ${sum(1)} &= ${sum(2)} \\\\ &= ${sum(2)} \\end{aligned}`
    if (kind < 0.12) return `\\begin{array}{lcr} ${cells(2, 3, 1)} \\end{array}`
    return `${sum(3)} ${pick(relations)} ${sum(2)}`
  }
  const found = new Set<string>()
  while (found.size < size) found.add(formula())
  return [...found]
}

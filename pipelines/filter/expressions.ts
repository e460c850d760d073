/**
 * Rules without code: `drop: "words < 50 && !(letter_share > 0.8)"` over what earlier steps measured.
 *
 * Numbers, names of statistics, + - * /, comparisons, && || ! (or `and or not`), parentheses; nothing else, so that an expression is data.
 * What was not measured of a document is unknown, and so is what is computed from it (also x / 0); a document is dropped only where the
 * whole is true whatever the unknown may be: `unknown && false` is false, `unknown || true` is true (Kleene's logic, as in SQL).
 */
import * as z from 'zod'
import type { Batch } from '../arrow/index.ts'
import { MillraceError } from '../errors.ts'
import type { Outcome, Step, StepOptions, Verdict } from './step.ts'

export const expressionSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9_.-]{1,64}$/)
      .describe('The reason that decisions give'),
    drop: z.string().min(1).max(4096).describe('Documents of which this is true are dropped, as in "words < 50 && !(letter_share > 0.8)"'),
    kinds: z.array(z.string()).optional().describe('Kinds that it judges; default: all'),
  })
  .describe('A rule over statistics, without code')

export type Expression = z.output<typeof expressionSchema>

type Comparison = '<' | '<=' | '>' | '>=' | '==' | '!='
export type Node =
  | { kind: 'number'; value: number; at: number }
  | { kind: 'name'; name: string; at: number }
  | { kind: 'negate' | 'not'; of: Node; at: number }
  | { kind: 'arithmetic'; operator: '+' | '-' | '*' | '/'; left: Node; right: Node; at: number }
  | { kind: 'compare'; operator: Comparison; left: Node; right: Node; at: number }
  | { kind: 'and' | 'or'; left: Node; right: Node; at: number }

/** Parentheses and signs inside one another; more is refused, since the parser calls itself. */
const deepest = 64

interface Token {
  kind: 'number' | 'name' | 'operator' | 'end'
  text: string
  at: number
}

const pattern = /\s*(?:(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+)|([A-Za-z_][A-Za-z0-9_.]*)|(<=|>=|==|!=|&&|\|\||[<>!+\-*/()]))/y
const words: Record<string, string> = { and: '&&', or: '||', not: '!' }
const comparisons = ['<', '<=', '>', '>=', '==', '!=']

/** Throws EXPRESSION, naming the character and what was expected there. The result is a condition, never a number. */
export function parseExpression(text: string, where = 'expression'): Node {
  const parser = new Parser(text, where)
  const node = parser.or(0)
  parser.end()
  parser.condition(node)
  return node
}

const yields = (node: Node): 'number' | 'condition' =>
  ['number', 'name', 'negate', 'arithmetic'].includes(node.kind) ? 'number' : 'condition'

class Parser {
  readonly #text: string
  readonly #where: string
  readonly #tokens: Token[] = []
  #next = 0

  constructor(text: string, where: string) {
    this.#text = text
    this.#where = where
    const end = text.trimEnd().length
    for (let at = 0; at < end; at = pattern.lastIndex) {
      pattern.lastIndex = at
      const found = pattern.exec(text)
      const start = at + (/^\s*/.exec(text.slice(at))?.[0].length ?? 0)
      if (!found) throw this.#wrong(start, 'a number, a name, an operator or a parenthesis', JSON.stringify(text.slice(start, start + 8)))
      const [, number, name, operator] = found
      const lower = name?.toLowerCase() ?? ''
      const word = Object.hasOwn(words, lower) ? words[lower] : undefined
      if (number !== undefined) this.#tokens.push({ kind: 'number', text: number, at: start })
      else if (name !== undefined && word === undefined) this.#tokens.push({ kind: 'name', text: name, at: start })
      else this.#tokens.push({ kind: 'operator', text: word ?? (operator as string), at: start })
    }
    this.#tokens.push({ kind: 'end', text: 'the end', at: text.length })
  }

  or(depth: number): Node {
    let left = this.#and(depth)
    for (let at = this.#take('||'); at !== undefined; at = this.#take('||'))
      left = { kind: 'or', left: this.condition(left), right: this.condition(this.#and(depth)), at }
    return left
  }

  end(): void {
    const token = this.#peek()
    if (token.kind !== 'end') throw this.#wrong(token.at, 'an operator or the end', JSON.stringify(token.text))
  }

  condition(node: Node): Node {
    if (yields(node) === 'condition') return node
    throw this.#wrong(node.at, 'a condition, such as words < 50', 'a number')
  }

  #and(depth: number): Node {
    let left = this.#compare(depth)
    for (let at = this.#take('&&'); at !== undefined; at = this.#take('&&'))
      left = { kind: 'and', left: this.condition(left), right: this.condition(this.#compare(depth)), at }
    return left
  }

  #compare(depth: number): Node {
    const left = this.#sum(depth)
    const { text: operator, at, kind } = this.#peek()
    if (kind !== 'operator' || !comparisons.includes(operator)) return left
    this.#next++
    const right = this.#sum(depth)
    const { text: again, at: place } = this.#peek()
    if (comparisons.includes(again)) throw this.#wrong(place, '&& between two comparisons', again)
    return { kind: 'compare', operator: operator as Comparison, left: this.#number(left), right: this.#number(right), at }
  }

  #sum(depth: number): Node {
    let left = this.#product(depth)
    for (;;) {
      const { text: operator, at, kind } = this.#peek()
      if (kind !== 'operator' || (operator !== '+' && operator !== '-')) return left
      this.#next++
      left = { kind: 'arithmetic', operator, left: this.#number(left), right: this.#number(this.#product(depth)), at }
    }
  }

  #product(depth: number): Node {
    let left = this.#unary(depth)
    for (;;) {
      const { text: operator, at, kind } = this.#peek()
      if (kind !== 'operator' || (operator !== '*' && operator !== '/')) return left
      this.#next++
      left = { kind: 'arithmetic', operator, left: this.#number(left), right: this.#number(this.#unary(depth)), at }
    }
  }

  #unary(depth: number): Node {
    const token = this.#peek()
    if (depth > deepest) throw this.#wrong(token.at, `at most ${deepest} parentheses and signs inside one another`, 'more')
    this.#next++
    if (token.kind === 'number') return { kind: 'number', value: Number(token.text), at: token.at }
    if (token.kind === 'name') return { kind: 'name', name: token.text, at: token.at }
    if (token.text === '-') return { kind: 'negate', of: this.#number(this.#unary(depth + 1)), at: token.at }
    if (token.text === '!') return { kind: 'not', of: this.condition(this.#unary(depth + 1)), at: token.at }
    if (token.text !== '(') {
      const found = token.kind === 'end' ? token.text : JSON.stringify(token.text)
      throw this.#wrong(token.at, 'a number, a name, - ! or (', found)
    }
    const inside = this.or(depth + 1)
    if (this.#take(')') === undefined) throw this.#wrong(this.#peek().at, ')', this.#peek().text)
    return inside
  }

  #number(node: Node): Node {
    if (yields(node) === 'number') return node
    throw this.#wrong(node.at, 'a number', 'a condition')
  }

  #peek(): Token {
    return this.#tokens[this.#next] as Token
  }

  #take(operator: string): number | undefined {
    const token = this.#peek()
    if (token.kind !== 'operator' || token.text !== operator) return undefined
    this.#next++
    return token.at
  }

  #wrong(at: number, expected: string, found: string): MillraceError {
    return wrong(this.#text, this.#where, at, expected, found)
  }
}

const wrong = (text: string, where: string, at: number, expected: string, found: string): MillraceError =>
  new MillraceError({
    code: 'EXPRESSION',
    kind: 'config',
    expected,
    found,
    where: `${where}, character ${at + 1} of ${JSON.stringify(text)}`,
    next: 'docs/filtering.md says what an expression may hold',
  })

/** Names in an expression, each once, in order. */
export function namesIn(node: Node): string[] {
  const names: string[] = []
  const open = [node]
  for (let next = open.pop(); next; next = open.pop()) {
    if (next.kind === 'name') names.unshift(next.name)
    else if ('of' in next) open.push(next.of)
    else if ('left' in next) open.push(next.left, next.right)
  }
  return [...new Set(names)]
}

/** Throws EXPRESSION for a name that is not known, with the nearest that is. */
export function checkNames(text: string, node: Node, known: readonly string[], where: string): void {
  const unknown = namesIn(node).find(name => !known.includes(name))
  if (unknown === undefined) return
  const near = nearest(unknown, known)
  const expected = near ? `a statistic of an earlier step; the nearest is ${near}` : 'a statistic of an earlier step'
  throw wrong(text, where, text.indexOf(unknown), expected, JSON.stringify(unknown))
}

/** By the number of edits, at most half the length; the first of equals. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const [best] = known.map(each => ({ each, edits: editsBetween(name, each) })).sort((a, b) => a.edits - b.edits)
  return best && best.edits <= Math.max(2, name.length / 2) ? best.each : undefined
}

function editsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min((row[j] as number) + 1, (next[j - 1] as number) + 1, (row[j - 1] as number) + Number(a[i - 1] !== b[j - 1])))
    row = next
  }
  return row[b.length] as number
}

/** Value of one row: a number, or 1 and 0 for true and false; NaN = unknown. */
export type Evaluator = (row: number) => number

const truth = (condition: boolean): number => (condition ? 1 : 0)

/** `column` gives the values of a name, NaN where unknown. */
export function evaluator(node: Node, column: (name: string) => Float64Array): Evaluator {
  if (node.kind === 'number') return () => node.value
  if (node.kind === 'name') {
    const values = column(node.name)
    return row => values[row] as number
  }
  if ('of' in node) {
    const of = evaluator(node.of, column)
    return node.kind === 'negate' ? row => -of(row) : row => 1 - of(row)
  }
  const [left, right] = [evaluator(node.left, column), evaluator(node.right, column)]
  if (node.kind === 'arithmetic') return arithmetic[node.operator](left, right)
  if (node.kind === 'compare') {
    const holds = compare[node.operator]
    return row => {
      const [a, b] = [left(row), right(row)]
      return Number.isNaN(a) || Number.isNaN(b) ? Number.NaN : truth(holds(a, b))
    }
  }
  const deciding = node.kind === 'and' ? 0 : 1 // what decides whatever the other side is
  return row => {
    const a = left(row)
    if (a === deciding) return a
    const b = right(row)
    return b === deciding ? b : a + b - (1 - deciding) // both are the other value, or one is unknown
  }
}

const finite = (value: number): number => (Number.isFinite(value) ? value : Number.NaN)
const arithmetic: Record<'+' | '-' | '*' | '/', (a: Evaluator, b: Evaluator) => Evaluator> = {
  '+': (a, b) => row => finite(a(row) + b(row)),
  '-': (a, b) => row => finite(a(row) - b(row)),
  '*': (a, b) => row => finite(a(row) * b(row)),
  '/': (a, b) => row => finite(a(row) / b(row)),
}

const compare: Record<Comparison, (a: number, b: number) => boolean> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
}

/** A statistic against a number, either way round: then a decision has both. */
export function simple(node: Node): { name: string; operator: Comparison; threshold: number } | undefined {
  if (node.kind !== 'compare') return undefined
  const constant = (each: Node) =>
    each.kind === 'number' ? each.value : each.kind === 'negate' && each.of.kind === 'number' ? -each.of.value : undefined
  const { left, right, operator } = node
  const [before, after] = [constant(left), constant(right)]
  if (left.kind === 'name' && after !== undefined) return { name: left.name, operator, threshold: after }
  if (right.kind === 'name' && before !== undefined) return { name: right.name, operator: turned[operator], threshold: before }
  return undefined
}

const turned: Record<Comparison, Comparison> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=', '==': '==', '!=': '!=' }

/**
 * The step of a config's expressions, in their order: the first that is true drops. A decision holds the statistic and the number of a simple
 * comparison, else 1 and 0. `known`: what earlier steps measure; undefined = is said by the batch. Throws EXPRESSION.
 */
export function expressionsStep(expressions: readonly Expression[], known: readonly string[]): Step {
  const rules = expressions.map((each, i) => {
    const where = `filter.expressions[${i}].drop (${each.name})`
    const node = parseExpression(each.drop, where)
    checkNames(each.drop, node, known, where)
    return { ...each, node, simple: simple(node) }
  })
  return {
    name: 'expressions',
    fields: [],
    async run(batch, { measured }: StepOptions): Promise<Outcome> {
      const columns = new Map<string, Float64Array>()
      const column = (name: string) => {
        const values = columns.get(name) ?? numbersIn(batch, measured, name)
        columns.set(name, values)
        return values
      }
      const verdicts = new Map<number, Verdict>()
      const kind = batch.column('kind')
      for (const { name, node, simple, kinds } of rules) {
        const of = evaluator(node, column)
        for (let i = 0; i < batch.rows; i++) {
          if (verdicts.has(i) || of(i) !== 1 || (kinds && !kinds.includes(kind.text(i)))) continue
          const value = simple ? (column(simple.name)[i] as number) : 1
          verdicts.set(i, { reason: name, value, threshold: simple?.threshold ?? 0 })
        }
      }
      return { verdicts, measured: [] }
    },
  }
}

/** A measured column as numbers, NaN where there is none. */
export function numbersIn(batch: Batch, measured: StepOptions['measured'], name: string): Float64Array {
  const column = measured?.column(name)
  const values = new Float64Array(batch.rows).fill(Number.NaN)
  for (let i = 0; column && i < batch.rows; i++) if (!column.isNull(i)) values[i] = column.number(i)
  return values
}

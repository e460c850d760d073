import { describe, expect, it } from 'vitest'
import { evaluator, expressionsStep, namesIn, nearest, parseExpression, simple } from '../../../pipelines/filter/expressions.ts'

/** The value of an expression under an assignment; what is not named is unknown. */
function truthOf(text: string, names: Record<string, number> = {}): boolean | 'unknown' {
  const value = evaluator(parseExpression(text), name => Float64Array.of(names[name] ?? Number.NaN))(0)
  return Number.isNaN(value) ? 'unknown' : value === 1
}

describe('expressions', () => {
  it('bind as in C: ! - before * /, before + -, before comparison, before &&, before ||', () => {
    expect(truthOf('1 + 2 * 3 == 7')).toBe(true)
    expect(truthOf('(1 + 2) * 3 == 9')).toBe(true)
    expect(truthOf('10 - 2 - 3 == 5')).toBe(true)
    expect(truthOf('12 / 2 / 3 == 2')).toBe(true)
    expect(truthOf('-2 * -3 == 6')).toBe(true)
    expect(truthOf('1 < 2 || 1 < 0 && 1 < 0')).toBe(true)
    expect(truthOf('(1 < 2 || 1 < 0) && 1 < 0')).toBe(false)
    expect(truthOf('!(1 < 2) || 3 >= 3')).toBe(true)
    expect(truthOf('not (1 < 2) or 3 >= 3 and 2 != 3')).toBe(true)
    expect(truthOf('1e-3 < .01 && 2.5e2 == 250')).toBe(true)
  })

  it('agree with JavaScript on random expressions of known values', () => {
    let state = 12345
    const draw = (n: number) => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0
      return (state >>> 8) % n
    }
    const names = { a: 3, b: -1.5, c: 0.25, d: 7 }
    const number = (depth: number): string =>
      depth === 0 || draw(3) === 0
        ? (['a', 'b', 'c', 'd', '2', '0.5'][draw(6)] as string)
        : draw(5) === 0
          ? `(-${number(depth - 1)})`
          : `(${number(depth - 1)} ${'+-*'[draw(3)]} ${number(depth - 1)})`
    const condition = (depth: number): string =>
      depth === 0 || draw(3) === 0
        ? `${number(2)} ${['<', '<=', '>', '>=', '==', '!='][draw(6)]} ${number(2)}`
        : draw(4) === 0
          ? `!(${condition(depth - 1)})`
          : `(${condition(depth - 1)}) ${['&&', '||'][draw(2)]} (${condition(depth - 1)})`
    for (let i = 0; i < 500; i++) {
      const text = condition(3)
      const expected = new Function(...Object.keys(names), `return ${text}`)(...Object.values(names)) as boolean
      expect([text, truthOf(text, names)]).toEqual([text, expected])
    }
  })

  it('are unknown where a value is, unless the rest decides: the truth tables of Kleene', () => {
    const [T, F, U] = ['1 == 1', '1 == 0', 'x == 0']
    const table: [string, boolean | 'unknown'][] = [
      [`${U} && ${T}`, 'unknown'],
      [`${T} && ${U}`, 'unknown'],
      [`${U} && ${F}`, false],
      [`${F} && ${U}`, false],
      [`${U} && ${U}`, 'unknown'],
      [`${U} || ${T}`, true],
      [`${T} || ${U}`, true],
      [`${U} || ${F}`, 'unknown'],
      [`${F} || ${U}`, 'unknown'],
      [`!(${U})`, 'unknown'],
      ['1 / 0 > 3', 'unknown'],
      ['0 / 0 == 0', 'unknown'],
    ]
    for (const [text, expected] of table) expect([text, truthOf(text)]).toEqual([text, expected])
  })

  it('say what is wrong, and where', () => {
    const error = (text: string) => {
      try {
        parseExpression(text)
      } catch (thrown) {
        return (thrown as Error).message
      }
      return 'nothing'
    }
    expect(error('words < ')).toMatch(/character 9 of "words < ".*expected a number, a name, - ! or \(, found the end/)
    expect(error('words <> 3')).toMatch(/character 8 .*found ">"/)
    expect(error('words')).toMatch(/expected a condition, such as words < 50, found a number/)
    expect(error('(a < 1) + 2 > 0')).toMatch(/expected a number, found a condition/)
    expect(error('a < 1 && b')).toMatch(/character 10 .*expected a condition/)
    expect(error('a < b < c')).toMatch(/expected && between two comparisons, found </)
    expect(error('a < 3 ; 4')).toMatch(/character 7 .*found "; 4"/)
    expect(error('(a < 3')).toMatch(/expected \), found the end/)
    expect(error('a < 3)')).toMatch(/expected an operator or the end, found "\)"/)
    expect(error(`${'('.repeat(2000)}a < 1${')'.repeat(2000)}`)).toMatch(/at most 64 parentheses/)
    expect(error(`${'!'.repeat(500)}(a < 1)`)).toMatch(/at most 64 parentheses and signs/)
    expect(error('process.exit() < 1')).toMatch(/found "\("/)
    expect(error(`${'a + '.repeat(1000)}a > 1`)).toBe('nothing')
  })

  it('know their names, and the nearest to one that is unknown', () => {
    expect(namesIn(parseExpression('a < 1 && (b + a) / c > 2 || !(d == 1)'))).toEqual(['a', 'b', 'c', 'd'])
    expect(nearest('wrods', ['lines', 'words', 'word_length'])).toBe('words')
    expect(nearest('zzzzzzzzz', ['lines', 'words'])).toBeUndefined()
    expect(() => expressionsStep([{ name: 'few', drop: 'wrods < 50' }], ['lines', 'words'])).toThrow(
      /filter\.expressions\[0\]\.drop \(few\), character 1 .*the nearest is words, found "wrods"/,
    )
    for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty'])
      expect(() => expressionsStep([{ name: 'few', drop: `${name} < 50` }], ['lines', 'words'])).toThrow(
        new RegExp(`character 1 .*expected a statistic of an earlier step.*found "${name}"`),
      )
  })

  it('give value and threshold of a simple comparison, either way round', () => {
    expect(simple(parseExpression('words < 50'))).toEqual({ name: 'words', operator: '<', threshold: 50 })
    expect(simple(parseExpression('-2 <= balance'))).toEqual({ name: 'balance', operator: '>=', threshold: -2 })
    expect(simple(parseExpression('words < 50 && 1 < 2'))).toBeUndefined()
    expect(simple(parseExpression('words < lines'))).toBeUndefined()
  })
})

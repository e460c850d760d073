/**
 * What canaries of filtering are made of: texts written for this file, and the section with which a config plants some of its own.
 *
 * Each text shows one trait as far as a text can show it, so that any threshold that can drop something drops it.
 */
import * as z from 'zod'
import { ordinary, type Planted } from '../canary.ts'
import type { NamedFile } from '../files.ts'

/** Steps whose canaries a config may leave out. */
const steps = ['signals', 'badWords', 'pii', 'classifier', 'fluency', 'completeness', 'maths', 'modules', 'expressions'] as const
export type CanaryStep = (typeof steps)[number]

const plantSchema = z
  .strictObject({
    name: z.string().min(1).max(100).describe('What an error calls it'),
    text: z.string().optional(),
    path: z.string().optional().describe('A file with its text, relative to the config, where `text` does not say it'),
    kind: z.string().default('web'),
    type: z.string().optional(),
    url: z.string().optional(),
    language: z.string().optional(),
    meta: z.record(z.string(), z.string()).default({}),
    expect: z.enum(['keep', 'drop', 'edit']).describe('edit = it stays with another text'),
    rule: z.string().optional().describe('The rule that must drop it, as decisions name it; default: any'),
  })
  .refine(({ text, path }) => (text === undefined) !== (path === undefined), { message: 'expected one of text and path' })
  .describe('A document of yours that a run must judge so, before it judges any other')

export const canariesSchema = z
  .strictObject({
    plant: z.array(plantSchema).max(1000).default([]).describe('Documents of yours'),
    skip: z.array(z.enum(steps)).default([]).describe('Steps of which nothing is expected'),
  })
  .refine(({ plant }) => new Set(plant.map(({ name }) => name)).size === plant.length, { message: 'expected every name once' })
  .describe('What a run expects of its filter before it starts. No part of what the stage makes')

export type Canaries = z.output<typeof canariesSchema>

/** Files that the section names, for pipelines/files.ts. */
export const canaryFiles = ({ plant }: Canaries, place = 'canaries'): NamedFile[] =>
  plant.flatMap(({ path }, i) => (path === undefined ? [] : [{ place: `${place}.plant.${i}.path`, path }]))

/** A kind that no rule on texts judges, so that what happens to a document of it is the doing of other steps. */
export const bare = 'canary'

export const spam = `${'Best cheap watches online, buy cheap watches now! '.repeat(40)}\n`
export const menu = `${['Home', 'Shop', 'News', 'Cart', 'Log in', 'Contact'].join('\n')}\n`.repeat(12)
export const marks = `${'### *** --- ||| === >>> '.repeat(60)}\n`

export const source = `/** Sorts the lines of a text and leaves out those that occur twice. */
export function sortedLines(text: string): string[] {
  const lines = text.split('\\n').map(line => line.trimEnd())
  const seen = new Set<string>()
  for (const line of lines) {
    if (line.length > 0) seen.add(line)
  }
  return [...seen].sort((a, b) => a.localeCompare(b))
}

export function countWords(lines: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const line of lines) {
    for (const word of line.split(/\\s+/)) {
      counts.set(word, (counts.get(word) ?? 0) + 1)
    }
  }
  return counts
}
`

/** Every name is a letter and every space is gone, as a minifier leaves a program. */
export const minified = `${Array.from({ length: 400 }, (_, i) => `var a${i}=function(b,c){return b+c*${i}},d${i}=a${i}(${i},${i + 1});`).join('')}\n`

/** In Finnish: prose that only its language tells from what is wanted. */
export const finnish = `Lautta lähtee saarelle joka aamu seitsemältä, ja talvella se on usein ainoa ääni veden yllä. Useimmat matkustajat ovat kulkeneet sillä vuosia. He tietävät, missä tuuli on heikoin ja mikä penkeistä pysyy kuivana, kun meri tulee kaiteen yli. Kapteeni oppi reitin isältään, joka piti vihkoa jokaisen väylän syvyydestä ja veden väristä sen yllä.

Kun satama ruopattiin, puolet luvuista oli väärin kuukauden kuluessa. Hän mittasi ne uudelleen köydellä ja painolla, koska komentosillan laite oli tehty syvempiä paikkoja varten. Siihen meni suurin osa keväästä.
`

const page = (i: number): string => ordinary[i % ordinary.length] as string

/** Letters as they fall, in words of no language; `words` of them, all different. */
export function random(words: number): string {
  const letters = 'qxzjvkwpbg'
  const word = (n: number): string => {
    let text = ''
    for (let i = 0, state = n * 7919 + 13; i < 7; i++, state = (state * 48271) % 2147483647) text += letters[state % 10]
    return text
  }
  return Array.from({ length: words }, (_, i) => `${word(i + 1)}${i % 12 === 11 ? '.\n' : ''}`).join(' ')
}

/** The words of a page, every other one from its end. */
const shuffled = (text: string): string => {
  const words = text.split(/\s+/)
  return words.map((_, i) => (i % 2 ? words[words.length - i] : words[(i * 7) % words.length])).join(' ')
}

const notes = `# Notes on the oven

- The floor is of stone and holds its heat for six hours.
- The door is of oak and has to be wetted before each use.
- Ash goes to the garden, but not under the berries.

| what | for how long | how hot |
|---|---|---|
| rye bread | 70 minutes | 240 degrees |
| wheat bread | 40 minutes | 260 degrees |

Bread comes first, then what needs less heat: cakes, fruit and, over the night, beans in a closed pot.
`

export const formulas = `The length of the rope follows from the depth. If $d$ is the depth of the channel and $\\alpha$ the angle at which the rope hangs, then its length is $\\ell = d / \\cos\\alpha$, and a small error $\\Delta\\alpha$ changes it by about $d \\sin\\alpha / \\cos^2\\alpha$ times that error. With $d = 12$ metres and an angle of ten degrees this is less than the width of a hand, so she never corrected for it. When the wind was strong she took the mean of three readings, $\\bar\\ell = (\\ell_1 + \\ell_2 + \\ell_3) / 3$, and wrote down the largest difference beside it.
`

/** Documents that have little in common but that each is what many corpora want. */
export const good: readonly Planted[] = [
  ...ordinary.map((text, i) => ({ key: `an ordinary page, ${i + 1}`, text })),
  { key: 'a long page', text: ordinary.join('\n\n') },
  { key: 'notes with a list and a table', kind: 'markdown', text: notes },
  { key: 'a page with formulas', text: formulas },
  { key: 'a source file', kind: 'code', type: 'typescript', text: source },
]

/** Documents that hardly any corpus wants. */
export const bad: readonly Planted[] = [
  { key: 'random letters', text: random(120) },
  { key: 'a page with its words out of order', text: shuffled(page(0)) },
  { key: 'spam', text: spam },
  { key: 'a menu', text: menu },
  { key: 'a page without words', text: marks },
]

const links = (lines: number): string => Array.from({ length: lines }, (_, i) => `- [Story ${i}](https://example.org/${i})`).join('\n')

/** Reason of a rule on completeness -> a text that shows its trait in full. `count`: least lines, or brackets. */
export const incomplete: Record<string, (count: number) => string> = {
  incomplete_truncated: () => `${page(0)}\n\nThe older of the two notebooks has since been lost, and what it said of [...]`,
  incomplete_links: lines => links(lines + 2),
  incomplete_boilerplate: () =>
    'We use cookies to make this page better.\nAccept all cookies\nPrivacy policy\nLog in\nSubscribe\nAll rights reserved.',
  incomplete_link_bytes: () => `See https://example.org/${'tides/'.repeat(400)}`,
  incomplete_fragments: () => ['Red shoes', 'Twenty euro', 'In stock', 'Two left', 'Blue shoes', 'Ten euro', 'Sold out'].join('\n'),
  incomplete_end: () => `${page(1)} Then he went to the sea, to the mountains and`,
  incomplete_start: () => `and then the ferry left without him. ${page(2)}`,
  incomplete_fence: () => `${page(3)}\n\n\`\`\`\nlines of a program`,
  incomplete_brackets: brackets => `${page(0)} ${'(as he said '.repeat(brackets)}.`,
}

/** Reason of a rule on formulas -> a text with more than `least` formulas that shows its trait in full. */
export const badFormulas: Record<string, (least: number) => string> = {
  maths_broken: least => `${page(0)} ${Array.from({ length: least + 1 }, (_, i) => `$\\frac{a_{${i}}{b$`).join(' and then ')}.`,
  maths_soup: least => Array.from({ length: least + 40 }, (_, i) => `$x_{${i}} + y_{${i}} = z_{${i}}$`).join(' '),
  maths_repeated: least => `${page(1)} ${'so $a + b = c$ again '.repeat(least + 200)}.`,
  maths_stray: least => `${page(2)} ${Array.from({ length: least + 400 }, (_, i) => `\\alpha_${i} \\beta`).join(' ')}`,
}

const token = 'ghp_q7Xk2mZp9Lw4Rt8Vb3Nc6Hy1Jf5Gd0Sa7Uo2'

/** Kind of personal data -> one of its kind, that all definitions which know the kind find. Nobody has them. */
export const personal: Record<string, string> = {
  emails: 'keeper@harbour-of-the-bay.org',
  ips: '93.184.216.34',
  phones: '(212) 555-0123',
  cards: '4111 1111 1111 1111',
  secrets: token,
}

export const withPersonal = (what: string): string =>
  `${page(0)}\n\nWhoever finds the notebook is asked to tell us: ${what} is where we are reached.`
export const codeWithPersonal = (what: string): string => `${source}\n// Tell ${what} when this changes.\n`

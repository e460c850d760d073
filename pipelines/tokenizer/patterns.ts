/** The texts of native/tokenizer/patterns.md as regular expressions of Oniguruma (Hugging Face) and fancy-regex (tiktoken), and who writes them how. */
import type { Pattern } from '../../native/addon/tokenizer.ts'

const contraction = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
const spaces = String.raw`\s*[\r\n]+|\s+(?!\S)|\s+`

function cased(letters: { upper: string; lower: string }, rest: readonly string[]): string {
  const { upper, lower } = letters
  return [
    String.raw`[^\r\n\p{L}\p{N}]?${upper}*${lower}+${contraction}?`,
    String.raw`[^\r\n\p{L}\p{N}]?${upper}+${lower}*${contraction}?`,
    ...rest,
    String.raw` ?[^\s\p{L}\p{N}]+[\r\n/]*`,
    spaces,
  ].join('|')
}

const withoutHan = {
  upper: String.raw`[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]`,
  lower: String.raw`[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]`,
}
const withHan = { upper: String.raw`[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`, lower: String.raw`[\p{Ll}\p{Lm}\p{Lo}\p{M}]` }
const uncased = (numbers: string) =>
  [contraction, String.raw`[^\r\n\p{L}\p{N}]?\p{L}+`, numbers, String.raw` ?[^\s\p{L}\p{N}]+[\r\n]*`, spaces].join('|')

/** The regular expressions of each pattern, to be applied one after the other, each within the pieces of the one before. */
export const splitTexts: Record<Pattern, readonly [string, ...string[]]> = {
  millrace: [cased(withoutHan, [String.raw`\p{N}`, String.raw`\p{Han}`])],
  'millrace-run': [cased(withoutHan, [String.raw`\p{N}`, String.raw`\p{Han}+`])],
  gpt2: [String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`],
  cl100k: [uncased(String.raw`\p{N}{1,3}`)],
  o200k: [cased(withHan, [String.raw`\p{N}{1,3}`])],
  qwen2: [uncased(String.raw`\p{N}`)],
  'deepseek-v3': [
    String.raw`\p{N}{1,3}`,
    '[一-龥぀-ゟ゠-ヿ]+',
    [
      `[!"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_\`{|}~][A-Za-z]+`,
      String.raw`[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+`,
      String.raw` ?[\p{P}\p{S}]+[\r\n]*`,
      spaces,
    ].join('|'),
  ],
}

/** The texts of tiktoken 0.14, which cut every text as ours do: possessive, and with an alternative for white space at the end. */
export const tiktokenTexts: Partial<Record<Pattern, string>> = {
  gpt2: String.raw`'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s`,
  cl100k: String.raw`'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s`,
}

/** The pattern that these regular expressions are, if it is one of ours. */
export function patternOf(texts: readonly string[]): Pattern | undefined {
  for (const [pattern, ours] of Object.entries(splitTexts)) {
    if (ours.join('\0') === texts.join('\0')) return pattern as Pattern
    if (texts.length === 1 && tiktokenTexts[pattern as Pattern] === texts[0]) return pattern as Pattern
  }
  return undefined
}

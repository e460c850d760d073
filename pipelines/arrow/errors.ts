/** What a file that is not Arrow, or not Arrow as we read it, gives. A byte is wrong, so its kind is `input`. */
import { MillraceError } from '../errors.ts'

export class ArrowFormatError extends MillraceError {
  /** The file. */
  readonly path: string

  /** `where` is the place in the file: `footer`, `batch 3, column "text"`, …; `next` defaults to looking at the file's digest. */
  constructor(at: { expected: string; found: string; path: string; where: string; next?: string }) {
    super({
      code: 'ARROW_FORMAT',
      kind: 'input',
      expected: at.expected,
      found: at.found,
      where: `${at.path}: ${at.where}`,
      next: at.next ?? `check the file with \`millrace verify ${at.path}\`, or write it again`,
    })
    this.name = 'ArrowFormatError'
    this.path = at.path
  }
}

/**
 * Files of one repository to documents: before every file a comment line with its path, in the file's own syntax, so that the whole reads
 * like a listing of the repository. Whole files only.
 */

export interface RepositoryFile {
  /** 32 hex digits. */
  id: string
  path: string
  /** Language, as extract names it. */
  type: string
  text: Uint8Array
}

export interface Assembled {
  text: Uint8Array
  /** Where each file's own text lies: bytes from the beginning of `text`, the path line not included. */
  files: { id: string; offset: number; length: number }[]
}

const syntax: Record<string, readonly [string, string]> = {}
for (const [marks, languages] of [
  [
    ['# ', ''],
    'python ruby shell yaml toml r perl make cmake dockerfile elixir julia nix awk tcl powershell graphql bazel terraform coffeescript nim',
  ],
  [['-- ', ''], 'lua sql haskell ada elm vhdl agda idris lean'],
  [['% ', ''], 'tex erlang matlab prolog'],
  [['; ', ''], 'lisp clojure scheme racket asm'],
  [['<!-- ', ' -->'], 'markdown readme html vue svelte xml'],
  [['/* ', ' */'], 'css'],
  [['.. ', ''], 'restructuredtext'],
  [['" ', ''], 'vim'],
  [['! ', ''], 'fortran'],
  [['(* ', ' *)'], 'ocaml pascal'],
] as const)
  for (const language of languages.split(' ')) syntax[language] = marks

/** The comment line that names a file, with its LF. Control characters of a hostile name cannot end the line. */
export function pathLine(path: string, type: string): string {
  const [before, after] = syntax[type] ?? ['// ', '']
  return `${before}${path.replace(/\p{Cc}/gu, '?')}${after}\n`
}

/** Documents of at most `maxBytes`, in the files' order; a file that is larger alone stands alone. */
export function assemble(files: readonly RepositoryFile[], maxBytes: number): Assembled[] {
  const done: Assembled[] = []
  let pieces: Uint8Array[] = []
  let placed: Assembled['files'] = []
  let length = 0
  const finish = () => {
    if (placed.length) done.push({ text: Buffer.concat(pieces), files: placed })
    pieces = []
    placed = []
    length = 0
  }
  const add = (piece: Uint8Array) => {
    pieces.push(piece)
    length += piece.length
  }
  for (const file of files) {
    const head = Buffer.from(pathLine(file.path, file.type))
    const end = file.text.at(-1) === 10 ? '' : '\n'
    // An empty line between files, as between the parts of any text.
    const gap = placed.length ? 1 : 0
    if (placed.length && length + gap + head.length + file.text.length + end.length > maxBytes) finish()
    if (placed.length) add(Buffer.from('\n'))
    add(head)
    placed.push({ id: file.id, offset: length, length: file.text.length })
    add(file.text)
    if (end) add(Buffer.from(end))
  }
  finish()
  return done
}

/**
 * Patterns over keys: `*` and `?` stay inside a path component, `**` crosses them, `{a,b}` is a choice. A pattern without `/` is compared
 * with the last component. Our own, because `path.matchesGlob` is experimental and differs between Node versions: keys decide identity.
 */
export function compileGlob(pattern: string): RegExp {
  let out = ''
  let braces = 0
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i] as string
    if (c === '*') {
      if (pattern[i + 1] !== '*') {
        out += '[^/]*'
      } else if (pattern[i + 2] === '/') {
        out += '(?:[^/]+/)*'
        i += 2
      } else {
        out += '.*'
        i += 1
      }
    } else if (c === '?') out += '[^/]'
    else if (c === '{') {
      out += '(?:'
      braces += 1
    } else if (c === '}' && braces) {
      out += ')'
      braces -= 1
    } else if (c === ',' && braces) out += '|'
    else out += c.replace(/[\\^$.|+()[\]{}]/, '\\$&')
  }
  out += ')'.repeat(braces)
  return new RegExp(pattern.includes('/') || pattern === '**' ? `^(?:${out})$` : `(?:^|/)(?:${out})$`, 's')
}

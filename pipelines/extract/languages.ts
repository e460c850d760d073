/**
 * Files of a source tree that are read, and the language that each is written in.
 *
 * By name and extension only. Data (json, csv, xml, svg, lock files) is not read: it would outweigh the code. `.h` is called `c`: telling C
 * from C++ needs the content, and no later rule asks.
 */
const byLanguage: Record<string, string> = {
  ada: 'adb ads',
  agda: 'agda',
  asm: 'asm s',
  awk: 'awk',
  bazel: 'bzl bazel',
  c: 'c h',
  clojure: 'clj cljs cljc',
  cmake: 'cmake',
  coffeescript: 'coffee',
  cpp: 'cc cpp cxx c++ hh hpp hxx ipp inl',
  csharp: 'cs',
  css: 'css',
  cuda: 'cu cuh',
  d: 'd',
  dart: 'dart',
  elixir: 'ex exs',
  elm: 'elm',
  erlang: 'erl hrl',
  fortran: 'f f90 f95 f03 f08 for',
  fsharp: 'fs fsi fsx',
  gleam: 'gleam',
  glsl: 'glsl vert frag comp',
  go: 'go',
  graphql: 'graphql gql',
  groovy: 'groovy gradle',
  haskell: 'hs lhs',
  hlsl: 'hlsl',
  idris: 'idr',
  java: 'java',
  javascript: 'js mjs cjs jsx',
  julia: 'jl',
  kotlin: 'kt kts',
  lean: 'lean',
  less: 'less',
  lisp: 'lisp el',
  lua: 'lua',
  make: 'mk mak',
  markdown: 'md markdown',
  matlab: 'm',
  metal: 'metal',
  mlir: 'mlir',
  nim: 'nim',
  nix: 'nix',
  ocaml: 'ml mli',
  odin: 'odin',
  pascal: 'pas pp',
  perl: 'pl pm',
  php: 'php',
  powershell: 'ps1 psm1',
  prolog: 'pro',
  protobuf: 'proto',
  python: 'py pyi pyx',
  r: 'r',
  racket: 'rkt',
  restructuredtext: 'rst',
  ruby: 'rb rake gemspec',
  rust: 'rs',
  sass: 'sass scss',
  scala: 'scala sc sbt',
  scheme: 'scm ss sld',
  shell: 'sh bash zsh fish',
  solidity: 'sol',
  sql: 'sql',
  svelte: 'svelte',
  swift: 'swift',
  systemverilog: 'sv svh',
  tcl: 'tcl',
  terraform: 'tf hcl',
  tex: 'tex sty',
  thrift: 'thrift',
  toml: 'toml',
  typescript: 'ts tsx mts cts',
  verilog: 'v vh',
  vhdl: 'vhd vhdl',
  vim: 'vim',
  vue: 'vue',
  wgsl: 'wgsl',
  yaml: 'yaml yml',
  zig: 'zig',
}

const extensions = new Map(
  Object.entries(byLanguage).flatMap(([language, list]) => list.split(' ').map(extension => [extension, language] as const)),
)

const names = new Map([
  ['makefile', 'make'],
  ['gnumakefile', 'make'],
  ['dockerfile', 'dockerfile'],
  ['containerfile', 'dockerfile'],
  ['cmakelists.txt', 'cmake'],
  ['build', 'bazel'],
  ['rakefile', 'ruby'],
  ['gemfile', 'ruby'],
  ['jenkinsfile', 'groovy'],
  ['readme', 'markdown'],
  ['readme.txt', 'markdown'],
])

/** Written by package managers: as long as the code, and the same in every repository. */
const lockFiles = /(?:^|[.-])lock(?:file)?(?:\.(?:yaml|yml|toml|hcl))?$|^(?:pnpm-lock\.yaml|yarn\.lock|go\.sum|npm-shrinkwrap.*)$/

/** Language of a file of a tree, or undefined: not read. */
export function languageOf(key: string): string | undefined {
  const name = key.slice(key.lastIndexOf('/') + 1).toLowerCase()
  if (lockFiles.test(name)) return undefined
  const named = names.get(name)
  if (named) return named
  const dot = name.lastIndexOf('.')
  return dot > 0 ? extensions.get(name.slice(dot + 1)) : undefined
}

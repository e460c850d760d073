/**
 * What a file's path says of it: a copy of somebody else's work, built or written by a program, data, a licence.
 *
 * After the lists of linguist (vendor.yml, generated.rb) as far as they are about any repository; names of single libraries, of which linguist
 * knows hundreds, are left to deduplication. Names alone decide, so a folder that a project chose to call `vendor` is taken for one.
 */

export type PathClass = 'vendored' | 'built' | 'generated' | 'lock' | 'minified' | 'data' | 'licence'

const vendored =
  /(^|\/)(node_modules|bower_components|jspm_packages|web_modules|_?vendor(s|ed)?|(3rd|third)[-_]?party|extern(al)?[-_]?lib(s|raries)?|externals|thirdparty|godeps|carthage|pods|site-packages|dist-packages|\.?venv|\.yarn|flow-typed|deps)\/|(^|\/)(config\.(guess|sub)|configure|aclocal\.m4|ltmain\.sh|lt~?\w+\.m4|libtool\.m4|install-sh|depcomp|missing|gradlew(\.bat)?|mvnw(\.cmd)?)$/i

const built =
  /(^|\/)(dist|out|build\/(lib|dist|output)|_build|_static|htmlcov|target\/(debug|release|doc)|__pycache__|docs?\/(_?build|output|html|site)|[^/]+\.egg-info|[^/]+\.dist-info)\//i

const generated =
  /(_pb2(_grpc)?\.pyi?|_pb\.(js|ts|d\.ts)|\.pb\.(go|cc|h|c)|\.pb-c\.[ch]|\.designer\.(cs|vb)|\.g\.(dart|cs|ts)|\.freezed\.dart|(^|\/)zz_generated[^/]*|[._-]generated\.\w+|(^|\/)generated\.\w+|(lex|yacc)tab\.py|\.tab\.[ch]|_wrap\.(c|cxx|cpp)|\.feature\.cs|(^|\/)\.pnp\..*|\.(min|bundle)\.(js|css|mjs|cjs)\.map|\.map|\.snap|\.designer\.xml)$|(^|\/)(__generated__|__snapshots__|generated|autogen|bindgen[-_]bindings)\//i

const lock =
  /(^|[./-])lock(file)?(\.(yaml|yml|toml|hcl|json))?$|(^|\/)(package-lock\.json|pnpm-lock\.yaml|go\.sum|npm-shrinkwrap\.json|uv\.lock|poetry\.lock|cargo\.lock|composer\.lock)$/i

const minified = /[.-]min\.(js|css|mjs|cjs|html)$|(^|\/)(src-)?min(-[a-z]+)?\/[^?]*\.(js|css)$/i

const data =
  /\.(csv|tsv|dat|data|svg|ipynb_checkpoints|geojson|topojson|ndjson|jsonl|po|pot|pem|crt|cer|key|asc|sig|sum|log|out|aux|bbl|toc|idx|dic|aff|bdf|pfa|eps|ps|stl|obj|ply|plist|xcuserdata|pbxproj|map|eml|har|wat|mtx|arff|fasta|fa|fna|gff|vcf|pdb|xyz|sav|npy)$/i

/** JSON says how a project is built or what a format is; any other is data. */
const configuration =
  /(^|\/)(package|tsconfig[\w.-]*|jsconfig|composer|manifest|bower|deno|biome|angular|nx|lerna|turbo|rush|project|launch|tasks|settings|\.\w+rc|[\w.-]+\.(config|schema|conf)|schema|appsettings[\w.]*|devcontainer|renovate|vercel|firebase|openapi|swagger)\.json[c5]?$/i

const licence =
  /(^|\/)((un)?licen[cs]es?|copying|copyright|notice|patents|eula|legal|third[-_]?party[-_]?(notices?|licenses?))([-_.][\w.-]*)?$/i
const code = /\.(py|js|ts|go|rs|c|cc|cpp|h|java|rb|sh|pl|php|cs|kt|swift|scala)$/i

/** Folders that the user names are vendored too: `folders` are whole names, in small letters. */
export function classOfPath(key: string, folders: ReadonlySet<string> = new Set()): PathClass | undefined {
  if (vendored.test(key)) return 'vendored'
  if (
    folders.size &&
    key
      .toLowerCase()
      .split('/')
      .slice(0, -1)
      .some(folder => folders.has(folder))
  )
    return 'vendored'
  if (lock.test(key)) return 'lock'
  if (minified.test(key)) return 'minified'
  if (generated.test(key)) return 'generated'
  if (built.test(key)) return 'built'
  if (data.test(key)) return 'data'
  if (/\.json[c5]?$/i.test(key) && !configuration.test(key)) return 'data'
  if (licence.test(key) && !code.test(key)) return 'licence'
  return undefined
}

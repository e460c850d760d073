/**
 * What a report says, as numbers: `report-<digest>.json`, and all that the page and the terminal's summary show.
 *
 * Everything but `times`, `funnel[].cost` and `run.startedAt` is a function of the store's content: the same artifacts give the same facts.
 * null = not known (no journal) or no such thing (a tokenizer has no documents). Shares are 0 to 1, bytes are uncompressed Arrow buffers
 * unless said otherwise, losses are nats.
 */
export interface ReportFacts {
  version: 1
  run: RunFacts
  /** `wallSeconds`: from the run's begin to the journal's last word. */
  times: { writtenAt: string; wallSeconds: number | null }
  /** One row per step of the run, corpus first, in the order of the graph. */
  funnel: FunnelRow[]
  /** US dollars for an hour of one core, as the ledger reckons. */
  pricePerCoreHour: number
  /** null where the run has no filter stage that was made. */
  filter: FilterFacts | null
  warnings: Warning[]
  sources: SourceRow[]
  kinds: KindRow[]
  components: ComponentRow[]
  shards: ShardRow[]
  /** What reaches the shards: every component once, from the shortest rows that hold it. null before there are shards. */
  reached: { documents: number; tokens: number; readTokens: number; validationDocuments: number; validationTokens: number } | null
  samples: { dropped: DroppedSamples[]; kept: SampleDocument[]; duplicates: DuplicatePair[]; partial: boolean }
  /** null where the run has no tokenizer, or one of an earlier revision. */
  tokenizer: TokenizerFacts | null
  training: TrainingFacts | null
}

export interface TokenizerFacts {
  size: number
  pattern: string
  /** Added tokens of a given tokenizer that have no place. */
  dropped: string[]
  languages: TokenRow[]
  sources: TokenRow[]
  /** Of the documents in `read`. */
  components: TokenRow[]
  /** The documents whose ids were looked at; `all` where that is the whole corpus. */
  read: { documents: number; tokens: number; all: boolean }
  longest: TokenUse[]
  /** Of the merges' tokens those that no list in `read` has. */
  unused: { count: number; of: number; examples: TokenUse[] }
  texts: TokenText[]
}

/** `words` and `characters` are counted by language alone. */
export interface TokenRow {
  name: string
  documents: number
  tokens: number
  bytes: number
  words: number
  characters: number
}

export interface TokenUse {
  id: number
  text: string
  bytes: number
  uses: number
}

/** A text in its tokens; one that is not whole characters is written `\xNN`. */
export interface TokenText {
  name: string
  kind: string
  pieces: { id: number; text: string }[]
}

export interface RunFacts {
  id: string
  name: string
  config: string
  configDigest: string
  seed: number
  store: string
  startedAt: string
  inputFiles: number
  inputBytes: number
  /** Whether the run left a journal; without one, and where everything was reused, costs are not known. */
  journal: boolean
  unitsRun: number
  unitsReused: number
}

export interface FunnelRow {
  node: string
  stage: string
  fingerprint: string
  /** `reused`: this run did no unit of it. `missing`: the store has no manifest. */
  state: 'made' | 'reused' | 'missing'
  documents: { in: number | null; out: number | null }
  bytes: { in: number | null; out: number | null }
  tokens: { in: number | null; out: number | null }
  dropped: { rule: string; documents: number }[]
  quarantined: { code: string; records: number }[]
  kinds: { kind: string; in: number; out: number }[]
  units: { total: number; run: number; reused: number; failedAttempts: number }
  /** From the journal: of this run's units. `documentsPerSecond` by the clock from first start to last commit, only where none was reused. */
  cost: {
    cpuSeconds: number
    wallSeconds: number
    peakRss: number
    documentsPerSecond: number | null
    megabytesPerSecond: number | null
  } | null
  /**
   * What the artifact cost, whoever made its units: CPU of all threads, against the uncompressed bytes that the stage read (of a reader: the
   * files as they are pinned). null where that was not kept.
   */
  ledger: { cpuSeconds: number; bytesIn: number; coreHoursPerTerabyte: number | null; dollarsPerTerabyte: number | null } | null
}

/** Which definition judged, what its rules measured, what was edited. Histograms and edits are of a sample of batches. */
export interface FilterFacts {
  node: string
  definitions: { kind: string; profile: string; documents: number; rules: number; overridden: string[] }[]
  /** `cpuSeconds` of all units; null where they were not counted. */
  steps: { step: string; in: number; dropped: number; edited: number; refused: number; cpuSeconds: number | null }[]
  trained: TrainedModel[]
  histograms: Histogram[]
  edits: EditedSample[]
}

/** A model that the stage trained itself, and how it did on texts that were held back. */
export interface TrainedModel {
  model: 'classifier' | 'fluency'
  /** Where a classifier's labels come from. Weak ones know no more than the rules that kept a document. */
  labels: 'weak' | 'given' | null
  texts: number
  held: number
  /** Of the classifier: how many of them it labels rightly. */
  right: number | null
  /** Of the language model: of them, and of the same words out of order. */
  perplexity: number | null
  perplexityOutOfOrder: number | null
}

export interface Histogram {
  rule: string
  statistic: string
  profile: string
  drops: 'below' | 'above'
  threshold: number
  /** Edges of the first and last bin; values beyond count in those. */
  from: number
  to: number
  bins: number[]
  /** Documents in the bins that are on the side that goes. */
  failing: number
}

export interface EditedSample {
  id: string
  source: string
  key: string
  kind: string
  /** Stretches of lines that differ; null: the lines are gone. */
  changes: { before: string[]; after: string[] | null }[]
  more: number
}

export interface Warning {
  code: 'KIND_VANISHED' | 'COMPONENT_EMPTY' | 'NOTHING_HELD_OUT' | 'ROWS_DO_NOT_ADD_UP'
  where: string
  message: string
}

export interface SourceRow {
  source: string
  documents: { node: string; out: number }[]
}

export interface KindRow {
  kind: string
  documents: { node: string; out: number }[]
  textBytes: number | null
  tokens: number | null
}

/** Documents and tokens as `mix` counts them: for training each once, `readTokens` with every pass; tokens with bos and eos. */
export interface ComponentRow {
  component: string
  documents: number
  tokens: number
  reads: number
  readTokens: number
  passes: number
  validationDocuments: number
  validationTokens: number
  budget: number
}

export interface ShardRow {
  node: string
  fingerprint: string
  rowLength: number
  files: string[]
  fileBytes: number
  rows: number
  padding: number
  components: {
    component: string
    role: string
    passes: number
    documents: number
    tokens: number
    readTokens: number
    rows: number
    padding: number
  }[]
}

export interface SampleDocument {
  id: string
  source: string
  key: string
  kind: string
  url: string | null
  title: string | null
  /** The first characters, and how many there are in all. null: not read, the sample's budget was used up. */
  text: string | null
  characters: number | null
}

export interface DroppedSamples {
  node: string
  rule: string
  /** All of them; `documents` are the ones with the smallest ids of those read. */
  count: number
  documents: (SampleDocument & { value: number; threshold: number; partner: string | null; similarity: number | null })[]
}

export interface DuplicatePair {
  node: string
  rule: string
  similarity: number
  dropped: SampleDocument
  kept: SampleDocument
}

export interface TrainingFacts {
  parameters: number
  vocabulary: number
  steps: number
  tokens: number
  /** Means over `every` steps, so that there are at most some hundred. */
  every: number
  points: Point[]
  phases: PhaseFacts[]
  growth: { step: number; factor: number; parameters: number }[]
  decisions: Decision[]
  /** Shares of the mixture from a step on, as the log has them. */
  mixture: { step: number; phase: string; shares: Record<string, number>; reason: string }[]
  evaluations: Evaluation[]
  checkpoint: { node: string; path: string; sha256: string; content: string; bytes: number } | null
  tokenizer: { path: string; content: string } | null
  generated: { prompt: string; text: string }[]
  /** Why nothing was generated. */
  notGenerated: string | null
}

export interface Point {
  /** Of the last step in the mean, from 1; `tokens` read until then. */
  step: number
  tokens: number
  loss: number | null
  learningRate: number
  gradientNorm: number | null
  meanExperts: number | null
  balanceLoss: number | null
  maxBias: number | null
}

export interface PhaseFacts {
  name: string
  fromStep: number
  toStep: number
  rowLength: number
  tokens: number
  firstLoss: number | null
  lastLoss: number | null
  skippedUpdates: number
}

export interface Decision {
  node: string
  phase: string
  step: number
  verdict: string
  reason: string
  share: { components: string[]; before: number; after: number } | null
  guard: { component: string; lossPerToken: number; bound: number | null; allows: boolean }[]
}

export interface Evaluation {
  node: string
  /** Steps of the whole run before it. */
  step: number
  final: boolean
  all: EvaluationFigures
  components: (EvaluationFigures & { component: string })[]
  domains: (EvaluationFigures & { component: string; domain: string })[]
}

export interface EvaluationFigures {
  documents: number
  targets: number
  bytes: number
  perplexity: number
  bitsPerByte: number | null
  unigramPerplexity: number
  /** perplexity / unigramPerplexity */
  ratio: number
  expertMean: number
  expertStd: number
}

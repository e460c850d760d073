/**
 * The graph of training: initialize; per phase grow where the config says so, and per segment train, evaluate, decide; at the end one
 * evaluation of more rows. A pure function of the config and the corpus.
 *
 * Decisions change what segments read (the mixture log), not how many there are: phases are budgets. So every node, with its fingerprint,
 * is known before the first step, `plan` can show it, and a run that starts again finds what was committed.
 */
import type { Config } from '../config.ts'
import { vocabularyOf } from '../corpus.ts'
import { MillraceError } from '../errors.ts'
import { evaluate } from '../evaluate/index.ts'
import { type Node, nodeOf, type Parent } from '../graph.ts'
import { quantise } from '../loader/weights.ts'
import type { Stage } from '../stage.ts'
import { type Phase, stepsOf } from './config.ts'
import { decide, grow, initialize, train } from './index.ts'

export interface Step {
  id: string
  stage: string
  fingerprint: string
}

export interface TrainingRequest {
  config: Config
  /** Nodes of the corpus: `shard-<rowLength>`, `tokenize`, `tokenizer`, `mix`. */
  corpus: readonly Node[]
  /** Steps that are committed, in order. */
  done: readonly Step[]
  /** Text of a file role of a committed step: for policies that change the number of segments. None does. */
  read?(step: Step, role: string): Promise<string>
}

/** The node that comes after `done`, or undefined at the end. Throws TRAINING_STEPS where `done` is not how this config begins. */
export async function nextTraining({ config, corpus, done }: TrainingRequest): Promise<Node | undefined> {
  const nodes = trainingNodes(config, corpus)
  for (const [i, step] of done.entries()) {
    const node = nodes[i]
    if (node?.stage === step.stage && node.fingerprint === step.fingerprint) continue
    throw new MillraceError({
      code: 'TRAINING_STEPS',
      kind: 'config',
      expected: node ? `${node.id} (${node.stage}/${node.fingerprint}) as step ${i}` : `no more than ${nodes.length} steps`,
      found: `${step.id} (${step.stage}/${step.fingerprint})`,
      next: 'start the run again: what is committed under the same fingerprint is reused',
    })
  }
  return nodes[done.length]
}

/** All nodes of training, in order; none where the config has no phases. Throws TRAIN_CONFIG for what could never be trained. */
export function trainingNodes(config: Config, corpus: readonly Node[]): Node[] {
  const [first] = config.phases
  if (!first) return []
  const { model, optimizer, phases } = config
  if (!model) throw refused('a section `model`, since there are phases', 'none', 'model')
  for (const phase of phases) checkPhase(phase, corpus)
  const headless = model.mtp ? undefined : phases.find(phase => phase.mtpWeight)
  if (headless)
    throw refused(
      'model.mtp: 1, since the phase weighs the loss of its head',
      'a model without the head',
      `phases.${headless.name}.mtpWeight`,
    )
  const vocabulary = vocabularyOf(config)
  const nodes: Node[] = []
  const add = (stage: Stage, id: string, settings: unknown, parents: Record<string, Parent[]>): Node => {
    const own = stage.config.parse(settings)
    const node = nodeOf({ id, stage: stage.name, revision: stage.revision, config: own, seed: config.seed, parents }, stage.identity?.(own))
    nodes.push(node)
    return node
  }

  let checkpoint = add(initialize, 'initialize', { model, vocabulary, begin: beginOf(first) }, {})
  let log = checkpoint
  let firstStep = 0
  const evaluated: { node: Node; phase: string; step: number; rowLength: number }[] = []
  const evaluateNow = (id: string, { rowLength, ropeBase }: Phase, final: boolean) =>
    add(
      evaluate,
      id,
      { ...config.stages.evaluate, vocabulary, phase: { rowLength, ropeBase }, final },
      {
        weights: [from(checkpoint, 'weights')],
        ...shardsOf(corpus, rowLength),
        tokens: [from(find(corpus, 'tokenize'), 'tokens')],
        tokenizer: [from(find(corpus, 'tokenizer'), 'tokenizer')],
      },
    )
  for (const [p, phase] of phases.entries()) {
    const steps = stepsOf(phase)
    const next = phases[p + 1]
    const { name, rowLength, batchRows, segmentSteps, ramp } = phase
    const state = () => Object.fromEntries(['weights', 'optimizer', 'checkpoint'].map(role => [role, [from(checkpoint, role)]]))
    if (phase.grow) checkpoint = add(grow, `grow-${name}`, { factor: phase.grow }, state())
    for (let fromStep = 0, segment = 1; fromStep < steps; fromStep += segmentSteps, segment++) {
      const toStep = Math.min(steps, fromStep + segmentSteps)
      checkpoint = add(
        train,
        `train-${name}-${segment}`,
        { optimizer, phase: ratesOf(phase, steps), firstStep, fromStep, toStep },
        { ...state(), ...shardsOf(corpus, rowLength), log: [from(log, 'log')] },
      )
      const node = evaluateNow(`evaluate-${name}-${segment}`, phase, false)
      evaluated.push({ node, phase: name, step: firstStep + toStep, rowLength })
      const comparable = evaluated.filter(each => each.rowLength === rowLength)
      log = add(
        decide,
        `decide-${name}-${segment}`,
        {
          phase: { name, rowLength, batchRows, segmentSteps, steps, ...(ramp ? { ramp } : {}) },
          firstStep,
          step: toStep,
          history: comparable.map(each => ({ phase: each.phase, step: each.step })),
          ...(next && toStep === steps ? { next: beginOf(next) } : {}),
        },
        {
          log: [from(log, 'log')],
          evaluation: comparable.map(each => from(each.node, 'evaluation')),
          index: shardsOf(corpus, rowLength).index,
        },
      )
    }
    firstStep += steps
  }
  evaluateNow('evaluate-final', phases.at(-1) as Phase, true)
  return nodes
}

const from = ({ stage, fingerprint }: Node, role: string): Parent => ({ stage, fingerprint, role })

function shardsOf(corpus: readonly Node[], rowLength: number): { rows: Parent[]; index: Parent[] } {
  const shard = find(corpus, `shard-${rowLength}`)
  return { rows: [from(shard, 'rows')], index: [from(shard, 'index')] }
}

function find(corpus: readonly Node[], id: string): Node {
  const node = corpus.find(each => each.id === id)
  if (!node)
    throw new MillraceError({
      code: 'NO_NODE',
      kind: 'bug',
      expected: `node ${id} in the corpus`,
      found: corpus.map(each => each.id).join(', ') || 'none',
    })
  return node
}

const beginOf = ({ name, rowLength, batchRows, mixture }: Phase) => ({ name, rowLength, batchRows, mixture })

/** What a segment is told of its phase: nothing that only decisions read. */
function ratesOf(phase: Phase, steps: number): Record<string, unknown> {
  const { name, rowLength, batchRows, learningRate, endLearningRate, warmupTokens, ropeBase, biasRate, mtpWeight } = phase
  const rates = { name, rowLength, batchRows, learningRate, warmupTokens, ropeBase, biasRate, steps, ramp: phase.ramp !== undefined }
  return {
    ...rates,
    ...(endLearningRate === undefined ? {} : { endLearningRate }),
    ...(mtpWeight === undefined ? {} : { mtpWeight }),
  }
}

/** What would else fail in mid-run. */
function checkPhase({ name, mixture, ramp }: Phase, corpus: readonly Node[]): void {
  const where = `phases.${name}`
  const known = (corpus.find(each => each.id === 'mix')?.config as { components?: { name: string }[] } | undefined)?.components
  const names = Object.keys(mixture)
  const strange = known && names.find(each => !known.some(component => component.name === each))
  if (strange !== undefined)
    throw refused(`components of stages.mix (${known?.map(each => each.name).join(', ')})`, strange, `${where}.mixture`)
  const weights = quantise(mixture)
  if (!ramp) return
  const lost = ramp.components.find(each => !weights[each])
  if (lost !== undefined) throw refused('components with a weight in the mixture', lost, `${where}.ramp.components`)
  if (ramp.to < 1 && Object.keys(weights).every(each => ramp.components.includes(each)))
    throw refused('a component in the mixture that gives up its share', names.join(', '), `${where}.ramp.components`)
}

const refused = (expected: string, found: string, where: string) =>
  new MillraceError({ code: 'TRAIN_CONFIG', kind: 'config', expected, found, where, next: `mend ${where} in the config` })

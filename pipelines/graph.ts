/** A node of a run's graph: one stage with its config and parents. Its fingerprint is known before anything has run. */
import { fingerprint } from './identity.ts'

export interface Parent {
  stage: string
  fingerprint: string
  /** Role of the parent's artifact. */
  role: string
}

export interface Node {
  /** Unique in the run; the stage's name unless the stage occurs more than once (`shard-512`, `train-general-3`). */
  id: string
  stage: string
  revision: number
  config: unknown
  seed: number
  /** Input role of the stage -> where it comes from, in order. */
  parents: Record<string, readonly Parent[]>
  /** Digest of the pinned inputs that a `raw` or `evaluation` role reads. */
  inputs?: string
  /** How often quarantined records of this stage were tried again (`retryQuarantined`); absent = never. */
  epoch?: number
  fingerprint: string
}

/** The node with its fingerprint. Execution settings have no place here. `identity`: what of the config counts; default: all of it. */
export function nodeOf(node: Omit<Node, 'fingerprint'>, identity: unknown = node.config): Node {
  const parents = Object.fromEntries(
    Object.entries(node.parents).map(([role, list]) => [role, list.map(parent => `${parent.stage}/${parent.fingerprint}/${parent.role}`)]),
  )
  const named = {
    stage: node.stage,
    revision: node.revision,
    config: { ...(identity as object), seed: node.seed, ...(node.epoch ? { epoch: node.epoch } : {}) },
    parents: node.inputs ? { ...parents, inputs: [node.inputs] } : parents,
  }
  return { ...node, fingerprint: fingerprint(named) }
}

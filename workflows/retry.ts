/** The update `retryQuarantined`: when what runs has ended, the same is done again with quarantined records tried anew. */
import { ApplicationFailure, defineUpdate } from '@temporalio/workflow'
import type { OpenRequest, RunRef, RunRequest } from '../activities/run.ts'

/** Answers with the epoch that will be made. Asking twice before it has begun is asking once. */
export const retryQuarantined = defineUpdate<{ epoch: number }>('retryQuarantined')

export class Retries {
  #epoch: number
  #wanted: number

  constructor(first: number | undefined) {
    this.#epoch = this.#wanted = first ?? 0
  }

  get epoch(): number {
    return this.#epoch
  }

  get asked(): boolean {
    return this.#wanted > this.#epoch
  }

  ask = (): { epoch: number } => {
    this.#wanted = this.#epoch + 1
    return { epoch: this.#wanted }
  }

  /** Goes to the epoch that was asked for; false where none was. */
  take(): boolean {
    const asked = this.asked
    this.#epoch = this.#wanted
    return asked
  }
}

/** The request for the next round: the same config and inputs as the run before, whatever the file says by now. */
export function again(request: RunRequest, run: RunRef, next: { workflowRun: string; round: number; epoch: number }): OpenRequest {
  const { force: _done, ...rest } = request
  const { workflowRun, round, epoch } = next
  return { ...rest, retryQuarantined: epoch, workflowRun, after: { run: run.run, store: run.store, round } }
}

/** For a corpus that another workflow has opened: it would make a corpus that nobody reads. */
export const refuse = (parent: string | undefined): never => {
  throw ApplicationFailure.nonRetryable(`this corpus is part of ${parent ?? 'another workflow'}; send the update there`, 'NOT_OWNED')
}

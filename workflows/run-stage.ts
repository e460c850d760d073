/** Starts a stage as a child, or waits for it where another run is already making the same artifact. */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common'
import { ApplicationFailure, executeChild, ParentClosePolicy } from '@temporalio/workflow'
import type { NodeRef, RunRef } from '../activities/run.ts'
import type { ManifestRef } from '../activities/stage.ts'
import { patient } from './activities.ts'
import { stage } from './stage.ts'

export async function runStage(node: NodeRef, execution: RunRef['execution']): Promise<ManifestRef> {
  for (;;) {
    try {
      return await executeChild(stage, {
        workflowId: `stage/${node.stage}/${node.fingerprint}`,
        args: [{ node, execution }],
        parentClosePolicy: ParentClosePolicy.TERMINATE,
        staticSummary: node.id,
      })
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error
      const made = await patient.awaitStage(node)
      if (made) return made
      if (node.force)
        throw ApplicationFailure.nonRetryable(
          `another run is making ${node.stage}/${node.fingerprint}; force it when that run has ended`,
          'BUSY',
        )
    }
  }
}

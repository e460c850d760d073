/** The activities as workflows see them: types only, with the timeouts and retries that fit each. */
import { proxyActivities } from '@temporalio/workflow'
import type { Activities } from '../activities/index.ts'

const lasting = [
  'CONFIG',
  'DETERMINISM',
  'UNIT_FAILED',
  'QUARANTINE_RATIO',
  'CANARY',
  'SURVIVAL',
  'INPUT_CHANGED',
  'STORE_FULL',
  'STORE_UNWRITABLE',
  'STORE_REFUSED',
  'DISK_SPACE',
]

const retry = { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '30 seconds', nonRetryableErrorTypes: lasting }

/** Short steps: they read and write small objects. */
export const quick = proxyActivities<Activities>({
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: '60 seconds',
  retry: { ...retry, maximumAttempts: 20 },
})

/** What may wait for a minute without a word: hashing all inputs, waiting for another run's stage. */
export const patient = proxyActivities<Activities>({ startToCloseTimeout: '1 day', heartbeatTimeout: '60 seconds', retry })

/** Units, on the queue of machines with cores. A killed worker is noticed within the heartbeat timeout. */
export const units = (outageSeconds: number) =>
  proxyActivities<Activities>({
    taskQueue: 'millrace-cpu',
    startToCloseTimeout: '1 day',
    scheduleToCloseTimeout: outageSeconds * 1000 + 30 * 86_400_000,
    heartbeatTimeout: '8 seconds',
    retry,
  })

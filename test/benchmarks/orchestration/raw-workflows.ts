import { executeChild, ParentClosePolicy, proxyActivities } from '@temporalio/workflow'
import type { rawActivities } from './raw-activities.ts'

const { stage } = proxyActivities<typeof rawActivities>({ startToCloseTimeout: '1 minute' })

/** The plainest study: every configuration a child, so many at once, nothing recorded. */
export async function rawStudy(configurations: number, window: number): Promise<void> {
  await stage('prepare-dataset')
  await stage('pretrain-load')
  let begun = 0
  const lane = async () => {
    while (begun++ < configurations)
      await executeChild(rawConfiguration, { parentClosePolicy: ParentClosePolicy.TERMINATE })
  }
  await Promise.all(Array.from({ length: Math.min(window, configurations) }, lane))
}

/** The same stages as a configuration of ours. */
export async function rawConfiguration(): Promise<void> {
  await stage('fine-tune')
  await stage('checkpoint')
  await Promise.all(['clean', 'Linf', 'L2', 'L1', 'common'].map(stage))
  await stage('aggregate')
}

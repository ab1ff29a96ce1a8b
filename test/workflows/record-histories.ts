import { configurationWorkflowId } from '@gauntlet/contract'
import { configurationId } from '@gauntlet/study'
import { cell, cells } from './cells.fixture.ts'
import { FakeWork } from './fake-work.fixture.ts'
import { writeHistory } from './history-file.ts'
import { openHarness, startStudyWorkflow } from './workflow-harness.fixture.ts'

/*
 * Records the histories that `histories.test.ts` replays: `npm run record-histories --workspace @gauntlet/test`. Record
 * them again only when a workflow changes in a way that running studies need not survive; guard any other change with
 * `patched`.
 */

/**
 * One configuration diverges. Another one runs out of memory, then loses the network, and cannot be evaluated under one
 * perturbation.
 */
const failures: FakeWork['faultOf'] = ({ stage, seed, attempt, perturbation }) => {
  if (stage === 'fine-tune' && seed === 2) return { type: 'Diverged' }
  if (stage === 'fine-tune' && seed === 3 && attempt <= 2) return { type: attempt === 1 ? 'OutOfMemory' : 'Transient' }
  return seed === 3 && perturbation === 'L1' ? { type: 'InvalidInput' } : undefined
}

const work = new FakeWork(cells(3))
work.faultOf = failures
const harness = await openHarness()
await harness.run(work, async (client) => {
  const study = await startStudyWorkflow(client, { window: 2 })
  console.log('The study ended with', await study.result())
  const recorded = { study: study.workflowId, configuration: configurationWorkflowId(configurationId(cell(3))) }
  for (const [name, workflowId] of Object.entries(recorded)) {
    const history = await client.workflow.getHandle(workflowId).fetchHistory()
    writeHistory(name, history)
    console.log(`Recorded ${history.events?.length} events of a ${name}`)
  }
})
await harness.close()

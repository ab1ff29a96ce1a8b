import { openArtifactStore } from '@gauntlet/artifacts'
import { codeOfIdentity, type ReproduceAnswer, type ReproduceRequest } from '@gauntlet/contract'
import { answerOnce } from '../answer-once.ts'
import { StageBundles } from '../bundles/stage-bundles.ts'
import { descriptionOf } from '../describe.ts'
import { Device } from '../device.ts'
import { readDeviceSettings } from '../settings.ts'
import { reproduceNumber, type Surroundings } from './reproduce-number.ts'

/*
 * The process of `gauntlet reproduce`: it executes recorded stages again on the first device of this machine, in a
 * store of its own. It takes one request over IPC, answers after each number, and ends.
 */

answerOnce<ReproduceRequest, ReproduceAnswer>(async ({ code, numbers, artifacts, scratch }) => {
  const bundles = new StageBundles()
  const [variables] = readDeviceSettings(process.env).devices
  const device = new Device({ ...variables, GAUNTLET_ARTIFACTS: scratch }, await bundles.bundle('engine'))
  try {
    const ready = await device.start()
    const description = await descriptionOf([ready], bundles, [])
    const recorded = openArtifactStore(artifacts, process.env['GAUNTLET_CACHE'])
    const surroundings: Surroundings = {
      recorded,
      scratch: openArtifactStore(scratch),
      bundleOf: async (identity) =>
        code === 'current'
          ? { bundle: await bundles.bundle(codeOfIdentity(identity)), otherPackages: [] }
          : bundles.recorded(await recorded.read(identity.codeDigest)),
      run: (bundle, request, onProgress) => device.run(bundle, request, onProgress, new AbortController().signal),
    }
    for (const [index, number] of numbers.entries()) {
      const report = (done: number, stage: string, share: number) => ({ done, total: numbers.length, stage, share })
      const stages = await reproduceNumber(number, surroundings, (stage, share) =>
        send({ type: 'progress', ...report(index, stage, share) }),
      )
      const { environment, environmentClass, host } = description
      const remade = {
        measurementId: number.measurementId,
        stages,
        outcomes: stages.at(-1)!.generated['outcomes']!,
        device: ready.device,
        environment,
        environmentClass,
        host,
      }
      send({ type: 'progress', ...report(index + 1, 'perturb-and-evaluate', 1), remade })
    }
    return { type: 'done' }
  } finally {
    await device.stop()
  }
})

function send(message: ReproduceAnswer): void {
  process.send!(message)
}

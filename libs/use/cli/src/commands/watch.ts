import { followStudy, planStudy, timeLeft, type StudySnapshot } from '@gauntlet/client'
import { stageCodesOf, type StudyProgress } from '@gauntlet/contract'
import { openLedger, readAnnotations } from '@gauntlet/ledger'
import { openArtifactStore } from '@gauntlet/artifacts'
import { expandStudy, studyId, type Study } from '@gauntlet/study'
import type { Command } from 'commander'
import { annotationsLine } from '../print/annotations-line.ts'
import { lostWorkerNotice } from '../stack/lost-worker.ts'
import { LocalStack } from '../stack/local-stack.ts'
import { readCommandSettings } from '../settings.ts'
import { quoted } from '../print/quoted.ts'
import { progressDisplay } from '../print/show-progress.ts'
import { readNamedStudy, studyArgument } from '../read/read-study.ts'
import { summary } from './control.ts'
import { askWorkers } from '../stack/worker-description.ts'
import { askedPool, studyPlace } from '../stack/study-pools.ts'
import { connectTemporal } from '../stack/temporal.ts'
import { addressOfRunning } from '../stack/running-study.ts'

/** Snapshots in a row without an answer of Temporal, after which nothing is expected to restart it. */
const unansweredLimit = 20

export function addWatch(program: Command): void {
  program
    .command('watch')
    .description('follow a study that is running')
    .argument(...studyArgument)
    .option('--json', 'print one JSON snapshot a line')
    .action(async (named: string, { json }: { json?: boolean }) => {
      const { study } = await readNamedStudy(named)
      const ended = await watch(named, study, json === true)
      const results = `see npx gauntlet results ${study.name}`
      console.error(
        ended
          ? `The study has ended; ${results}.`
          : `Nothing runs here any more; ${results}, or go on with: npx gauntlet run ${quoted(named)}`,
      )
    })
}

/** Follows a study without starting anything. Resolves to whether the study was seen to end. */
async function watch(named: string, study: Study, json: boolean): Promise<boolean> {
  const settings = readCommandSettings()
  const stack = new LocalStack(settings)
  const address = addressOfRunning(stack, named)
  const { client, close } = await connectTemporal(address)
  const ledger = openLedger(await stack.databaseToRead())
  const store = openArtifactStore(settings.artifacts, settings.cache)
  const display = progressDisplay(json)
  const last: { snapshot?: StudySnapshot } = {}
  try {
    const { configurations, perturbations } = expandStudy(study)
    const pool = askedPool(await studyPlace(settings, ledger.db))
    const worker = await askWorkers(settings, stageCodesOf(configurations, perturbations), pool)
    const written = annotationsLine(await readAnnotations(ledger.db, studyId(study)))
    if (written && !json) console.error(`${study.name} · ${written}`)
    const estimate = timeLeft(() => planStudy(expandStudy(study), worker, ledger.db, store))
    const isAnswering = answersWithinLimit()
    const isNews = tellsNews()
    const lost = settings.temporalAddress ? () => undefined : lostWorkerNotice(settings.home)
    return await followStudy({
      client,
      studyId: studyId(study),
      timeLeft: estimate,
      onSnapshot(snapshot, secondsLeft) {
        display.show(snapshot, secondsLeft)
        if (snapshot.progress) last.snapshot = snapshot
        if (snapshot.progress && !json && isNews(snapshot.progress))
          display.say(summary(snapshot.progress, snapshot.slowest))
        const notice = snapshot.progress && lost()
        if (notice) display.say(notice)
        return isAnswering(snapshot)
      },
    })
  } finally {
    display.end()
    const { progress, slowest } = last.snapshot ?? {}
    if (progress && !json) console.error(summary(progress, slowest))
    await Promise.all([close(), ledger.close()])
  }
}

/**
 * Gives a function that is true until Temporal has not answered for `unansweredLimit` snapshots in a row: `run` may be
 * restarting it.
 */
function answersWithinLimit(): (snapshot: StudySnapshot) => Promise<boolean> {
  let unanswered = 0
  return ({ status }) => {
    unanswered = status === 'unreachable' ? unanswered + 1 : 0
    return Promise.resolve(unanswered < unansweredLimit)
  }
}

/** The pause between two summaries, in milliseconds. */
const newsEvery = 30_000

/**
 * Gives a function that is true for the first progress, and then where more groups of configurations have failed since,
 * now and then.
 */
function tellsNews(): (progress: StudyProgress) => boolean {
  let [told, toldAt] = ['', -Infinity]
  return ({ total, failures }) => {
    const news = JSON.stringify(failures.map(({ stage, failureClass, backbone }) => [stage, failureClass, backbone]))
    if (total === 0 || news === told || performance.now() - toldAt < newsEvery) return false
    ;[told, toldAt] = [news, performance.now()]
    return true
  }
}

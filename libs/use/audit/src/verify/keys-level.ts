import { measurementIdOf, perturbationKey, type AuditedExecution, type AuditedGrid } from '@gauntlet/ledger'
import {
  canonicalJson,
  configurationId,
  digestOf,
  evaluatorLabel,
  expandStudy,
  parseStudy,
  stageKey,
  studyId,
  StudyFileInvalid,
  type Configuration,
  type Digest,
  type Expansion,
  type Perturbation,
} from '@gauntlet/study'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { agreementOf, expectedIdentity, type Agreement } from './expected-identity.ts'
import { Links, type Level, type LevelContext } from './level.ts'
import type { StudyRecord } from './study-record.ts'
import { executionSubject, measurementSubject } from './subjects.ts'

/** Steps between two reports. */
const together = 500

/**
 * Every id and key is the digest of what its row says, and every stage behind a number is the one that the number's
 * configuration asks for: no number hangs on another configuration, perturbation or study than it says.
 */
export const keysLevel: Level = {
  name: 'keys',
  claim: 'every id and stage key follows from what it stands for',
  async check(record, context) {
    const links = new Links()
    checkGrid(record.grid, links)
    checkEnvironments(record, links)
    checkBridges(record, links)
    const fits = new Fits()
    checkAskers(record, fits, links)
    const advance = steps(record.executions.size + record.measurements.length, context)
    for (const execution of record.executions.values()) {
      const isKey = stageKey(execution.identity) === execution.stageKey
      links.judge(executionSubject(execution), isKey ? null : 'has another key than its identity gives')
      await advance()
    }
    const cells = configurationChecks(record, fits, links)
    for (const measurement of record.measurements) {
      const { configuration, perturbation } = cells.cellOf(measurement)
      const isId = measurementIdOf(measurement) === measurement.id
      links.judge(measurementSubject(measurement, record), isId ? null : 'has another id than its row gives')
      const evaluation = record.executions.get(measurement.stageKey)
      if (evaluation?.identity.stage === 'perturb-and-evaluate') cells.check(evaluation, configuration, perturbation)
      await advance()
    }
    return links.report()
  },
}

/** Counts steps, and now and then reports them, lets others have a turn, and stops where it is told to. */
function steps(total: number, { report, signal }: LevelContext): () => Promise<void> {
  let done = 0
  return async () => {
    done += 1
    if (done % together !== 0) return
    report(done, total)
    await nextTurn()
    signal.throwIfAborted()
  }
}

function checkEnvironments({ environments }: StudyRecord, links: Links): void {
  for (const [environmentClass, document] of environments) {
    if (document === null) links.attested('An environment was never described; its class is attested.')
    else {
      const isDigest = digestOf(document) === environmentClass
      links.judge(`environment ${environmentClass}`, isDigest ? null : 'is not the digest of its description')
    }
  }
}

/** That bridges lead to the stages that their keys name, and rest on reproductions of the same bytes. */
function checkBridges({ bridges, executions }: StudyRecord, links: Links): void {
  for (const { id, stages, evidence } of bridges) {
    const isBorne =
      evidence.length > 0 && evidence.every((one) => one.code === 'current' && one.verdict === 'same-bytes')
    links.judge(`bridge ${id}`, isBorne ? null : 'does not rest on reproductions that ended in the same bytes')
    for (const { stageKey: key, codeDigest, recordedKey } of stages) {
      const recorded = executions.get(recordedKey)
      if (!recorded) continue // behind no number
      const leads = stageKey({ ...recorded.identity, codeDigest }) === key
      links.judge(`bridge ${id}`, leads ? null : `leads from ${key} to another stage than its code gives`)
    }
  }
}

/** The study's id, its file, its configurations, perturbations and exclusions. */
function checkGrid(grid: AuditedGrid, links: Links): void {
  checkStudy(grid, links)
  for (const { id, position: _, document, ...columns } of grid.configurations) {
    const { dataset, backbone, loss, protocol, seed } = document
    const said = { dataset: dataset.id, backbone: backbone.id, loss, protocol: protocol.id, seed }
    const problem =
      configurationId(document) !== id
        ? 'is not the digest of its document'
        : otherColumn(columns as Record<string, unknown>, said)
    links.judge(`configuration ${id}`, problem)
  }
  for (const { key, position: _, document, ...columns } of grid.perturbations) {
    const epsilon = 'epsilon' in document ? document.epsilon : null
    const said = { name: document.name, epsilon, evaluator: evaluatorLabel(document) }
    const problem =
      perturbationKey(document) !== key
        ? 'is not the digest of its document'
        : otherColumn(columns as Record<string, unknown>, said)
    links.judge(`perturbation ${key}`, problem)
  }
}

function otherColumn(columns: Record<string, unknown>, said: Record<string, unknown>): string | null {
  const name = Object.keys(said).find((column) => columns[column] !== said[column])
  return name ? `says ${name} ${String(columns[name])} and its document ${String(said[name])}` : null
}

function checkStudy(grid: AuditedGrid, links: Links): void {
  const subject = `study ${grid.id} (${grid.name})`
  let expansion: Expansion
  try {
    const study = parseStudy(grid.file, `${grid.name}.study.yaml`)
    if (studyId(study) !== grid.id || study.name !== grid.name)
      return links.missing(subject, 'has another id or name than its file gives')
    expansion = expandStudy(study)
  } catch (error) {
    if (!(error instanceof StudyFileInvalid)) throw error
    return links.missing(subject, 'has a file that this version of Gauntlet cannot read')
  }
  links.proved()
  links.judge(`grid of ${subject}`, gridProblem(grid, expansion))
}

/** Where the rows of a grid are not those that the study's file expands to. */
function gridProblem(grid: AuditedGrid, expansion: Expansion): string | null {
  const isListed = (rows: readonly { readonly position: number }[]) => rows.every(({ position }, i) => position === i)
  const same = <Row>(rows: readonly Row[], expected: readonly Row[]) => canonicalJson(rows) === canonicalJson(expected)
  const configurations = grid.configurations.map(({ id }) => id)
  const perturbations = grid.perturbations.map(({ key }) => key)
  const exclusions = grid.exclusions.map(({ cell, reason }) => ({ cell, reason }))
  if (!isListed(grid.configurations) || !same(configurations, expansion.configurations.map(configurationId)))
    return 'lists other configurations, or another order of them, than its file expands to'
  if (!isListed(grid.perturbations) || !same(perturbations, expansion.perturbations.map(perturbationKey)))
    return 'lists other perturbations, or another order of them, than its file expands to'
  const excluded = expansion.exclusions.map(({ cell, reason }) => ({ cell: { ...cell }, reason }))
  if (!isListed(grid.exclusions) || canonicalJson(exclusions) !== canonicalJson(excluded))
    return 'lists other exclusions than its file has'
  return null
}

/** Compares the stages behind numbers with the configurations of the numbers; each pair once. */
function configurationChecks({ grid, producers }: StudyRecord, fits: Fits, links: Links) {
  const configurations = new Map(grid.configurations.map(({ id, document }) => [id, document]))
  const perturbations = new Map(grid.perturbations.map(({ key, document }) => [key, document]))
  const checked = new Map<AuditedExecution, Set<Configuration>>()
  const check = (
    execution: AuditedExecution,
    configuration: Configuration,
    perturbation: Perturbation | null,
  ): void => {
    const own = checked.get(execution) ?? new Set()
    checked.set(execution, own)
    if (own.has(configuration)) return
    own.add(configuration)
    judgeFit(execution, fits.of(execution, configuration, perturbation), configuration, links)
    for (const [role, digest] of Object.entries(execution.identity.inputs)) {
      // Equal bytes may have been made for other configurations too; one producer that fits is enough.
      const makers = producers.get(`${digest} ${role}`) ?? []
      const agreeing = (wanted: true | null) =>
        makers.find((maker) => fits.of(maker, configuration, null).agrees === wanted)
      const best = agreeing(true) ?? agreeing(null) ?? makers[0]
      if (best) check(best, configuration, null)
    }
  }
  return {
    check,
    cellOf: ({ configurationId: id, perturbationKey: key }: { configurationId: Digest; perturbationKey: Digest }) => ({
      configuration: configurations.get(id)!,
      perturbation: perturbations.get(key)!,
    }),
  }
}

/** Checks that each stage is one which the configuration that is said to have asked for it first asks for. */
function checkAskers({ grid, measurements, executions }: StudyRecord, fits: Fits, links: Links): void {
  const configurations = new Map(grid.configurations.map(({ id, document }) => [id, document]))
  const measured = new Set(measurements.map(({ stageKey: key, configurationId: id }) => `${key} ${id}`))
  for (const execution of executions.values()) {
    const { configurationId: id, stageKey: key, identity } = execution
    const asker = configurations.get(id ?? '')
    if (!asker) continue // Many share it, or a configuration of another study asked first.
    const isAsked =
      identity.stage === 'perturb-and-evaluate'
        ? measured.has(`${key} ${id}`)
        : fits.of(execution, asker, null).agrees !== false
    links.judge(executionSubject(execution), isAsked ? null : `is no stage of configuration ${id}, which asked for it`)
  }
}

/** How executions agree with configurations; each pair is compared once. */
class Fits {
  readonly #known = new Map<AuditedExecution, Map<Configuration, Agreement>>()

  of(execution: AuditedExecution, configuration: Configuration, perturbation: Perturbation | null): Agreement {
    const own = this.#known.get(execution) ?? new Map<Configuration, Agreement>()
    this.#known.set(execution, own)
    const known = own.get(configuration)
    if (known) return known
    const expected = expectedIdentity(execution.identity, configuration, perturbation)
    const agreement = agreementOf(execution.identity, expected)
    own.set(configuration, agreement)
    return agreement
  }
}

function judgeFit(execution: AuditedExecution, agreement: Agreement, configuration: Configuration, links: Links): void {
  if (agreement.agrees) return links.proved()
  const { stage } = execution.identity
  if (agreement.agrees === null)
    return links.attested(
      `Another version of Gauntlet named the parameters of ${stage}; that they are those of the configuration is attested.`,
    )
  const { field, recorded, expected } = agreement
  links.missing(
    executionSubject(execution),
    `is not what configuration ${configurationId(configuration)} asks for: ${field} is ${canonicalJson(recorded)} instead of ${canonicalJson(expected)}`,
  )
}

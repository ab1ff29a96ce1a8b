import { join } from 'node:path'
import type { ZipSource } from '@gauntlet/files'
import type { FactOf } from '@gauntlet/ledger'
import { measurementStatement, provenanceStatement, publicPem, wrapStatement, type SigningKey } from '@gauntlet/seals'
import { Spool } from './spool.ts'
import { successOf, type StageGroup } from './stage-group.ts'

/**
 * Statements about every execution and every number, in envelopes of DSSE, one a line: a bundle of in-toto
 * attestations. Without a key they are unsigned.
 */
export class Attestations {
  readonly #executions: Spool
  readonly #measurements: Spool

  constructor(
    folder: string,
    private readonly signer: SigningKey | null,
  ) {
    this.#executions = new Spool(join(folder, 'executions.intoto.jsonl'))
    this.#measurements = new Spool(join(folder, 'measurements.intoto.jsonl'))
  }

  addStage(group: StageGroup): void {
    const { execution, fulfilment } = group
    if (!fulfilment || Object.keys(fulfilment.generated).length === 0) return
    const success = successOf(group)
    const { startedAt = null, endedAt = null, worker = null } = success ?? {}
    const statement = provenanceStatement({ ...execution, ...fulfilment, startedAt, endedAt, worker })
    this.#write(this.#executions, wrapStatement(statement, this.signer))
  }

  addMeasurement({ kind: _kind, flags: _flags, recordedAt: _at, ...measurement }: FactOf<'measurement'>): void {
    this.#write(this.#measurements, wrapStatement(measurementStatement(measurement), this.signer))
  }

  close(): void {
    this.#executions.close()
    this.#measurements.close()
  }

  members(): ZipSource[] {
    const signer = this.signer
    return [
      this.#executions.member('attestations/executions.intoto.jsonl'),
      this.#measurements.member('attestations/measurements.intoto.jsonl'),
      ...(signer ? [{ name: 'attestations/public-key.pem', content: Buffer.from(publicPem(signer)) }] : []),
    ]
  }

  #write(spool: Spool, envelope: object): void {
    spool.write(`${JSON.stringify(envelope)}\n`)
  }
}

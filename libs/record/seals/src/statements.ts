import type { ArtifactReference, Digest, Json } from '@gauntlet/study'

/** The predicate of a statement about a number. */
const measurementType = 'urn:gauntlet:measurement/v1'

/** An execution as a statement about it says it. */
export interface AttestedExecution {
  readonly stageKey: Digest
  readonly stage: string
  readonly parameters: Json
  readonly seed: number
  readonly codeDigest: Digest
  readonly environmentClass: Digest
  readonly used: Readonly<Record<string, ArtifactReference>>
  readonly generated: Readonly<Record<string, ArtifactReference>>
  /** ISO 8601; null where no attempt is known. */
  readonly startedAt: string | null
  readonly endedAt: string | null
  readonly worker: string | null
}

/** A number as a statement about it says it. */
export interface AttestedMeasurement {
  readonly id: Digest
  readonly configurationId: Digest
  readonly perturbationKey: Digest
  readonly stageKey: Digest
  readonly outcomesDigest: Digest
  readonly evaluator: string
  readonly correct: number
  readonly total: number
}

/**
 * The provenance of what an execution made, as an in-toto Statement v1 with SLSA Provenance v1 (slsa.dev/spec/v1.0).
 * External parameters are the parameters and the seed; resolved dependencies are the code and every input.
 */
export function provenanceStatement(execution: AttestedExecution): Json {
  const { stageKey, stage, parameters, seed, codeDigest, environmentClass, used, generated } = execution
  const { startedAt, endedAt, worker } = execution
  const inputs = Object.entries(used).filter(([, { digest }]) => digest !== codeDigest)
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: Object.entries(generated).map(([role, artifact]) => resource(role, artifact.digest)),
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: `urn:gauntlet:stage/v1:${stage}`,
        externalParameters: { parameters, seed },
        internalParameters: { environmentClass },
        resolvedDependencies: [
          resource('code', codeDigest),
          ...inputs.map(([role, artifact]) => resource(role, artifact.digest)),
        ],
      },
      runDetails: {
        builder: { id: `urn:gauntlet:worker:${encodeURIComponent(worker ?? 'unknown')}` },
        metadata: {
          invocationId: `urn:gauntlet:stage:${stageKey}`,
          ...(startedAt === null ? {} : { startedOn: startedAt }),
          ...(endedAt === null ? {} : { finishedOn: endedAt }),
        },
      },
    },
  }
}

/** What a number is and what it was counted from, as an in-toto Statement v1 about the outcomes. */
export function measurementStatement(measurement: AttestedMeasurement): Json {
  const { outcomesDigest, ...predicate } = measurement
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [resource('outcomes', outcomesDigest)],
    predicateType: measurementType,
    predicate,
  }
}

function resource(name: string, sha256: Digest) {
  return { name, digest: { sha256 } }
}

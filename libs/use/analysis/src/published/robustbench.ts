import { tableInvalid } from './table-invalid.ts'

/** A model of RobustBench's leaderboard: claimed, not measured here. */
export interface RobustBenchModel {
  /** The id of the model zoo, such as Engstrom2019Robustness. */
  readonly id: string
  readonly dataset: string
  /** Linf, L2 or corruptions. */
  readonly threat: string
  /** As written, such as 8/255; null where the threat has none. */
  readonly epsilon: string | null
  readonly architecture: string
  readonly venue: string
  readonly link: string
  /** In [0, 1]. */
  readonly clean: number
  /**
   * In [0, 1]: the accuracy under AutoAttack, or under a stronger external attack where the entry knows one, which is
   * what the leaderboard ranks by; under `corruptions` the accuracy on the corrupted images.
   */
  readonly robust: number
  /** RobustBench's own flag: AutoAttack's number is not to be trusted. Null where the entry does not say. */
  readonly unreliable: boolean | null
}

const threats = ['Linf', 'L2', 'corruptions']

/**
 * One entry of RobustBench's model_info (github.com/RobustBench/robustbench, 78fcc9e4). `path` ends in
 * <dataset>/<threat>/<id>.json, because the document itself does not say its threat model. Throws
 * PublishedTableInvalid.
 */
export function parseRobustBench(text: string, path: string): RobustBenchModel {
  const [dataset, threat, file] = path.split('/').slice(-3)
  if (!file?.endsWith('.json') || !threats.includes(threat!))
    throw refusal(path, `its path does not end in <dataset>/<${threats.join(' or ')}>/<model>.json`)
  const entry = documentOf(text, path)
  const accuracy = (field: string) => accuracyOf(entry[field], field, path)
  const claimed = threat === 'corruptions' ? accuracy('corruptions_acc') : accuracy('autoattack_acc')
  const external = threat === 'corruptions' ? null : accuracy('external')
  const clean = accuracy('clean_acc')
  if (clean === null) throw refusal(path, 'it has no clean_acc')
  if (claimed === null)
    throw refusal(path, `it has no ${threat === 'corruptions' ? 'corruptions_acc' : 'autoattack_acc'}`)
  return {
    id: file.slice(0, -'.json'.length),
    dataset: dataset!,
    threat: threat!,
    epsilon: typeof entry['eps'] === 'string' && threat !== 'corruptions' ? entry['eps'] : null,
    architecture: String(entry['architecture'] ?? ''),
    venue: String(entry['venue'] ?? '').replaceAll(/<[^>]*>/g, ' '),
    link: String(entry['link'] ?? ''),
    clean,
    robust: external === null ? claimed : Math.min(claimed, external),
    unreliable: typeof entry['unreliable'] === 'boolean' ? entry['unreliable'] : null,
  }
}

function documentOf(text: string, path: string): Record<string, unknown> {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    throw refusal(path, 'it is not JSON')
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    throw refusal(path, 'it is not an object')
  return document as Record<string, unknown>
}

/** A percentage, which the entries write as text; null where there is none. */
function accuracyOf(written: unknown, field: string, path: string): number | null {
  if (written === undefined || written === null || written === '') return null
  const percent = typeof written === 'string' || typeof written === 'number' ? Number(written) : Number.NaN
  if (percent >= 0 && percent <= 100) return percent / 100
  throw refusal(path, `its ${field} is ${JSON.stringify(written)}, which is no percentage`)
}

function refusal(path: string, reason: string) {
  return tableInvalid(null, `${path} is no entry of RobustBench's model_info: ${reason}.`)
}

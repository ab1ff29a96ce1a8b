import type { SourceRevision } from '@gauntlet/contract'
import { execFileSync } from 'node:child_process'

/** The commit the sources stand at and whether the tree differs from it; a copy without git says so by `null`. */
export function sourceRevision(): SourceRevision {
  const git = (...args: string[]) =>
    execFileSync('git', args, {
      cwd: import.meta.dirname,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  try {
    return { commit: git('rev-parse', 'HEAD'), dirty: git('status', '--porcelain', '--untracked-files=normal') !== '' }
  } catch {
    return { commit: null, dirty: true }
  }
}

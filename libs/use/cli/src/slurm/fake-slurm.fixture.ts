import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { vi } from 'vitest'

/*
 * Commands that stand for those of SLURM. Jobs are lines `<job>_<element>|<state>|<start>|<name>` of a file. As with
 * SLURM, the options of sbatch come before the lines of the script, and the last of equal options counts.
 */
const commands = {
  sbatch: `echo "$*" >> "$FAKE_SLURM/calls"
for each in "$@"; do
  case $each in
    --test-only) exit 0 ;;
    --array=1-*) elements=\${each#--array=1-} ;;
    --job-name=*) name=\${each#--job-name=} ;;
  esac
  script=$each
done
: "\${name:=$(sed -n 's/^#SBATCH --job-name=//p' "$script")}"
limit=$(cat "$FAKE_SLURM/limit" 2>/dev/null || echo 1000)
if [ $(($(grep -c . "$FAKE_SLURM/jobs") + elements)) -gt "$limit" ]; then
  echo 'sbatch: error: QOSMaxSubmitJobPerUserLimit' >&2
  exit 1
fi
job=$(($(cat "$FAKE_SLURM/last") + 1))
echo $job > "$FAKE_SLURM/last"
element=1
while [ $element -le "$elements" ]; do
  echo "\${job}_$element|PENDING|N/A|$name" >> "$FAKE_SLURM/jobs"
  element=$((element + 1))
done
echo $job`,
  scancel: `for id in "$@"; do sed -i "/^$id|/d" "$FAKE_SLURM/jobs"; done`,
  squeue: `for each in "$@"; do
  case $each in
    --name=*) name=\${each#--name=} ;;
    --states=all) all=1 ;;
  esac
done
awk -F'|' -v name="$name" -v all="$all" \\
  '$4 == name && (all || $2 ~ /^(PENDING|RUNNING|COMPLETING)$/) { print $1 "|" $2 "|" $3 }' "$FAKE_SLURM/jobs"`,
}

/** A cluster that takes jobs and never runs them by itself, for the rest of a test. */
export class FakeSlurm {
  constructor(private readonly folder: string) {
    mkdirSync(folder, { recursive: true })
    for (const [name, text] of Object.entries(commands))
      writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
    writeFileSync(join(folder, 'jobs'), '')
    writeFileSync(join(folder, 'last'), '100')
    vi.stubEnv('FAKE_SLURM', folder)
    vi.stubEnv('PATH', `${folder}:${process.env.PATH}`)
  }

  /** Refuses what would make more jobs than so many. */
  set limit(jobs: number) {
    writeFileSync(join(this.folder, 'limit'), String(jobs))
  }

  /** Ids of the jobs that SLURM knows. */
  get jobs(): string[] {
    return this.lines.map((line) => line.split('|')[0]!)
  }

  /** What sbatch was called with, one call an entry. */
  get submissions(): string[] {
    const file = join(this.folder, 'calls')
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
  }

  /** Gives all jobs a state; forgets them where it is null, as SLURM does some time after they have ended. */
  become(state: 'RUNNING' | 'FAILED' | 'CANCELLED' | null): void {
    const became = `|${state}|${new Date().toISOString()}|`
    const lines = state === null ? [] : this.lines.map((line) => line.replace(/\|.*\|/, became))
    writeFileSync(join(this.folder, 'jobs'), lines.map((line) => `${line}\n`).join(''))
  }

  private get lines(): string[] {
    return readFileSync(join(this.folder, 'jobs'), 'utf8').split('\n').filter(Boolean)
  }
}

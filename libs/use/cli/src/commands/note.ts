import { isStudyPath, readStudy } from '@gauntlet/client'
import { annotateStudy, findStudy, readAnnotations, type LedgerDatabase } from '@gauntlet/ledger'
import { annotationProblem, studyId, type Digest, type StudyAnnotations } from '@gauntlet/study'
import type { Command } from 'commander'
import { annotationsLine } from '../print/annotations-line.ts'
import { Misuse } from '../command-failed.ts'
import { withLedger } from '../stack/local-ledger.ts'

interface NoteOptions {
  readonly owner?: string
  readonly label?: readonly string[]
  readonly unlabel?: readonly string[]
  readonly text?: string
  readonly json?: boolean
}

const several = (label: string, before: readonly string[] = []) => [...before, label]

export function addNote(program: Command): void {
  program
    .command('note')
    .description('write down the owner, labels and notes of a study, which change no key, or print them')
    .argument('<study>', 'name or id of a study that has run, or the path of its file')
    .option('--owner <name>', 'who answers for it; an empty text removes it')
    .option('--label <label>', 'a word to find it by; may be given several times', several)
    .option('--unlabel <label>', 'a label to remove; may be given several times', several)
    .option('--text <notes>', 'what people should know of it; an empty text removes it')
    .option('--json', 'print JSON')
    .action(async (named: string, options: NoteOptions) => {
      await withLedger(async ({ db }) => {
        const id = await idOf(db, named)
        const given = changes(options, (await readAnnotations(db, id)).labels)
        const problem = annotationProblem({ ...given, owner: given.owner || 'nobody' })
        if (problem) throw new Misuse(problem)
        await annotateStudy(db, id, given)
        const written = await readAnnotations(db, id)
        console.log(options.json ? JSON.stringify({ id, ...written }, null, 2) : render(id, written))
      })
    })
}

function render(id: Digest, written: Awaited<ReturnType<typeof readAnnotations>>): string {
  return `${id.slice(0, 12)}: ${annotationsLine(written) ?? 'nobody has written anything about it.'}`
}

async function idOf(db: LedgerDatabase, named: string): Promise<Digest> {
  return (await findStudy(db, isStudyPath(named) ? studyId(readStudy(named).study) : named)).id
}

function changes({ owner, label = [], unlabel = [], text }: NoteOptions, before: readonly string[]): StudyAnnotations {
  const labels = [...new Set([...before, ...label])].filter((each) => !unlabel.includes(each))
  return {
    ...(owner === undefined ? {} : { owner }),
    ...(label.length + unlabel.length === 0 ? {} : { labels }),
    ...(text === undefined ? {} : { notes: text }),
  }
}

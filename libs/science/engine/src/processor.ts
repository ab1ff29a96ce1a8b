import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import process from 'node:process'

const instructionSets = [
  'avx',
  'avx2',
  'fma',
  'avx512f',
  'avx512_vnni',
  'avx512_bf16',
  'avx_vnni',
  'amx_tile',
  'sve',
  'sve2',
]

/**
 * The processor's vendor and those of its instruction sets by which libtensorflow and oneDNN choose their code. Where
 * the kernel does not list them (macOS), it is the processor's model.
 */
export function processorClass(): string {
  const { vendor, flags } = processorInformation()
  return [vendor ?? cpus()[0]?.model ?? 'unknown', ...instructionSets.filter((name) => flags.has(name))].join(' ')
}

/** Whether the processor has AVX-512 or is not an x86-64. */
export function hasWideVectors(): boolean {
  return process.arch !== 'x64' || processorInformation().flags.has('avx512f')
}

let known: { readonly vendor: string | undefined; readonly flags: ReadonlySet<string> } | undefined

function processorInformation() {
  if (known) return known
  const information = textOf('/proc/cpuinfo')
  const vendor = /^vendor_id\s*:\s*(.+)$/m.exec(information)?.[1]
  return (known = { vendor, flags: new Set(/^(?:flags|Features)\s*:\s*(.+)$/m.exec(information)?.[1]?.split(' ')) })
}

/** The file's text, empty where the operating system has no such file. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

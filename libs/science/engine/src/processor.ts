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
 * The vendor and the instruction sets by which libtensorflow and oneDNN choose and generate code. Where the kernel does
 * not list them (macOS), the processor's model stands for its instruction sets.
 */
export function processorClass(): string {
  const { vendor, flags } = processorInformation()
  return [vendor ?? cpus()[0]?.model ?? 'unknown', ...instructionSets.filter((name) => flags.has(name))].join(' ')
}

/** Whether it is no x86-64 processor without AVX-512. */
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

/** Empty where the operating system has no such file. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

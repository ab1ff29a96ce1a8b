import { Misuse } from '../command-failed.ts'

/** Refuses those of the named options that are given, which would be thought to count; `why` says why they do not. */
export function refuseNeedless<Options extends object>(
  options: Options,
  names: readonly (keyof Options & string)[],
  why: string,
): void {
  const needless = names.filter((name) => options[name] !== undefined)
  if (needless.length > 0) throw new Misuse(`${needless.map(flag).join(', ')} ${why}; correct the call.`)
}

/** `publicKey` → `--public-key`. */
function flag(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

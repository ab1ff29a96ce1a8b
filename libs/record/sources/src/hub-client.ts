import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** The folder of the hub's own client (`HF_HOME`), which has its cache and its token. */
export function hubHome(environment: NodeJS.ProcessEnv): string {
  const { HF_HOME, XDG_CACHE_HOME, HOME } = environment
  return HF_HOME || join(XDG_CACHE_HOME || join(HOME || homedir(), '.cache'), 'huggingface')
}

/**
 * The token for the hub, where its own client has it: `HF_TOKEN`, the older `HUGGING_FACE_HUB_TOKEN`, else the file
 * that `hf auth login` writes (`HF_TOKEN_PATH`, by default in `HF_HOME`).
 */
export function hubToken(environment: NodeJS.ProcessEnv): string | undefined {
  const { HF_TOKEN, HUGGING_FACE_HUB_TOKEN, HF_TOKEN_PATH } = environment
  const token = HF_TOKEN || HUGGING_FACE_HUB_TOKEN || contentOf(HF_TOKEN_PATH || join(hubHome(environment), 'token'))
  return token.trim() || undefined
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

import type { Cell } from '@gauntlet/api/wire'
import { Copy } from './small-parts.tsx'

/** The commands that say more of a cell, each to be copied. */
export function Commands({ commands }: Pick<Cell, 'commands'>) {
  return commands.map(({ what, command }) => (
    <p key={command} class="command">
      <span class="muted">{what}</span>
      <code>{command}</code>
      <Copy text={() => command}>Copy</Copy>
    </p>
  ))
}

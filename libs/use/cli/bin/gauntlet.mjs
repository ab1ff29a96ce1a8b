#!/usr/bin/env node
// As nohup expects (src/interruptible.ts), and before anything is loaded, which takes a second.
if (![process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY))
  process.on('SIGHUP', () => undefined)

const { register } = await import('tsx/esm/api')
register()
await import('../src/main.ts')

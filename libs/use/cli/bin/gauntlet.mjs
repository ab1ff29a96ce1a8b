#!/usr/bin/env node
import { register } from 'tsx/esm/api'

// As nohup expects (interruptible.ts), and from the beginning, since loading the program takes a second.
if (![process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY))
  process.on('SIGHUP', () => undefined)

register()
await import('../src/main.ts')

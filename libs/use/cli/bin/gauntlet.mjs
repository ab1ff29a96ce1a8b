#!/usr/bin/env node
import { runProgram } from '@gauntlet/infra/run-program'
import { fileURLToPath } from 'node:url'

// As nohup expects (src/interruptible.ts), and before the rest is loaded, which takes half a second.
if (![process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY))
  process.on('SIGHUP', () => undefined)

await runProgram(fileURLToPath(new URL('../src/main.ts', import.meta.url)))

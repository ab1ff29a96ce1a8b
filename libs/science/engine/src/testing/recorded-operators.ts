import { nativeBackend } from '../operator.ts'

/** The names of the operators that TensorFlow is asked to run meanwhile, in their order. */
export function recordedOperators(run: () => void): string[] {
  const backend = nativeBackend()
  const names: string[] = []
  const { executeSingleOutput, executeMultipleOutputs } = backend
  backend.executeSingleOutput = (name, ...rest) => {
    names.push(name)
    return executeSingleOutput.call(backend, name, ...rest)
  }
  backend.executeMultipleOutputs = (name, ...rest) => {
    names.push(name)
    return executeMultipleOutputs.call(backend, name, ...rest)
  }
  try {
    run()
  } finally {
    Object.assign(backend, { executeSingleOutput, executeMultipleOutputs })
  }
  return names
}

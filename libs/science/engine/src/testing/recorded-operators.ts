import { withOperatorsIntercepted } from '../operator-interception.ts'
import { nativeBackend } from '../operator.ts'

/** The names of the operators that TensorFlow executes during `run`, in order. */
export function recordedOperators(run: () => void): string[] {
  const names: string[] = []
  withOperatorsIntercepted(
    nativeBackend(),
    ({ name }, execute) => {
      names.push(name)
      return execute()
    },
    run,
  )
  return names
}

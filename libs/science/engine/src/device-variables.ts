/**
 * How TensorFlow's graph optimiser goes about captured programs, by infra/binding/session-options.cc; another name goes
 * with other options there.
 */
export type GraphOptimizer = 'none' | 'one pass'

const graphOptimizerVariable = 'GAUNTLET_GRAPH_OPTIMIZER'

export function graphOptimizerOf(variables: NodeJS.ProcessEnv): GraphOptimizer {
  return variables[graphOptimizerVariable] === 'one pass' ? 'one pass' : 'none'
}

/** Whether a process uses Intel's kernels. TensorFlow decides by the processor where nobody does. */
export function oneDnnOf({ TF_ENABLE_ONEDNN_OPTS: told }: NodeJS.ProcessEnv): boolean | 'by processor' {
  return told === undefined ? 'by processor' : /^(1|true)$/i.test(told)
}

/** How a device process is to compute. */
export interface DeviceVariablesOptions {
  /** The number can change the bits of a sum, so it is part of the environment class. */
  readonly threads: number
  /**
   * What the threads of a CPU share out: a batch, of which each computes a part (`partsOf`), as captured programs can;
   * or every operator, for code that runs one operator after the other. The batch unless given.
   */
  readonly share?: 'batch' | 'operators'
  /** The one GPU of the process, as `CUDA_VISIBLE_DEVICES` names it; the CPU, or all GPUs, unless given. */
  readonly gpu?: string
  /**
   * Bytes that the process may have resident where its work can be done in smaller pieces (`withinDeviceMemory`); no
   * limit unless given.
   */
  readonly memory?: number
}

/**
 * The environment of a device process; libtensorflow reads it once, when it is loaded. Loads no tensor runtime itself.
 */
export function deviceVariables({
  threads,
  share = 'batch',
  gpu,
  memory,
}: DeviceVariablesOptions): Record<string, string> {
  // Where threads share out an operator, they wait for one another at each: with a part of the batch each they go
  // through the whole program (decision 0017).
  const [ofOperator, ofParts] = gpu !== undefined ? [threads, threads] : share === 'batch' ? [1, threads] : [threads, 1]
  return {
    TF_NUM_INTRAOP_THREADS: String(ofOperator),
    TF_NUM_INTEROP_THREADS: String(ofParts),
    OMP_NUM_THREADS: String(ofOperator),
    TF_DETERMINISTIC_OPS: '1',
    // By itself TensorFlow takes oneDNN's kernels on processors with AVX-512 VNNI alone; without them it has no grouped
    // convolutions on a CPU.
    TF_ENABLE_ONEDNN_OPTS: '1',
    // TensorFloat-32 keeps 10 bits of a product's factors: too few for attack gradients that must equal the
    // reference's.
    NVIDIA_TF32_OVERRIDE: '0',
    // Without it the first process takes all of a GPU's memory.
    TF_FORCE_GPU_ALLOW_GROWTH: 'true',
    TF_CPP_MIN_LOG_LEVEL: '2',
    ...(memory === undefined ? {} : { GAUNTLET_DEVICE_MEMORY: String(memory) }),
    ...(gpu === undefined ? {} : gpuVariables(gpu)),
  }
}

function gpuVariables(gpu: string): Record<string, string> {
  return {
    CUDA_VISIBLE_DEVICES: gpu,
    // CUDA itself counts the fastest first; the driver and nvidia-smi in the order of the bus.
    CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
    // On CPUs programs are as fast, and compiled several times as fast, with what the engine joins itself
    // (`withFusedOperators`).
    [graphOptimizerVariable]: 'one pass' satisfies GraphOptimizer,
  }
}

/** Variables that libtensorflow, XLA, PJRT plugins, oneDNN, and the libraries of NVIDIA and AMD read. */
const read = /^(TF|TFE|XLA|PJRT|ONEDNN|DNNL|CUDA|CUDNN|CUBLAS|NVIDIA|MLIR|HIP|ROCM|MIOPEN|ROCBLAS|HIPBLASLT)_/

/** Those of them that change no number: logs, memory, and places. */
const idle =
  /^(TF_CPP_|TF_(FORCE_)?GPU_|TF_CUDA_|(ONEDNN|DNNL)_(VERBOSE|JIT_DUMP)|CUDA_(CACHE|MODULE|VISIBLE|DEVICE_ORDER|HOME|PATH|VERSION)|CUDNN_LOG|CUBLAS_LOG|NVIDIA_(VISIBLE|DRIVER|REQUIRE|PRODUCT)|(HIP|ROCM)_(VISIBLE|PATH|HOME|VERSION))/

/** Those that have a field of their own in the environment. */
const described =
  /^(TF_NUM_INTRAOP_THREADS|TF_NUM_INTEROP_THREADS|TF_DETERMINISTIC_OPS|TF_ENABLE_ONEDNN_OPTS|NVIDIA_TF32_OVERRIDE)$/

/**
 * The set environment variables by which the libraries may compute other numbers, such as `XLA_FLAGS`, in order of
 * name. One that nobody here knows counts: a key too many costs a run, a key too few gives a wrong number.
 */
export function libraryVariables(variables: NodeJS.ProcessEnv): Record<string, string> {
  const found = Object.entries(variables).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && read.test(entry[0]) && !idle.test(entry[0]) && !described.test(entry[0]),
  )
  return Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1)))
}

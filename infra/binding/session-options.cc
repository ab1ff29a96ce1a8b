#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tensorflow/c/c_api.h"

/*
 * Sets what TensorFlow's graph optimiser (Grappler) does to captured programs. The binding creates its session options
 * without any configuration; it is linked with --wrap, so that it gets these. On CPUs the optimiser is off, since the
 * engine does what a recorded graph gains by it in less time (libs/science/engine/src/programs/recording.ts,
 * fused-operators.ts). It runs where GAUNTLET_GRAPH_OPTIMIZER is "one pass", which is meant for GPUs, whose layouts of
 * images and fused kernels it knows. Its passes then run once instead of twice, without those that find nothing and
 * take two thirds of the time: the memory optimiser, the conversions to and from MLIR, and the search for functions
 * with several implementations.
 */

namespace {

/* A ConfigProto (tensorflow/core/protobuf/config.proto, rewriter_config.proto) by field numbers. */
constexpr unsigned char kNone[] = {
    0x52, 5,           /* graph_options (10), 5 bytes */
    0x52, 3,           /* its rewrite_options (10), 3 bytes */
    0x98, 0x01, 1,     /* disable_meta_optimizer (19) */
};

constexpr unsigned char kOnePass[] = {
    0x52, 12,          /* graph_options (10), 12 bytes */
    0x52, 10,          /* its rewrite_options (10), 10 bytes */
    0x20, 1,           /* memory_optimization (4): NO_MEM_OPT */
    0x60, 1,           /* meta_optimizer_iterations (12): ONE */
    0xb0, 0x01, 2,     /* implementation_selector (22): OFF */
    0x80, 0x02, 1,     /* disable_tfg_optimizer (32) */
};

template <size_t size>
void set_config(TF_SessionOptions* options, const unsigned char (&config)[size]) {
  TF_Status* status = TF_NewStatus();
  TF_SetConfig(options, config, size, status);
  if (TF_GetCode(status) != TF_OK) {
    fprintf(stderr, "TensorFlow refuses its session options: %s\n", TF_Message(status));
    abort();
  }
  TF_DeleteStatus(status);
}

}  // namespace

extern "C" {

TF_SessionOptions* __real_TF_NewSessionOptions();

TF_SessionOptions* __wrap_TF_NewSessionOptions() {
  TF_SessionOptions* options = __real_TF_NewSessionOptions();
  const char* asked = getenv("GAUNTLET_GRAPH_OPTIMIZER");
  if (asked && strcmp(asked, "one pass") == 0) {
    set_config(options, kOnePass);
  } else {
    set_config(options, kNone);
  }
  return options;
}

}

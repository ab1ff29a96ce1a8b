#include <cstdio>
#include <cstdlib>

#include "tensorflow/c/c_api.h"

/*
 * How TensorFlow's graph optimiser goes about captured programs. The binding asks for its session options without any; it is linked with --wrap, so that it gets these.
 * The optimiser's passes run once instead of twice, without those that find nothing in a recorded graph and take two thirds of the time: the memory optimiser, the
 * conversions to and from MLIR, the search for functions with several implementations. What is left folds constants, merges equal nodes and fuses kernels.
 */

namespace {

/* ConfigProto (tensorflow/core/protobuf/config.proto, rewriter_config.proto) by field numbers. */
constexpr unsigned char kConfig[] = {
    0x52, 12,          /* graph_options (10), 12 bytes */
    0x52, 10,          /* its rewrite_options (10), 10 bytes */
    0x20, 1,           /* memory_optimization (4): NO_MEM_OPT */
    0x60, 1,           /* meta_optimizer_iterations (12): ONE */
    0xb0, 0x01, 2,     /* implementation_selector (22): OFF */
    0x80, 0x02, 1,     /* disable_tfg_optimizer (32) */
};

}  // namespace

extern "C" {

TF_SessionOptions* __real_TF_NewSessionOptions();

TF_SessionOptions* __wrap_TF_NewSessionOptions() {
  TF_SessionOptions* options = __real_TF_NewSessionOptions();
  TF_Status* status = TF_NewStatus();
  TF_SetConfig(options, kConfig, sizeof(kConfig), status);
  if (TF_GetCode(status) != TF_OK) {
    fprintf(stderr, "TensorFlow does not take its session options: %s\n", TF_Message(status));
    abort();
  }
  TF_DeleteStatus(status);
  return options;
}

}

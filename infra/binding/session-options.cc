#include <cstdio>
#include <cstdlib>

#include "tensorflow/c/c_api.h"

/*
 * Turns off what TensorFlow's graph optimiser (Grappler) does to captured programs, since the engine does what a
 * recorded graph gains by it in less time (libs/science/engine/src: recording/recording.ts, graphs/fused-operators.ts).
 * The binding creates its session options without any configuration; it is linked with --wrap, so that it gets these.
 */

namespace {

/* A ConfigProto (tensorflow/core/protobuf/config.proto, rewriter_config.proto) by field numbers. */
constexpr unsigned char kNone[] = {
    0x52, 5,           /* graph_options (10), 5 bytes */
    0x52, 3,           /* its rewrite_options (10), 3 bytes */
    0x98, 0x01, 1,     /* disable_meta_optimizer (19) */
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
  set_config(options, kNone);
  return options;
}

}

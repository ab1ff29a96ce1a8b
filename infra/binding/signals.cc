#include <node_api.h>
#include <signal.h>

/*
 * Keeps signals away from the stack of the thread that computes. While oneDNN multiplies matrices
 * (jit_avx512_common_gemm_f32), the stack pointer is in a block of the heap, so that what the system pushes there to
 * call a handler overwrites other tensors and the heap's own records (libs/science/engine/src/signals.ts).
 */

namespace {

/* Discards a signal, given by its number. */
napi_value Ignore(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument;
  int32_t number = 0;
  if (napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr) != napi_ok || count != 1 ||
      napi_get_value_int32(env, argument, &number) != napi_ok || signal(number, SIG_IGN) == SIG_ERR)
    napi_throw_error(env, nullptr, "Give the number of a signal that can be ignored.");
  return nullptr;
}

/*
 * A stack for the handlers that take one where there is one, as that of V8's profiler does. It has room for the
 * registers of AVX-512 and AMX, 11 KB, and for the handler.
 */
void addSignalStack() {
  static char memory[64 * 1024];
  stack_t current;
  if (sigaltstack(nullptr, &current) != 0 || !(current.ss_flags & SS_DISABLE)) return;
  stack_t added = {};
  added.ss_sp = memory;
  added.ss_size = sizeof memory;
  sigaltstack(&added, nullptr);
}

}  // namespace

NAPI_MODULE_INIT() {
  addSignalStack();
  napi_value ignore;
  if (napi_create_function(env, "ignore", NAPI_AUTO_LENGTH, Ignore, nullptr, &ignore) == napi_ok)
    napi_set_named_property(env, exports, "ignore", ignore);
  return exports;
}

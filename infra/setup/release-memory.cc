#include <node_api.h>
#include <stdlib.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

/* Gives memory that was freed back to the operating system. glibc alone would keep it for what may come: after an eager run gigabytes. */

static napi_value ReleaseMemory(napi_env, napi_callback_info) {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
  return nullptr;
}

NAPI_MODULE_INIT() {
  napi_value function;
  if (napi_create_function(env, "releaseMemory", NAPI_AUTO_LENGTH, ReleaseMemory, nullptr, &function) == napi_ok)
    napi_set_named_property(env, exports, "releaseMemory", function);
  return exports;
}

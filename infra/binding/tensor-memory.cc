#include <malloc.h>
#include <node_api.h>

#include <cstdlib>
#include <string>

#include "regions.h"
#include "xla/tsl/framework/allocator_registry.h"

/*
 * Makes TensorFlow allocate CPU memory by `Regions` instead of the heap. It must be loaded before tfjs's binding, since
 * TensorFlow asks for its allocator once (libs/science/engine/src/tensor-memory.ts).
 */

namespace {

/* Smaller tensors come from the heap, which has caches for them in each thread. */
constexpr size_t kSmallest = 32 * 1024;

/*
 * The range of the process. Addresses cost nothing, and four times the installed memory leaves room for holes. Before
 * the range grows, the heap returns its free memory: compiling comes before a program's first run, which needs most,
 * and leaves up to a tenth as much.
 */
Regions& regions() {
  static const size_t installed = size_t(sysconf(_SC_PHYS_PAGES)) * size_t(sysconf(_SC_PAGESIZE));
  static Regions& all = *new Regions(4 * installed, [] { malloc_trim(0); });
  return all;
}

void* take(size_t alignment, size_t bytes) {
  if (bytes >= kSmallest && alignment <= Regions::kGranule) {
    if (void* pointer = regions().allocate(bytes)) return pointer;
  }
  void* pointer = nullptr;
  const size_t least = alignment < sizeof(void*) ? sizeof(void*) : alignment;
  return posix_memalign(&pointer, least, bytes) == 0 ? pointer : nullptr;
}

void give(void* pointer) {
  if (regions().holds(pointer))
    regions().give(pointer);
  else
    free(pointer);
}

class TensorMemory : public tsl::Allocator {
 public:
  std::string Name() override { return "cpu"; }

  void* AllocateRaw(size_t alignment, size_t bytes) override { return take(alignment, bytes); }

  void DeallocateRaw(void* pointer) override { give(pointer); }

  tsl::AllocatorMemoryType GetMemoryType() const override { return tsl::AllocatorMemoryType::kHostPageable; }
};

class Subdivision : public tsl::SubAllocator {
 public:
  Subdivision() : SubAllocator({}, {}) {}

  void* Alloc(size_t alignment, size_t bytes, size_t* received) override {
    *received = bytes;
    return take(alignment, bytes);
  }

  void Free(void* pointer, size_t) override { give(pointer); }

  bool SupportsCoalescing() const override { return false; }
};

class Factory : public tsl::AllocatorFactory {
 public:
  tsl::Allocator* CreateAllocator() override { return new TensorMemory; }

  tsl::SubAllocator* CreateSubAllocator(int) override { return new Subdivision; }
};

/* Higher than the priority of oneDNN's allocator, which is 200. */
constexpr int kPriority = 300;

const tsl::AllocatorFactoryRegistration registration(__FILE__, __LINE__, "TensorMemory", kPriority, new Factory);

napi_value ReleaseMemory(napi_env, napi_callback_info) {
  regions().release();
  malloc_trim(0);
  return nullptr;
}

napi_value BytesInUse(napi_env env, napi_callback_info) {
  napi_value bytes = nullptr;
  napi_create_double(env, double(regions().used()), &bytes);
  return bytes;
}

void addFunction(napi_env env, napi_value exports, const char* name, napi_callback callback) {
  napi_value function;
  if (napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function) == napi_ok)
    napi_set_named_property(env, exports, name, function);
}

}  // namespace

NAPI_MODULE_INIT() {
  addFunction(env, exports, "releaseMemory", ReleaseMemory);
  addFunction(env, exports, "bytesInUse", BytesInUse);
  return exports;
}

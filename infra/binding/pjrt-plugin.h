#pragma once

#include <dlfcn.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "xla/pjrt/c/pjrt_c_api.h"

/*
 * PJRT's C interface (openxla.org/xla/pjrt), as much of it as one device needs, in C++: calls that throw, and objects
 * that free what they hold.
 */
namespace pjrt {

/* What a call of the plugin failed with. `code` is that of absl::StatusCode; 0 where the plugin itself is at fault. */
struct Failure {
  int code;
  std::string message;
};

/* The arguments of a call, all zero but for their size. */
template <typename Args>
Args sized(size_t size) {
  Args args{};
  args.struct_size = size;
  return args;
}
#define PJRT_ARGS(type) pjrt::sized<type##_Args>(type##_Args_STRUCT_SIZE)

/* An option of a client or a topology. */
struct Option {
  std::string name;
  enum { kText, kInteger, kReal, kTruth } kind;
  std::string text;
  int64_t integer = 0;
  float real = 0;
  bool truth = false;
};

/* The oldest interface that has every function that is called here (GetCompiledMemoryStats and what is before it). */
constexpr int kOldestMinor = 54;

/* A plugin that this process has loaded. It stays loaded until the process ends. */
class Plugin {
 public:
  const PJRT_Api* api = nullptr;
  PJRT_Client* client = nullptr;
  PJRT_Device* device = nullptr;

  /* The plugin at this path. One process loads it once, however many callers there are. */
  static Plugin& at(const std::string& path) {
    static std::mutex mutex;
    static std::map<std::string, Plugin*>& plugins = *new std::map<std::string, Plugin*>;
    std::lock_guard<std::mutex> lock(mutex);
    Plugin*& known = plugins[path];
    if (!known) known = loaded(path);
    return *known;
  }

  void check(PJRT_Error* error) const {
    if (!error) return;
    auto message = PJRT_ARGS(PJRT_Error_Message);
    message.error = error;
    api->PJRT_Error_Message(&message);
    auto code = PJRT_ARGS(PJRT_Error_GetCode);
    code.error = error;
    const bool is_coded = api->PJRT_Error_GetCode(&code) == nullptr;
    Failure failure{is_coded ? int(code.code) : int(PJRT_Error_Code_UNKNOWN),
                    std::string(message.message, message.message_size)};
    auto destroy = PJRT_ARGS(PJRT_Error_Destroy);
    destroy.error = error;
    api->PJRT_Error_Destroy(&destroy);
    throw failure;
  }

  /* Waits for an event, and frees it. */
  void await(PJRT_Event* event) const {
    if (!event) return;
    auto wait = PJRT_ARGS(PJRT_Event_Await);
    wait.event = event;
    PJRT_Error* error = api->PJRT_Event_Await(&wait);
    auto destroy = PJRT_ARGS(PJRT_Event_Destroy);
    destroy.event = event;
    if (PJRT_Error* other = api->PJRT_Event_Destroy(&destroy)) {
      if (!error) check(other);
    }
    check(error);
  }

  /* Makes the client, unless there is one, and takes its first device. */
  void connect(const std::vector<Option>& options) {
    if (client) return;
    const std::vector<PJRT_NamedValue> values = namedValues(options);
    auto create = PJRT_ARGS(PJRT_Client_Create);
    create.create_options = values.data();
    create.num_options = values.size();
    check(api->PJRT_Client_Create(&create));
    auto devices = PJRT_ARGS(PJRT_Client_AddressableDevices);
    devices.client = create.client;
    check(api->PJRT_Client_AddressableDevices(&devices));
    if (devices.num_addressable_devices == 0) throw Failure{0, "it finds no device"};
    client = create.client;
    device = devices.addressable_devices[0];
  }

  static std::vector<PJRT_NamedValue> namedValues(const std::vector<Option>& options) {
    std::vector<PJRT_NamedValue> values;
    for (const Option& option : options) {
      PJRT_NamedValue value{};
      value.struct_size = PJRT_NamedValue_STRUCT_SIZE;
      value.name = option.name.data();
      value.name_size = option.name.size();
      value.value_size = 1;
      if (option.kind == Option::kText) {
        value.type = PJRT_NamedValue_kString;
        value.string_value = option.text.data();
        value.value_size = option.text.size();
      } else if (option.kind == Option::kInteger) {
        value.type = PJRT_NamedValue_kInt64;
        value.int64_value = option.integer;
      } else if (option.kind == Option::kReal) {
        value.type = PJRT_NamedValue_kFloat;
        value.float_value = option.real;
      } else {
        value.type = PJRT_NamedValue_kBool;
        value.bool_value = option.truth;
      }
      values.push_back(value);
    }
    return values;
  }

 private:
  static Plugin* loaded(const std::string& path) {
    void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library) throw Failure{0, dlerror()};
    using Get = const PJRT_Api* (*)();
    const Get get = reinterpret_cast<Get>(dlsym(library, "GetPjrtApi"));
    if (!get) throw Failure{0, "it has no function GetPjrtApi"};
    std::unique_ptr<Plugin> plugin(new Plugin);
    plugin->api = get();
    const PJRT_Api_Version& version = plugin->api->pjrt_api_version;
    if (version.major_version != PJRT_API_MAJOR || version.minor_version < kOldestMinor)
      throw Failure{0, "it has PJRT " + std::to_string(version.major_version) + "." +
                           std::to_string(version.minor_version) + ", and " + std::to_string(PJRT_API_MAJOR) + "." +
                           std::to_string(kOldestMinor) + " or newer is needed"};
    auto initialize = PJRT_ARGS(PJRT_Plugin_Initialize);
    plugin->check(plugin->api->PJRT_Plugin_Initialize(&initialize));
    return plugin.release();
  }
};

/* A tensor on the device. */
class Buffer {
 public:
  Buffer(const Plugin& plugin, PJRT_Buffer* buffer) : plugin_(plugin), buffer_(buffer) {}
  Buffer(const Buffer&) = delete;

  ~Buffer() {
    auto args = PJRT_ARGS(PJRT_Buffer_Destroy);
    args.buffer = buffer_;
    try {
      plugin_.check(plugin_.api->PJRT_Buffer_Destroy(&args));
    } catch (const Failure&) {
    }
  }

  PJRT_Buffer* get() const { return buffer_; }

  /* Whether its memory is gone, because a program that took it over ran or failed. */
  bool isDeleted() const {
    auto args = PJRT_ARGS(PJRT_Buffer_IsDeleted);
    args.buffer = buffer_;
    plugin_.check(plugin_.api->PJRT_Buffer_IsDeleted(&args));
    return args.is_deleted;
  }

  const Plugin& plugin() const { return plugin_; }

 private:
  const Plugin& plugin_;
  PJRT_Buffer* const buffer_;
};

/*
 * The tensors of this process by number. JavaScript frees each itself: what it would free when it collects a handle
 * waits until its event loop turns, and a long attack or training does not let it.
 */
class Buffers {
 public:
  static Buffers& all() {
    static Buffers& buffers = *new Buffers;
    return buffers;
  }

  int64_t add(std::unique_ptr<Buffer> buffer) {
    std::lock_guard<std::mutex> lock(mutex_);
    held_[++last_] = std::move(buffer);
    return last_;
  }

  Buffer& at(int64_t number) {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto found = held_.find(number);
    if (found == held_.end()) throw Failure{0, "a tensor was freed that is still needed"};
    return *found->second;
  }

  bool isGone(int64_t number) {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto found = held_.find(number);
    return found == held_.end() || found->second->isDeleted();
  }

  void free(int64_t number) {
    std::lock_guard<std::mutex> lock(mutex_);
    held_.erase(number);
  }

  size_t count() {
    std::lock_guard<std::mutex> lock(mutex_);
    return held_.size();
  }

 private:
  std::mutex mutex_;
  int64_t last_ = 0;
  std::unordered_map<int64_t, std::unique_ptr<Buffer>> held_;
};

/* A compiled program, loaded to the device or, where it was compiled for a device elsewhere, not. */
class Executable {
 public:
  Executable(const Plugin& plugin, PJRT_LoadedExecutable* loaded) : plugin_(plugin), loaded_(loaded) {
    auto get = PJRT_ARGS(PJRT_LoadedExecutable_GetExecutable);
    get.loaded_executable = loaded;
    plugin.check(plugin.api->PJRT_LoadedExecutable_GetExecutable(&get));
    executable_ = get.executable;
  }
  Executable(const Plugin& plugin, PJRT_Executable* executable) : plugin_(plugin), executable_(executable) {}
  Executable(const Executable&) = delete;

  ~Executable() {
    try {
      free();
    } catch (const Failure&) {
    }
  }

  void free() {
    auto destroy = PJRT_ARGS(PJRT_Executable_Destroy);
    destroy.executable = executable_;
    executable_ = nullptr;
    if (destroy.executable) plugin_.check(plugin_.api->PJRT_Executable_Destroy(&destroy));
    auto unload = PJRT_ARGS(PJRT_LoadedExecutable_Destroy);
    unload.executable = loaded_;
    loaded_ = nullptr;
    if (unload.executable) plugin_.check(plugin_.api->PJRT_LoadedExecutable_Destroy(&unload));
  }

  PJRT_LoadedExecutable* loaded() const {
    if (!loaded_) throw Failure{0, "a program was freed that is still needed, or is not for this device"};
    return loaded_;
  }

  PJRT_Executable* get() const { return executable_; }

  size_t outputs() const {
    auto args = PJRT_ARGS(PJRT_Executable_NumOutputs);
    args.executable = executable_;
    plugin_.check(plugin_.api->PJRT_Executable_NumOutputs(&args));
    return args.num_outputs;
  }

  const Plugin& plugin() const { return plugin_; }

 private:
  const Plugin& plugin_;
  PJRT_LoadedExecutable* loaded_ = nullptr;
  PJRT_Executable* executable_ = nullptr;
};

}  // namespace pjrt

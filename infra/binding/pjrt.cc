#include <memory>

#include "call-arguments.h"

/*
 * Compiles and runs programs by a PJRT plugin: what JAX's world uses to reach accelerators, one library a vendor
 * (libs/science/engine/src/pjrt). All calls block until the device is done.
 */

namespace {

using namespace pjrt;

/* load(path): [major, minor] of the plugin's interface. Loads the plugin, and starts no device. */
napi_value Load(const Arguments& given) {
  const PJRT_Api_Version& version = Plugin::at(given.text(0)).api->pjrt_api_version;
  napi_value result;
  napi_create_array_with_length(given.env, 2, &result);
  napi_set_element(given.env, result, 0, numberValue(given.env, version.major_version));
  napi_set_element(given.env, result, 1, numberValue(given.env, version.minor_version));
  return result;
}

/* connect(path, options): starts the plugin's client and gives what it says of platform and device. */
napi_value Connect(const Arguments& given) {
  Plugin& plugin = Plugin::at(given.text(0));
  plugin.connect(given.options(1));
  auto platform = PJRT_ARGS(PJRT_Client_PlatformName);
  platform.client = plugin.client;
  plugin.check(plugin.api->PJRT_Client_PlatformName(&platform));
  auto version = PJRT_ARGS(PJRT_Client_PlatformVersion);
  version.client = plugin.client;
  plugin.check(plugin.api->PJRT_Client_PlatformVersion(&version));
  auto description = PJRT_ARGS(PJRT_Device_GetDescription);
  description.device = plugin.device;
  plugin.check(plugin.api->PJRT_Device_GetDescription(&description));
  auto kind = PJRT_ARGS(PJRT_DeviceDescription_Kind);
  kind.device_description = description.device_description;
  plugin.check(plugin.api->PJRT_DeviceDescription_Kind(&kind));
  napi_value result;
  napi_create_object(given.env, &result);
  const auto set = [&](const char* name, const char* data, size_t length) {
    napi_set_named_property(given.env, result, name, textValue(given.env, data, length));
  };
  set("platform", platform.platform_name, platform.platform_name_size);
  set("platformVersion", version.platform_version, version.platform_version_size);
  set("device", kind.device_kind, kind.device_kind_size);
  return result;
}

/* memory(path): [bytes in use, most bytes that may be used], undefined where the device does not say. */
napi_value Memory(const Arguments& given) {
  Plugin& plugin = Plugin::at(given.text(0));
  auto stats = PJRT_ARGS(PJRT_Device_MemoryStats);
  stats.device = plugin.device;
  try {
    plugin.check(plugin.api->PJRT_Device_MemoryStats(&stats));
  } catch (const Failure& failure) {
    if (failure.code == PJRT_Error_Code_UNIMPLEMENTED) return nothing(given.env);
    throw;
  }
  if (!stats.bytes_limit_is_set) return nothing(given.env);
  napi_value result;
  napi_create_array_with_length(given.env, 2, &result);
  napi_set_element(given.env, result, 0, numberValue(given.env, double(stats.bytes_in_use)));
  napi_set_element(given.env, result, 1, numberValue(given.env, double(stats.bytes_limit)));
  return result;
}

PJRT_Program programOf(std::pair<char*, size_t> module) {
  PJRT_Program program{};
  program.struct_size = PJRT_Program_STRUCT_SIZE;
  program.code = module.first;
  program.code_size = module.second;
  program.format = "hlo";
  program.format_size = 3;
  return program;
}

/* compile(path, module, options): the bytes of an HloModuleProto and of a CompileOptionsProto become a program. */
napi_value Compile(const Arguments& given) {
  Plugin& plugin = Plugin::at(given.text(0));
  const PJRT_Program program = programOf(given.bytes(1));
  const auto options = given.bytes(2);
  auto compile = PJRT_ARGS(PJRT_Client_Compile);
  compile.client = plugin.client;
  compile.program = &program;
  compile.compile_options = options.first;
  compile.compile_options_size = options.second;
  plugin.check(plugin.api->PJRT_Client_Compile(&compile));
  return handle(given.env, new Executable(plugin, compile.executable));
}

/* compileFor(path, topology, topology options, module, options): compiles for a device that is not here. */
napi_value CompileFor(const Arguments& given) {
  Plugin& plugin = Plugin::at(given.text(0));
  const std::string name = given.text(1);
  const std::vector<Option> described = given.options(2);
  const std::vector<PJRT_NamedValue> values = Plugin::namedValues(described);
  auto create = PJRT_ARGS(PJRT_TopologyDescription_Create);
  create.topology_name = name.data();
  create.topology_name_size = name.size();
  create.create_options = values.data();
  create.num_options = values.size();
  plugin.check(plugin.api->PJRT_TopologyDescription_Create(&create));
  const PJRT_Program program = programOf(given.bytes(3));
  const auto options = given.bytes(4);
  auto compile = PJRT_ARGS(PJRT_Compile);
  compile.topology = create.topology;
  compile.program = &program;
  compile.compile_options = options.first;
  compile.compile_options_size = options.second;
  PJRT_Error* error = plugin.api->PJRT_Compile(&compile);
  auto destroy = PJRT_ARGS(PJRT_TopologyDescription_Destroy);
  destroy.topology = create.topology;
  PJRT_Error* other = plugin.api->PJRT_TopologyDescription_Destroy(&destroy);
  plugin.check(error);
  plugin.check(other);
  return handle(given.env, new Executable(plugin, compile.executable));
}

/* serialize(program): bytes from which `deserialize` makes it again, without compiling. */
napi_value Serialize(const Arguments& given) {
  Executable& program = given.held<Executable>(0);
  const Plugin& plugin = program.plugin();
  auto args = PJRT_ARGS(PJRT_Executable_Serialize);
  args.executable = program.get();
  plugin.check(plugin.api->PJRT_Executable_Serialize(&args));
  napi_value bytes = copied(given.env, args.serialized_bytes, args.serialized_bytes_size);
  args.serialized_executable_deleter(args.serialized_executable);
  return bytes;
}

napi_value Deserialize(const Arguments& given) {
  Plugin& plugin = Plugin::at(given.text(0));
  const auto bytes = given.bytes(1);
  auto args = PJRT_ARGS(PJRT_Executable_DeserializeAndLoad);
  args.client = plugin.client;
  args.serialized_executable = bytes.first;
  args.serialized_executable_size = bytes.second;
  plugin.check(plugin.api->PJRT_Executable_DeserializeAndLoad(&args));
  return handle(given.env, new Executable(plugin, args.loaded_executable));
}

/* programMemory(program): bytes on the device of its arguments, results, results in memory of arguments, and others. */
napi_value ProgramMemory(const Arguments& given) {
  Executable& program = given.held<Executable>(0);
  auto args = PJRT_ARGS(PJRT_Executable_GetCompiledMemoryStats);
  args.executable = program.get();
  program.plugin().check(program.plugin().api->PJRT_Executable_GetCompiledMemoryStats(&args));
  napi_value result;
  napi_create_object(given.env, &result);
  const auto set = [&](const char* name, int64_t bytes) {
    napi_set_named_property(given.env, result, name, numberValue(given.env, double(bytes)));
  };
  set("code", args.generated_code_size_in_bytes);
  set("inputs", args.argument_size_in_bytes);
  set("outputs", args.output_size_in_bytes);
  set("aliased", args.alias_size_in_bytes);
  set("temporaries", args.temp_size_in_bytes);
  return result;
}

/* upload(path, values, type, shape): a tensor on the device. `type` is a PJRT_Buffer_Type. */
napi_value Upload(const Arguments& given) {
  Plugin& plugin = Plugin::at(given.text(0));
  const std::vector<int64_t> shape = given.integers(3);
  auto args = PJRT_ARGS(PJRT_Client_BufferFromHostBuffer);
  args.client = plugin.client;
  args.data = given.bytes(1).first;
  args.type = PJRT_Buffer_Type(int(given.number(2)));
  args.dims = shape.data();
  args.num_dims = shape.size();
  args.host_buffer_semantics = PJRT_HostBufferSemantics_kImmutableOnlyDuringCall;
  args.device = plugin.device;
  plugin.check(plugin.api->PJRT_Client_BufferFromHostBuffer(&args));
  std::unique_ptr<Buffer> buffer(new Buffer(plugin, args.buffer));
  plugin.await(args.done_with_host_buffer);
  return numberValue(given.env, double(Buffers::all().add(std::move(buffer))));
}

/* download(tensor): its bytes, in an ArrayBuffer. */
napi_value Download(const Arguments& given) {
  Buffer& buffer = Buffers::all().at(int64_t(given.number(0)));
  const Plugin& plugin = buffer.plugin();
  auto args = PJRT_ARGS(PJRT_Buffer_ToHostBuffer);
  args.src = buffer.get();
  plugin.check(plugin.api->PJRT_Buffer_ToHostBuffer(&args));
  napi_value bytes;
  require(napi_create_arraybuffer(given.env, args.dst_size, &args.dst, &bytes) == napi_ok,
          "there is no room for the values of a tensor");
  if (args.dst_size == 0) return bytes;
  plugin.check(plugin.api->PJRT_Buffer_ToHostBuffer(&args));
  plugin.await(args.event);
  return bytes;
}

/*
 * run(program, tensors): the results. Tensors whose memory the program takes over for a result are deleted; the caller
 * frees them as all others.
 */
napi_value Run(const Arguments& given) {
  Executable& program = given.held<Executable>(0);
  const Plugin& plugin = program.plugin();
  std::vector<PJRT_Buffer*> inputs;
  for (int64_t number : given.integers(1)) inputs.push_back(Buffers::all().at(number).get());
  std::vector<PJRT_Buffer*> outputs(program.outputs());
  PJRT_ExecuteOptions options{};
  options.struct_size = PJRT_ExecuteOptions_STRUCT_SIZE;
  PJRT_Buffer* const* input_list = inputs.data();
  PJRT_Buffer** output_list = outputs.data();
  PJRT_Event* complete = nullptr;
  auto args = PJRT_ARGS(PJRT_LoadedExecutable_Execute);
  args.executable = program.loaded();
  args.options = &options;
  args.argument_lists = &input_list;
  args.num_devices = 1;
  args.num_args = inputs.size();
  args.output_lists = &output_list;
  args.device_complete_events = &complete;
  plugin.check(plugin.api->PJRT_LoadedExecutable_Execute(&args));
  std::vector<std::unique_ptr<Buffer>> made;
  for (PJRT_Buffer* output : outputs) made.emplace_back(new Buffer(plugin, output));
  plugin.await(complete);
  napi_value results;
  napi_create_array_with_length(given.env, made.size(), &results);
  for (size_t i = 0; i < made.size(); i++)
    napi_set_element(given.env, results, uint32_t(i), numberValue(given.env, double(Buffers::all().add(std::move(made[i])))));
  return results;
}

napi_value IsDeleted(const Arguments& given) {
  napi_value result;
  napi_get_boolean(given.env, Buffers::all().isGone(int64_t(given.number(0))), &result);
  return result;
}

napi_value FreeTensor(const Arguments& given) {
  Buffers::all().free(int64_t(given.number(0)));
  return nothing(given.env);
}

napi_value FreeProgram(const Arguments& given) {
  given.held<Executable>(0).free();
  return nothing(given.env);
}

napi_value LiveTensors(const Arguments& given) { return numberValue(given.env, double(Buffers::all().count())); }

using Function = napi_value (*)(const Arguments&);

template <Function function>
napi_value called(napi_env env, napi_callback_info info) {
  try {
    return function(Arguments(env, info));
  } catch (const Failure& failure) {
    throwToJavaScript(env, failure);
  } catch (const std::exception& error) {
    throwToJavaScript(env, Failure{0, error.what()});
  }
  return nullptr;
}

template <Function function>
void add(napi_env env, napi_value exports, const char* name) {
  napi_value value;
  if (napi_create_function(env, name, NAPI_AUTO_LENGTH, called<function>, nullptr, &value) == napi_ok)
    napi_set_named_property(env, exports, name, value);
}

}  // namespace

NAPI_MODULE_INIT() {
  add<Load>(env, exports, "load");
  add<Connect>(env, exports, "connect");
  add<Memory>(env, exports, "memory");
  add<Compile>(env, exports, "compile");
  add<CompileFor>(env, exports, "compileFor");
  add<Serialize>(env, exports, "serialize");
  add<Deserialize>(env, exports, "deserialize");
  add<ProgramMemory>(env, exports, "programMemory");
  add<Upload>(env, exports, "upload");
  add<Download>(env, exports, "download");
  add<Run>(env, exports, "run");
  add<IsDeleted>(env, exports, "isDeleted");
  add<FreeTensor>(env, exports, "freeTensor");
  add<FreeProgram>(env, exports, "freeProgram");
  add<LiveTensors>(env, exports, "liveTensors");
  return exports;
}

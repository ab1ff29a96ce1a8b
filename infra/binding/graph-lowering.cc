#include <node_api.h>

#include <optional>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "tensorflow/compiler/tf2xla/tf2xla.pb.h"
#include "tensorflow/core/framework/graph.pb.h"
#include "xla/service/hlo.pb.h"

/*
 * Lowers a TensorFlow graph to XLA's HLO, the form in which PJRT plugins take programs
 * (libs/science/engine/src/pjrt/lowering.ts).
 */

/*
 * What libtensorflow_cc exports, and the wheel has no header of that could be included alone: tf2xla/tf2xla.h,
 * xla/client/client_library.h and xla/hlo/builder/xla_computation.h of TensorFlow 2.21. A change of one of these would
 * fail at linking or at the first lowering, which set-up tries (prove-engine.ts).
 */
namespace stream_executor {
class Platform;
}

namespace xla {
class Client;
class LocalClient;

struct ClientLibrary {
  static absl::StatusOr<LocalClient*> GetOrCreateLocalClient(stream_executor::Platform*,
                                                             const std::optional<std::set<int>>&);
};

class XlaComputation {
 public:
  int64_t unique_id = -1;
  HloModuleProto proto;
};
}  // namespace xla

namespace tensorflow {
absl::Status ConvertGraphDefToXla(GraphDef, const tf2xla::Config&, xla::Client*, xla::XlaComputation*);
}

namespace {

napi_value refuse(napi_env env, const std::string& message) {
  napi_throw_error(env, nullptr, message.c_str());
  return nullptr;
}

bool parse(napi_env env, napi_value given, google::protobuf::MessageLite* message) {
  void* bytes;
  size_t length;
  return napi_get_typedarray_info(env, given, nullptr, &length, &bytes, nullptr, nullptr) == napi_ok &&
         message->ParseFromArray(bytes, int(length));
}

/*
 * Has products computed in the precision of their factors. Otherwise XLA may round those of float32 to the ten bits of
 * TensorFloat-32, which are too few for attack gradients that must equal the reference's.
 */
void requirePrecision(xla::HloModuleProto& module) {
  for (auto& computation : *module.mutable_computations()) {
    for (auto& instruction : *computation.mutable_instructions()) {
      if (instruction.opcode() != "dot" && instruction.opcode() != "convolution") continue;
      auto* precision = instruction.mutable_precision_config();
      precision->clear_operand_precision();
      for (int factor = 0; factor < 2; factor++) precision->add_operand_precision(xla::PrecisionConfig::HIGHEST);
    }
  }
}

/*
 * The bytes of a module, which are those of every process that lowers the same graph: the number of the module counts
 * what the process lowered before, and the entries of maps have no order. Empty where they are too many.
 */
std::string sameBytesEachTime(xla::HloModuleProto& module) {
  module.set_id(0);
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    if (!module.SerializeToCodedStream(&coded)) bytes.clear();
  }
  return bytes;
}

/*
 * Takes the bytes of a GraphDef and of a tf2xla.Config, and gives those of an HloModuleProto. Its parameters are the
 * feeds and then the variables; its results are the fetches and then the variables that are written, in the memory of
 * their parameters. Throws TensorFlow's message where an operator has no lowering.
 */
napi_value Lower(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value given[2];
  napi_get_cb_info(env, info, &count, given, nullptr, nullptr);
  tensorflow::GraphDef graph;
  tensorflow::tf2xla::Config config;
  if (count != 2 || !parse(env, given[0], &graph) || !parse(env, given[1], &config))
    return refuse(env, "lower needs the bytes of a GraphDef and of a tf2xla.Config.");
  auto client = xla::ClientLibrary::GetOrCreateLocalClient(nullptr, std::nullopt);
  if (!client.ok()) return refuse(env, std::string(client.status().message()));
  xla::XlaComputation computation;
  const absl::Status status = tensorflow::ConvertGraphDefToXla(
      std::move(graph), config, reinterpret_cast<xla::Client*>(*client), &computation);
  if (!status.ok()) return refuse(env, std::string(status.message()));
  requirePrecision(computation.proto);
  const std::string bytes = sameBytesEachTime(computation.proto);
  napi_value module;
  if (bytes.empty() || napi_create_buffer_copy(env, bytes.size(), bytes.data(), nullptr, &module) != napi_ok)
    return refuse(env, "The HLO module is too large.");
  return module;
}

}  // namespace

NAPI_MODULE_INIT() {
  napi_value function;
  if (napi_create_function(env, "lower", NAPI_AUTO_LENGTH, Lower, nullptr, &function) == napi_ok)
    napi_set_named_property(env, exports, "lower", function);
  return exports;
}

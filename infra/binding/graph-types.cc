#include <node_api.h>

#include <string>
#include <vector>

#include "tensorflow/c/c_api.h"

/*
 * Asks TensorFlow for the types of a node's outputs without running the graph. Operators whose inputs have no values
 * yet are captured by them (libs/science/engine/src/recording/operator-types.ts).
 */

namespace {

/* Owns the objects of TensorFlow's C interface that an import needs. */
struct Import {
  TF_Status* status = TF_NewStatus();
  TF_Graph* graph = TF_NewGraph();
  TF_ImportGraphDefOptions* options = TF_NewImportGraphDefOptions();

  ~Import() {
    TF_DeleteImportGraphDefOptions(options);
    TF_DeleteGraph(graph);
    TF_DeleteStatus(status);
  }

  bool failed() const { return TF_GetCode(status) != TF_OK; }
};

napi_value refuse(napi_env env, const char* message) {
  napi_throw_error(env, nullptr, message);
  return nullptr;
}

napi_value number(napi_env env, double value) {
  napi_value result;
  napi_create_double(env, value, &result);
  return result;
}

/* The sizes of the axes, -1 where unknown; null where even the number of axes is unknown. */
napi_value shapeOf(napi_env env, TF_Graph* graph, TF_Output output, TF_Status* status) {
  napi_value shape;
  const int axes = TF_GraphGetTensorNumDims(graph, output, status);
  if (axes < 0) {
    napi_get_null(env, &shape);
    return shape;
  }
  std::vector<int64_t> sizes(axes);
  TF_GraphGetTensorShape(graph, output, sizes.data(), axes, status);
  napi_create_array_with_length(env, axes, &shape);
  for (int i = 0; i < axes; i++) napi_set_element(env, shape, i, number(env, double(sizes[i])));
  return shape;
}

/*
 * Takes the bytes of a GraphDef and the name of a node, and gives [type, shape] of each output. Throws TensorFlow's
 * message where it refuses the graph.
 */
napi_value OutputTypes(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value given[2];
  napi_get_cb_info(env, info, &count, given, nullptr, nullptr);
  void* bytes;
  size_t length;
  char name[64];
  if (count != 2 || napi_get_typedarray_info(env, given[0], nullptr, &length, &bytes, nullptr, nullptr) != napi_ok ||
      napi_get_value_string_utf8(env, given[1], name, sizeof(name), nullptr) != napi_ok)
    return refuse(env, "outputTypes needs the bytes of a GraphDef and the name of a node.");
  Import import;
  TF_Buffer definition{bytes, length, nullptr};
  TF_GraphImportGraphDef(import.graph, &definition, import.options, import.status);
  if (import.failed()) return refuse(env, TF_Message(import.status));
  TF_Operation* operation = TF_GraphOperationByName(import.graph, name);
  if (!operation) return refuse(env, "The graph has no node of that name.");
  const int outputs = TF_OperationNumOutputs(operation);
  napi_value types;
  napi_create_array_with_length(env, outputs, &types);
  for (int i = 0; i < outputs; i++) {
    const TF_Output output{operation, i};
    napi_value type;
    napi_create_array_with_length(env, 2, &type);
    napi_set_element(env, type, 0, number(env, TF_OperationOutputType(output)));
    napi_set_element(env, type, 1, shapeOf(env, import.graph, output, import.status));
    napi_set_element(env, types, i, type);
    if (import.failed()) return refuse(env, TF_Message(import.status));
  }
  return types;
}

}  // namespace

NAPI_MODULE_INIT() {
  napi_value function;
  if (napi_create_function(env, "outputTypes", NAPI_AUTO_LENGTH, OutputTypes, nullptr, &function) == napi_ok)
    napi_set_named_property(env, exports, "outputTypes", function);
  return exports;
}

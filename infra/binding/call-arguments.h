#pragma once

#include <node_api.h>

#include <string>
#include <utility>
#include <vector>

#include "pjrt-plugin.h"

/* Arguments and results of functions that JavaScript calls. */
namespace pjrt {

/* An argument that is not what the caller's declaration says. */
inline void require(bool holds, const char* what) {
  if (!holds) throw Failure{0, what};
}

inline void throwToJavaScript(napi_env env, const Failure& failure) {
  napi_value message, error, code;
  napi_create_string_utf8(env, failure.message.data(), failure.message.size(), &message);
  napi_create_error(env, nullptr, message, &error);
  napi_create_int32(env, failure.code, &code);
  napi_set_named_property(env, error, "pjrtCode", code);
  napi_throw(env, error);
}

/* The arguments of a call from JavaScript. */
class Arguments {
 public:
  Arguments(napi_env env, napi_callback_info info) : env(env) {
    napi_get_cb_info(env, info, &count_, values_, nullptr, nullptr);
  }

  napi_env const env;

  napi_value at(size_t index) const {
    require(index < count_, "an argument is missing");
    return values_[index];
  }

  std::string text(size_t index) const { return textOf(env, at(index)); }

  static std::string textOf(napi_env env, napi_value value) {
    size_t length = 0;
    require(napi_get_value_string_utf8(env, value, nullptr, 0, &length) == napi_ok, "a text is needed");
    std::string text(length, '\0');
    napi_get_value_string_utf8(env, value, text.data(), length + 1, &length);
    return text;
  }

  double number(size_t index) const {
    double value = 0;
    require(napi_get_value_double(env, at(index), &value) == napi_ok, "a number is needed");
    return value;
  }

  /* The bytes of a typed array. */
  std::pair<char*, size_t> bytes(size_t index) const {
    void* data;
    size_t offset, length;
    napi_value buffer;
    napi_typedarray_type type;
    require(napi_get_typedarray_info(env, at(index), &type, &length, &data, &buffer, &offset) == napi_ok,
            "a typed array is needed");
    const bool is_byte = type == napi_uint8_array || type == napi_int8_array || type == napi_uint8_clamped_array;
    const size_t width = is_byte ? 1 : type == napi_int32_array || type == napi_float32_array ? 4 : 0;
    require(width > 0, "an array of bytes, of int32 or of float32 is needed");
    return {static_cast<char*>(data), length * width};
  }

  template <typename Held>
  Held& held(size_t index) const {
    void* pointer = nullptr;
    require(napi_get_value_external(env, at(index), &pointer) == napi_ok && pointer, "a handle is needed");
    return *static_cast<Held*>(pointer);
  }

  std::vector<napi_value> list(size_t index) const {
    uint32_t length = 0;
    require(napi_get_array_length(env, at(index), &length) == napi_ok, "a list is needed");
    std::vector<napi_value> values(length);
    for (uint32_t i = 0; i < length; i++) napi_get_element(env, at(index), i, &values[i]);
    return values;
  }

  std::vector<int64_t> integers(size_t index) const {
    std::vector<int64_t> result;
    for (napi_value value : list(index)) {
      int64_t integer = 0;
      require(napi_get_value_int64(env, value, &integer) == napi_ok, "a list of integers is needed");
      result.push_back(integer);
    }
    return result;
  }

  /* Options as [name, value]; a bigint is an integer, and a number is a real number. */
  std::vector<Option> options(size_t index) const {
    std::vector<Option> result;
    for (napi_value pair : list(index)) {
      napi_value name, value;
      napi_get_element(env, pair, 0, &name);
      napi_get_element(env, pair, 1, &value);
      Option option;
      option.name = textOf(env, name);
      napi_valuetype type;
      napi_typeof(env, value, &type);
      bool is_exact = true;
      double real = 0;
      if (type == napi_string) {
        option.kind = Option::kText;
        option.text = textOf(env, value);
      } else if (type == napi_bigint) {
        option.kind = Option::kInteger;
        napi_get_value_bigint_int64(env, value, &option.integer, &is_exact);
      } else if (type == napi_number) {
        option.kind = Option::kReal;
        napi_get_value_double(env, value, &real);
        option.real = float(real);
      } else {
        option.kind = Option::kTruth;
        napi_get_value_bool(env, value, &option.truth);
      }
      result.push_back(option);
    }
    return result;
  }

 private:
  size_t count_ = 8;
  napi_value values_[8];
};

inline napi_value textValue(napi_env env, const char* data, size_t length) {
  napi_value value;
  napi_create_string_utf8(env, data, length, &value);
  return value;
}

inline napi_value numberValue(napi_env env, double number) {
  napi_value value;
  napi_create_double(env, number, &value);
  return value;
}

inline napi_value nothing(napi_env env) {
  napi_value value;
  napi_get_undefined(env, &value);
  return value;
}

/* A handle of JavaScript's, which frees what it holds when it is collected. */
template <typename Held>
napi_value handle(napi_env env, Held* held) {
  napi_value value;
  auto finalize = [](napi_env, void* data, void*) { delete static_cast<Held*>(data); };
  if (napi_create_external(env, held, finalize, nullptr, &value) == napi_ok) return value;
  delete held;
  throw Failure{0, "JavaScript has no room for a handle"};
}

inline napi_value copied(napi_env env, const char* bytes, size_t length) {
  napi_value value;
  void* data;
  require(napi_create_buffer_copy(env, length, bytes, &data, &value) == napi_ok, "there is no room for the bytes");
  return value;
}

}  // namespace pjrt

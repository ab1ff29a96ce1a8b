#include <node_api.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

/*
 * The loops over the pixels of images: Pillow's resizing, saturation and rotation (libs/science/datasets/src). What is
 * computed in real numbers comes from there, but for one product and one sum in single precision, so that compilers and
 * processors change no bit.
 */

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3") /* -O2 of GCC before 12 makes no vectors of loops, and later ones few */
#endif

#if defined(__x86_64__) && defined(__GLIBC__)
/* Compiled for newer processors too; which is taken is found out when the library is loaded. */
#define FOR_PROCESSORS __attribute__((target_clones("avx2", "default")))
#else
#define FOR_PROCESSORS
#endif

namespace {

using Integers4 = int32_t __attribute__((vector_size(16)));
using Floats4 = float __attribute__((vector_size(16)));

/* The source pixels of each output pixel, with weights of 22 fractional bits (pillow-resize.ts). */
struct Windows {
  const int32_t* first;
  const int32_t* starts;
  const int32_t* weights;
};

constexpr int kPrecision = 22;
constexpr int32_t kHalf = 1 << (kPrecision - 1);

inline uint8_t level(int32_t sum) { return uint8_t(std::min(sum >> kPrecision, 255)); }

/* Rows that are resized at once. Their pixels of one column lie side by side, so that loops go over all of them. */
constexpr int kRows = 16;
constexpr int kColumn = 3 * kRows;

FOR_PROCESSORS
void resizeWidth(const uint8_t* from, int width, int height, int side, Windows windows, uint8_t* to) {
  std::vector<uint8_t> columns(size_t(kColumn) * width);
  for (int top = 0; top < height; top += kRows) {
    const int rows = std::min(kRows, height - top);
    for (int x = 0; x < width; x++)
      for (int row = 0; row < rows; row++)
        memcpy(&columns[size_t(kColumn) * x + 3 * row], from + (size_t(width) * (top + row) + x) * 3, 3);
    for (int x = 0; x < side; x++) {
      int32_t sums[kColumn];
      for (int i = 0; i < kColumn; i++) sums[i] = kHalf;
      const uint8_t* at = &columns[size_t(kColumn) * windows.first[x]];
      for (int32_t k = windows.starts[x]; k < windows.starts[x + 1]; k++, at += kColumn)
        for (int i = 0; i < kColumn; i++) sums[i] += at[i] * windows.weights[k];
      uint8_t levels[kColumn];
      for (int i = 0; i < kColumn; i++) levels[i] = level(sums[i]);
      for (int row = 0; row < rows; row++) memcpy(to + (size_t(side) * (top + row) + x) * 3, levels + 3 * row, 3);
    }
  }
}

/* Bytes of a row that are added up at once, so that their sums stay in the nearest cache. */
constexpr int kPart = 256;

FOR_PROCESSORS
void resizeHeight(const uint8_t* from, int row, int side, Windows windows, uint8_t* to) {
  int32_t sums[kPart];
  for (int y = 0; y < side; y++) {
    const uint8_t* top = from + size_t(row) * windows.first[y];
    for (int begin = 0; begin < row; begin += kPart) {
      const int count = std::min(kPart, row - begin);
      std::fill(sums, sums + count, kHalf);
      const uint8_t* at = top + begin;
      for (int32_t k = windows.starts[y]; k < windows.starts[y + 1]; k++, at += row)
        for (int i = 0; i < count; i++) sums[i] += at[i] * windows.weights[k];
      uint8_t* out = to + size_t(row) * y + begin;
      for (int i = 0; i < count; i++) out[i] = level(sums[i]);
    }
  }
}

/* Pillow's conversion to `L` (src/libImaging/Convert.c). */
inline int32_t greyOf(int32_t red, int32_t green, int32_t blue) {
  return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
}

double sumOfGreys(const uint8_t* image, size_t bytes, const uint8_t* levels) {
  uint64_t sum = 0;
  for (size_t i = 0; i < bytes; i += 3)
    sum += uint64_t(greyOf(levels[image[i]], levels[image[i + 1]], levels[image[i + 2]]));
  return double(sum);
}

FOR_PROCESSORS
void scaleSaturation(uint8_t* image, size_t bytes, const uint8_t* levels, float factor) {
  for (size_t i = 0; i < bytes; i += 3) {
    const Integers4 colours = {levels[image[i]], levels[image[i + 1]], levels[image[i + 2]], 0};
    const int32_t grey = greyOf(colours[0], colours[1], colours[2]);
    const Floats4 product = __builtin_convertvector(colours - grey, Floats4) * factor;
    const Floats4 blended = product + float(grey);
    for (int channel = 0; channel < 3; channel++)
      image[i + channel] = uint8_t(int32_t(std::min(std::max(blended[channel], 0.0f), 255.0f)));
  }
}

/* Where the source of a pixel lies, with 16 fractional bits, and what one column and one row more change. */
struct Turn {
  int64_t x, y, columnX, columnY, rowX, rowY;
};

template <bool kFlip>
void move(const uint8_t* image, int side, Turn turn, const float* values, float* to) {
  for (int y = 0; y < side; y++, turn.x += turn.rowX, turn.y += turn.rowY) {
    int64_t atX = turn.x, atY = turn.y;
    for (int x = 0; x < side; x++, atX += turn.columnX, atY += turn.columnY, to += 3) {
      const int64_t fromX = atX >> 16, fromY = atY >> 16;
      if (uint64_t(fromX) >= uint64_t(side) || uint64_t(fromY) >= uint64_t(side)) {
        to[0] = to[1] = to[2] = 0;
        continue;
      }
      const uint8_t* from = image + 3 * (fromY * side + (kFlip ? side - 1 - fromX : fromX));
      for (int channel = 0; channel < 3; channel++) to[channel] = values[from[channel]];
    }
  }
}

/* The arguments of a call; wrong ones are an error of the caller's code, and throw a RangeError. */
class Arguments {
 public:
  Arguments(napi_env env, napi_callback_info info) : env_(env) {
    size_t count = kMost;
    napi_get_cb_info(env, info, &count, values_, nullptr, nullptr);
  }

  template <typename T>
  T* array(int index, size_t atLeast) {
    napi_typedarray_type type;
    size_t length = 0;
    void* data = nullptr;
    const bool isArray =
        napi_get_typedarray_info(env_, values_[index], &type, &length, &data, nullptr, nullptr) == napi_ok;
    if (!isArray || length < atLeast) fail();
    return static_cast<T*>(data);
  }

  size_t length(int index) {
    size_t length = 0;
    if (napi_get_typedarray_info(env_, values_[index], nullptr, &length, nullptr, nullptr, nullptr) != napi_ok) fail();
    return length;
  }

  double number(int index) {
    double value = 0;
    if (napi_get_value_double(env_, values_[index], &value) != napi_ok) fail();
    return value;
  }

  int size(int index) {
    const double value = number(index);
    if (!(value >= 1 && value <= 1 << 26)) fail();
    return failed_ ? 1 : int(value);
  }

  /* Windows of `side` output pixels that read at most `size` source pixels. */
  Windows windows(int index, int side, int size) {
    const Windows found = {array<const int32_t>(index, side), array<const int32_t>(index + 1, size_t(side) + 1),
                           array<const int32_t>(index + 2, 1)};
    if (failed_) return found;
    const int64_t weights = int64_t(length(index + 2));
    for (int i = 0; i < side; i++) {
      const int64_t count = int64_t(found.starts[i + 1]) - found.starts[i];
      if (found.first[i] < 0 || count < 1 || found.first[i] + count > size) fail();
      if (found.starts[i] < 0 || found.starts[i + 1] > weights) fail();
    }
    return found;
  }

  bool isWrong() const { return failed_; }

 private:
  static constexpr size_t kMost = 11;

  void fail() {
    if (!failed_) napi_throw_range_error(env_, nullptr, "These arguments do not fit each other.");
    failed_ = true;
  }

  napi_env env_;
  napi_value values_[kMost] = {};
  bool failed_ = false;
};

/* (from, width, height, side, the windows of the columns, those of the rows, to); windows are three arrays */
napi_value ResizeSquare(napi_env env, napi_callback_info info) {
  Arguments given(env, info);
  const int width = given.size(1), height = given.size(2), side = given.size(3);
  const auto* from = given.array<const uint8_t>(0, size_t(3) * width * height);
  const Windows columns = given.windows(4, side, width), rows = given.windows(7, side, height);
  auto* to = given.array<uint8_t>(10, size_t(3) * side * side);
  if (given.isWrong()) return nullptr;
  if (width == side) {
    resizeHeight(from, 3 * width, side, rows, to);
  } else if (height == side) {
    resizeWidth(from, width, height, side, columns, to);
  } else {
    std::vector<uint8_t> between(size_t(3) * side * height);
    resizeWidth(from, width, height, side, columns, between.data());
    resizeHeight(between.data(), 3 * side, side, rows, to);
  }
  return nullptr;
}

/* (image, levels) → the sum of the greys of the pixels */
napi_value SumOfGreys(napi_env env, napi_callback_info info) {
  Arguments given(env, info);
  const auto* image = given.array<const uint8_t>(0, 3);
  const auto* levels = given.array<const uint8_t>(1, 256);
  napi_value result = nullptr;
  if (!given.isWrong())
    napi_create_double(env, sumOfGreys(image, given.length(0) / 3 * 3, levels), &result);
  return result;
}

/* (image, levels, factor); the image is changed */
napi_value ScaleSaturation(napi_env env, napi_callback_info info) {
  Arguments given(env, info);
  auto* image = given.array<uint8_t>(0, 3);
  const auto* levels = given.array<const uint8_t>(1, 256);
  const auto factor = float(given.number(2));
  if (!given.isWrong()) scaleSaturation(image, given.length(0) / 3 * 3, levels, factor);
  return nullptr;
}

/* (image, side, flip as 0 or 1, [x, y, columnX, columnY, rowX, rowY] in float64, values, to) */
napi_value MovePixels(napi_env env, napi_callback_info info) {
  Arguments given(env, info);
  const int side = given.size(1);
  const auto* image = given.array<const uint8_t>(0, size_t(3) * side * side);
  const bool flip = given.number(2) != 0;
  const auto* turn = given.array<const double>(3, 6);
  const auto* values = given.array<const float>(4, 256);
  auto* to = given.array<float>(5, size_t(3) * side * side);
  if (given.isWrong()) return nullptr;
  const Turn fixed = {int64_t(turn[0]), int64_t(turn[1]), int64_t(turn[2]),
                      int64_t(turn[3]), int64_t(turn[4]), int64_t(turn[5])};
  (flip ? move<true> : move<false>)(image, side, fixed, values, to);
  return nullptr;
}

}  // namespace

NAPI_MODULE_INIT() {
  const napi_property_descriptor functions[] = {
      {"resizeSquare", nullptr, ResizeSquare, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"sumOfGreys", nullptr, SumOfGreys, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"scaleSaturation", nullptr, ScaleSaturation, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"movePixels", nullptr, MovePixels, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
  };
  napi_define_properties(env, exports, sizeof(functions) / sizeof(*functions), functions);
  return exports;
}

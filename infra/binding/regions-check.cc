#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <thread>
#include <vector>

#include "regions.h"

/*
 * Tests what `Regions` promises. It ends with status 1 and a sentence where a promise is broken. regions.test.ts
 * compiles and runs it.
 */

namespace {

constexpr size_t kMebibyte = size_t{1} << 20;

void require(bool holds, const char* what) {
  if (holds) return;
  fprintf(stderr, "broken promise: %s\n", what);
  exit(1);
}

size_t residentBytes() {
  long whole = 0, resident = 0;
  FILE* file = fopen("/proc/self/statm", "r");
  require(file && fscanf(file, "%ld %ld", &whole, &resident) == 2, "/proc/self/statm can be read");
  fclose(file);
  return size_t(resident) * size_t(sysconf(_SC_PAGESIZE));
}

struct Piece {
  unsigned char* bytes;
  size_t size;
  unsigned char mark;
};

/*
 * Allocates and frees pieces of random sizes. Each piece is filled with its own mark and must still have it when it is
 * freed.
 */
void exercise(Regions& regions, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<Piece> pieces;
  const auto giveOne = [&] {
    const size_t which = random() % pieces.size();
    const Piece piece = pieces[which];
    for (size_t i = 0; i < piece.size; i += 509) require(piece.bytes[i] == piece.mark, "no piece overlaps another");
    require(piece.bytes[piece.size - 1] == piece.mark, "no piece overlaps another at its end");
    regions.give(piece.bytes);
    pieces[which] = pieces.back();
    pieces.pop_back();
  };
  for (int turn = 0; turn < 20000; turn++) {
    if (pieces.size() > 40 || (!pieces.empty() && random() % 2)) {
      giveOne();
    } else {
      const size_t size = 1 + random() % (random() % 8 ? 20000 : 400000);
      auto* bytes = static_cast<unsigned char*>(regions.allocate(size));
      require(bytes != nullptr, "a small piece is always given");
      require(reinterpret_cast<uintptr_t>(bytes) % 64 == 0, "pieces are aligned");
      require(regions.holds(bytes), "the range holds what it gave");
      const auto mark = static_cast<unsigned char>(random());
      memset(bytes, mark, size);
      pieces.push_back({bytes, size, mark});
    }
  }
  while (!pieces.empty()) giveOne();
}

void piecesOfManyThreads() {
  Regions regions(1024 * kMebibyte);
  std::vector<std::thread> threads;
  for (unsigned seed = 1; seed <= 4; seed++) threads.emplace_back([&regions, seed] { exercise(regions, seed); });
  for (auto& thread : threads) thread.join();
  require(regions.used() == 0, "freed bytes are not counted as used");
  const size_t extent = regions.extent();
  require(extent < 64 * kMebibyte, "four threads with 3 MiB each at most need no more than 64 MiB");
  void* whole = regions.allocate(extent);
  require(whole != nullptr && regions.extent() == extent, "all free pieces are merged to one");
}

void bestFit() {
  Regions regions(64 * kMebibyte);
  void* large = regions.allocate(300 * 1024);
  void* between = regions.allocate(1024);
  void* small = regions.allocate(100 * 1024);
  void* last = regions.allocate(1024);
  regions.give(large);
  regions.give(small);
  require(regions.allocate(100 * 1024 - 5) == small, "a hole of the right size is taken before a larger one");
  require(regions.allocate(200 * 1024) == large, "a larger hole is taken where none has the right size");
  require(regions.allocate(100 * 1024) == static_cast<char*>(large) + 200 * 1024,
          "the rest of a larger hole stays free");
  regions.give(between);
  regions.give(last);
  require(regions.used() == 400 * 1024, "the used bytes are those that were given and not freed");
}

void endOfTheRange() {
  Regions regions(64 * kMebibyte);
  require(regions.allocate(65 * kMebibyte) == nullptr, "more than the range is refused");
  void* half = regions.allocate(40 * kMebibyte);
  require(half != nullptr && regions.allocate(40 * kMebibyte) == nullptr,
          "a piece that does not fit any more is refused");
  regions.give(half);
  require(regions.allocate(64 * kMebibyte) == half, "a free piece at the end grows to the size that is asked for");
  int elsewhere = 0;
  require(!regions.holds(&elsewhere), "the range does not hold other pointers");
}

void pagesGoBack() {
  Regions regions(256 * kMebibyte);
  void* kept = regions.allocate(kMebibyte);
  memset(kept, 7, kMebibyte);
  void* large = regions.allocate(100 * kMebibyte);
  memset(large, 1, 100 * kMebibyte);
  const size_t before = residentBytes();
  regions.give(large);
  require(residentBytes() + kMebibyte > before, "freed pages stay resident until they are released");
  regions.release();
  require(residentBytes() + 99 * kMebibyte < before, "released pages are not resident");
  require(static_cast<char*>(kept)[kMebibyte - 1] == 7, "pieces in use keep their bytes when pages are released");
  memset(regions.allocate(100 * kMebibyte), 1, 100 * kMebibyte);
}

int growths = 0;

void growthIsTold() {
  Regions regions(256 * kMebibyte, [] { growths++; });
  void* first = regions.allocate(100 * kMebibyte);
  require(first != nullptr && growths == 1, "onGrowth is called when the used part grows");
  regions.give(first);
  regions.give(regions.allocate(100 * kMebibyte));
  require(growths == 1, "onGrowth is not called for memory that was used before");
  require(regions.allocate(200 * kMebibyte) != nullptr && growths == 2,
          "onGrowth is called again when more is used than ever");
}

}  // namespace

int main() {
  piecesOfManyThreads();
  bestFit();
  endOfTheRange();
  pagesGoBack();
  growthIsTold();
  Regions most(size_t{1} << 62);
  require(most.allocate(1000) != nullptr, "fewer addresses are reserved where the system refuses so many");
}

#pragma once

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <set>
#include <utility>

/*
 * An allocator for tensors. It reserves one range of addresses, gives out runs of whole granules by best fit, and
 * merges a run with its free neighbours when it comes back. Training steps ask for the same sizes again and again, so
 * the next step takes what the last one freed, and the range grows little beyond the largest sum of live tensors.
 * glibc's heap has the same policy, but shares its memory with every small object, cuts each aligned piece off a larger
 * one, and has one lock for all. Threads may call every function.
 */
class Regions {
 public:
  /*
   * `reserve`: bytes of addresses, not of memory. Where the system refuses so many, half of them are reserved, and so
   * on. `onGrowth` is called, with the lock held, whenever more of the range is used than ever before, in steps of 64
   * MiB. It may free other memory, and must not allocate from here.
   */
  explicit Regions(size_t reserve, void (*onGrowth)() = nullptr) : onGrowth_(onGrowth) {
    if (reserve > kMost) reserve = kMost;
    for (; reserve >= kStep; reserve /= 2) {
      granules_ = static_cast<char*>(reserved(reserve));
      runs_ = granules_ ? static_cast<Run*>(reserved(reserve / kGranule * sizeof(Run))) : nullptr;
      if (runs_) {
        limit_ = reserve / kGranule;
        return;
      }
      if (granules_) munmap(granules_, reserve);
    }
    granules_ = nullptr;
  }

  Regions(const Regions&) = delete;
  Regions& operator=(const Regions&) = delete;

  /*
   * Allocates at least `bytes` (not 0), aligned to `kGranule`. Gives nullptr where there are no addresses or no memory.
   */
  void* allocate(size_t bytes) {
    if (bytes > limit_ * kGranule) return nullptr;
    const auto needed = static_cast<uint32_t>((bytes + kGranule - 1) / kGranule);
    const Lock lock(mutex_);
    const auto fitting = free_.lower_bound({needed, 0});
    const int64_t at = fitting == free_.end() ? extend(needed) : takenFrom(fitting, needed);
    if (at < 0) return nullptr;
    mark(at, needed, false);
    used_ += needed;
    return granules_ + at * kGranule;
  }

  /* Whether the pointer is in the range, so that `allocate` gave it. */
  bool holds(const void* pointer) const {
    return pointer >= granules_ && pointer < granules_ + limit_ * kGranule;
  }

  /* Frees a pointer that `allocate` gave, once. */
  void give(void* pointer) {
    auto at = static_cast<uint32_t>((static_cast<char*>(pointer) - granules_) / kGranule);
    const Lock lock(mutex_);
    uint32_t length = runs_[at].length;
    used_ -= length;
    if (const uint32_t after = at + length; after < top_ && runs_[after].isFree) {
      const uint32_t more = runs_[after].length;
      free_.erase({more, after});
      length += more;
    }
    if (at > 0 && runs_[at - 1].isFree) {
      const uint32_t before = runs_[at - 1].length;
      free_.erase({before, at - before});
      at -= before;
      length += before;
    }
    mark(at, length, true);
    free_.insert({length, at});
  }

  /* Returns the pages of free runs to the system, which clears them before they are used again. */
  void release() {
    const Lock lock(mutex_);
    const size_t page = sysconf(_SC_PAGESIZE);
    for (const auto& [length, at] : free_) {
      const auto begin = reinterpret_cast<uintptr_t>(granules_) + at * kGranule;
      const uintptr_t first = (begin + page - 1) / page * page;
      const uintptr_t end = (begin + length * kGranule) / page * page;
      if (end > first) madvise(reinterpret_cast<void*>(first), end - first, MADV_DONTNEED);
    }
  }

  /* The bytes that are allocated now. */
  size_t used() const {
    const Lock lock(mutex_);
    return used_ * kGranule;
  }

  /* The bytes from the first granule that was ever given out to the last. */
  size_t extent() const {
    const Lock lock(mutex_);
    return top_ * kGranule;
  }

  static constexpr size_t kGranule = 1024;

 private:
  /* Stored for the first and the last granule of each run. */
  struct Run {
    uint32_t length : 31;
    uint32_t isFree : 1;
  };

  class Lock {
   public:
    explicit Lock(pthread_mutex_t& mutex) : mutex_(mutex) { pthread_mutex_lock(&mutex_); }
    ~Lock() { pthread_mutex_unlock(&mutex_); }

   private:
    pthread_mutex_t& mutex_;
  };

  /* The bytes by which the usable part of the range grows. */
  static constexpr size_t kStep = size_t{64} << 20;

  /* Half of what the length in `Run` can count. */
  static constexpr size_t kMost = size_t{1} << 40;

  static void* reserved(size_t bytes) {
    void* range = mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return range == MAP_FAILED ? nullptr : range;
  }

  /* Takes `needed` granules from the front of a free run. */
  uint32_t takenFrom(std::set<std::pair<uint32_t, uint32_t>>::const_iterator fitting, uint32_t needed) {
    auto node = free_.extract(fitting);
    const auto [length, at] = node.value();
    if (length > needed) {
      mark(at + needed, length - needed, true);
      node.value() = {length - needed, at + needed};
      free_.insert(std::move(node));
    }
    return at;
  }

  /* Takes granules after the last run, or from the last run on if that is free. Gives -1 where there are none. */
  int64_t extend(uint32_t needed) {
    const uint32_t last = top_ > 0 && runs_[top_ - 1].isFree ? runs_[top_ - 1].length : 0;
    const uint32_t at = top_ - last;
    const size_t end = size_t{at} + needed;
    if (end > limit_ || !makeUsable(end)) return -1;
    if (last > 0) free_.erase({last, at});
    top_ = end;
    return at;
  }

  bool makeUsable(size_t end) {
    if (end <= usable_) return true;
    constexpr size_t step = kStep / kGranule;
    size_t wanted = (end + step - 1) / step * step;
    if (wanted > limit_) wanted = limit_;
    const int access = PROT_READ | PROT_WRITE;
    if (mprotect(runs_, wanted * sizeof(Run), access) != 0) return false;
    if (mprotect(granules_, wanted * kGranule, access) != 0) return false;
    usable_ = wanted;
    if (onGrowth_) onGrowth_();
    return true;
  }

  void mark(uint32_t at, uint32_t length, bool isFree) {
    runs_[at] = runs_[at + length - 1] = Run{length, isFree};
  }

  void (*const onGrowth_)();
  char* granules_ = nullptr;
  Run* runs_ = nullptr;
  size_t limit_ = 0;  /* granules reserved */
  size_t usable_ = 0; /* granules that may be written to */
  size_t top_ = 0;    /* granules ever given out */
  size_t used_ = 0;
  std::set<std::pair<uint32_t, uint32_t>> free_; /* length, place */
  /* It is held for a shorter time than it takes to put a thread to sleep. */
  mutable pthread_mutex_t mutex_ = PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP;
};

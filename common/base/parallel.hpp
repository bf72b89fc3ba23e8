// The same work on many items, on a few threads; the first failure ends it.

#pragma once

#include "common/base/result.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace swarmout {

/// Threads for work on the processor: what the machine has, at most eight.
[[nodiscard]] inline unsigned worker_count() {
  return std::clamp(std::thread::hardware_concurrency(), 1U, 8U);
}

/// Calls `work(begin, end, context)` for ranges of at most `batch` items that cover [0, count), each thread with a
/// context from `make_context()`. Returns when all is done, with the first error if there was one.
template <typename MakeContext, typename Work>
[[nodiscard]] Result<void> parallel_ranges(std::size_t count, std::size_t batch, MakeContext make_context, Work work) {
  std::atomic<std::size_t> next{0};
  std::atomic<bool> failed{false};
  std::mutex mutex;
  std::optional<Error> error;
  const auto run = [&] {
    auto context = make_context();
    while (!failed) {
      const std::size_t begin = next.fetch_add(batch);
      if (begin >= count) {
        return;
      }
      if (Result<void> done = work(begin, std::min(begin + batch, count), context); !done) {
        failed = true;
        const std::lock_guard lock(mutex);
        error = error ? error : std::optional(done.error());
      }
    }
  };
  {
    std::vector<std::jthread> helpers;
    for (unsigned i = 1; i < worker_count() && i * batch < count; ++i) {
      helpers.emplace_back(run);
    }
    run();
  }
  if (error) {
    return tl::unexpected(*std::move(error));
  }
  return {};
}

}  // namespace swarmout

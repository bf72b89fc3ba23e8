// Frames in, packs out: compresses on several threads and writes in the order of arrival.

#pragma once

#include "common/release/pack.hpp"

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace swarmout {

/// What became of one frame.
struct WrittenFrame {
  std::uint32_t packed_size = 0;
  std::size_t pack = 0;  ///< which of the packs that finish() returns
};

/// One thread calls it; it blocks when its workers are behind. The same frames give the same packs.
class FramePipeline {
public:
  FramePipeline(Path scratch, int level, unsigned workers);
  ~FramePipeline();
  FramePipeline(const FramePipeline&) = delete;
  FramePipeline& operator=(const FramePipeline&) = delete;

  /// An empty buffer for the next frame: one that a worker is done with, so that its memory need not be got anew.
  [[nodiscard]] std::vector<std::byte> buffer();
  /// Errors: cannot_write.
  [[nodiscard]] Result<void> submit(std::vector<std::byte> content);
  /// Waits until everything submitted so far is compressed and written.
  [[nodiscard]] Result<void> drain();
  /// Waits for everything; closes the last pack.
  [[nodiscard]] Result<std::vector<PackFile>> finish();
  /// In the order of submission; complete after finish().
  [[nodiscard]] const std::vector<WrittenFrame>& frames() const { return written_; }
  /// Compressed bytes so far.
  [[nodiscard]] Bytes packed() const { return packed_; }

private:
  struct Job {
    std::vector<std::byte> content;
    std::vector<std::byte> frame;
    bool done = false;
  };

  void work(std::stop_token stop, int level);
  [[nodiscard]] Result<void> write_front();

  Path scratch_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::shared_ptr<Job>> in_order_;      ///< not yet written
  std::deque<std::shared_ptr<Job>> waiting_;       ///< not yet compressed
  std::vector<std::vector<std::byte>> spare_;      ///< buffers
  std::vector<std::unique_ptr<PackWriter>> open_;  ///< none or one
  std::vector<PackFile> packs_;
  std::vector<WrittenFrame> written_;
  Bytes packed_ = 0;
  std::vector<std::jthread> workers_;  ///< last: they use everything above
};

}  // namespace swarmout

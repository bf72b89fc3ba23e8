#include "common/pack/frame_pipeline.hpp"

#include "common/base/host.hpp"

namespace swarmout {

namespace {

/// Frames that may wait for each worker: 4 MiB each, so memory stays small.
constexpr std::size_t kAhead = 3;

}  // namespace

FramePipeline::FramePipeline(Path scratch, int level, unsigned workers) : scratch_(std::move(scratch)) {
  INVARIANT(workers > 0);
  for (unsigned i = 0; i < workers; ++i) {
    workers_.emplace_back([this, level](std::stop_token stop) { work(std::move(stop), level); });
  }
}

FramePipeline::~FramePipeline() {
  for (std::jthread& worker : workers_) {
    worker.request_stop();
  }
  workers_.clear();
}

void FramePipeline::work(std::stop_token stop, int level) {
  ZstdCompressor codec(level);
  std::unique_lock lock(mutex_);
  while (changed_.wait(lock, stop, [this] { return !waiting_.empty(); })) {
    const std::shared_ptr<Job> job = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    std::vector<std::byte> frame = codec.compress(job->content);
    lock.lock();
    job->frame = std::move(frame);
    spare_.push_back(std::move(job->content));
    job->done = true;
    changed_.notify_all();
  }
}

std::vector<std::byte> FramePipeline::buffer() {
  const std::lock_guard lock(mutex_);
  if (spare_.empty()) {
    return {};
  }
  std::vector<std::byte> buffer = std::move(spare_.back());
  spare_.pop_back();
  buffer.clear();
  return buffer;
}

Result<void> FramePipeline::submit(std::vector<std::byte> content) {
  auto job = std::make_shared<Job>();
  job->content = std::move(content);
  {
    const std::lock_guard lock(mutex_);
    in_order_.push_back(job);
    waiting_.push_back(std::move(job));
  }
  changed_.notify_all();
  while (in_order_.size() > workers_.size() * kAhead) {
    TRY(write_front());
  }
  return {};
}

Result<void> FramePipeline::write_front() {
  std::shared_ptr<Job> job;
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return in_order_.front()->done; });
    job = std::move(in_order_.front());
    in_order_.pop_front();
  }
  if (open_.empty()) {
    TRY_ASSIGN(PackWriter writer,
               PackWriter::create(scratch_ / (random_nonce_hex() + ".pack")).map_error([](Error error) {
                 error.code = ErrorCode::cannot_write;
                 return error;
               }));
    open_.push_back(std::make_unique<PackWriter>(std::move(writer)));
  }
  PackWriter& pack = *open_.front();
  TRY(pack.append(job->frame));
  written_.push_back({static_cast<std::uint32_t>(job->frame.size()), packs_.size()});
  packed_ += job->frame.size();
  if (pack.size() >= pack_size(packs_.size())) {
    TRY_ASSIGN(PackFile file, pack.finish());
    packs_.push_back(std::move(file));
    open_.clear();
  }
  return {};
}

Result<void> FramePipeline::drain() {
  while (!in_order_.empty()) {
    TRY(write_front());
  }
  return {};
}

Result<std::vector<PackFile>> FramePipeline::finish() {
  TRY(drain());
  if (!open_.empty()) {
    TRY_ASSIGN(PackFile file, open_.front()->finish());
    packs_.push_back(std::move(file));
    open_.clear();
  }
  return std::move(packs_);
}

}  // namespace swarmout

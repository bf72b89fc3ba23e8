#include "seeder/source/tar_stream.hpp"

#include "seeder/source/credentials.hpp"
#include "seeder/source/tar_reader.hpp"

#include <fmt/format.h>
#include <signal.h>

namespace swarmout {

namespace {

constexpr int kBrokenPipe = 128 + SIGPIPE;

/// Remembers that it was the sink that failed, not the stream.
class WatchedSink final : public TreeSink {
public:
  explicit WatchedSink(TreeSink& next) : next_(next) {}
  Result<void> entry(const TreeEntry& entry) override { return watched(next_.entry(entry)); }
  Result<void> data(ByteView bytes) override { return watched(next_.data(bytes)); }
  [[nodiscard]] bool failed() const { return failed_; }

private:
  Result<void> watched(Result<void> result) {
    failed_ = failed_ || !result;
    return result;
  }

  TreeSink& next_;
  bool failed_ = false;
};

class TarSource final : public Source {
public:
  explicit TarSource(std::string command) : command_(std::move(command)) {}

  Result<std::optional<std::string>> resolve(const std::string& wanted, std::stop_token) override {
    return wanted.empty() ? std::nullopt : std::optional(wanted);
  }

  Result<void> stream(const std::string& revision, TreeSink& sink, std::stop_token stop) override {
    return stream_tar({{"/bin/sh", "-c", command_}, {{"SWARMOUT_REVISION", revision}}, {}}, "the source's command",
                      sink, std::move(stop));
  }

private:
  std::string command_;
};

}  // namespace

Result<void> stream_tar(const Command& command, const std::string& what, TreeSink& sink, std::stop_token stop) {
  TRY_ASSIGN(Subprocess child, Subprocess::start(command));
  WatchedSink watched(sink);
  auto read = read_tar([&](std::span<std::byte> out) { return child.read(out, stop); }, watched, stop);
  if (watched.failed() || (!read && read.error().code != ErrorCode::refused)) {
    return read;
  }
  // A command that failed explains a damaged stream better than the damage does; but one that died of our no longer
  // reading explains nothing.
  Result<int> status = read ? child.wait(stop) : child.stop();
  TRY(status);
  if (*status != 0 && (read || *status != kBrokenPipe)) {
    return fail(ErrorCode::failed,
                fmt::format("{} ended with status {}: {}", what, *status, quotable(child.last_words())));
  }
  return read;
}

std::unique_ptr<Source> make_tar_source(std::string command) {
  return std::make_unique<TarSource>(std::move(command));
}

}  // namespace swarmout

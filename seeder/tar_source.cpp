#include "seeder/tar_source.hpp"

#include "common/subprocess.hpp"
#include "seeder/tar_reader.hpp"

#include <fmt/format.h>

namespace swarmout {

namespace {

class TarSource final : public Source {
public:
  explicit TarSource(std::string command) : command_(std::move(command)) {}

  Result<std::optional<std::string>> resolve(const std::string& wanted, std::stop_token) override {
    return wanted.empty() ? std::nullopt : std::optional(wanted);
  }

  Result<void> stream(const std::string& revision, TreeSink& sink, std::stop_token stop) override {
    TRY_ASSIGN(Subprocess child, Subprocess::start({{"/bin/sh", "-c", command_},
                                                    {{"SWARMOUT_REVISION", revision}},
                                                    {}}));
    const auto read = read_tar([&](std::span<std::byte> out) { return child.read(out, stop); }, sink);
    if (!read && read.error().code != ErrorCode::refused) {
      return read;
    }
    // A command that failed explains a damaged stream better than the damage does.
    if (const int status = child.wait(); status != 0 && (read || status < 128)) {
      return fail(ErrorCode::failed,
                  fmt::format("the source's command ended with status {}: {}", status, child.last_words()));
    }
    return read;
  }

private:
  std::string command_;
};

}  // namespace

std::unique_ptr<Source> make_tar_source(std::string command) {
  return std::make_unique<TarSource>(std::move(command));
}

}  // namespace swarmout

#include "seeder/source/tar_source.hpp"

#include "seeder/source/tar_stream.hpp"

namespace swarmout {

namespace {

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

std::unique_ptr<Source> make_tar_source(std::string command) {
  return std::make_unique<TarSource>(std::move(command));
}

}  // namespace swarmout

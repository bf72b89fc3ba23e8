// A directory share behind a helper process: every call answers within a time, whatever the mount does.

#pragma once

#include "common/share/helper/share_helper.hpp"
#include "common/share/helper/share_reply.hpp"
#include "common/share/share.hpp"

namespace swarmout {

class RemoteShare final : public Share {
public:
  /// Errors: as open_share().
  [[nodiscard]] static Result<std::unique_ptr<Share>> open(std::string program, const std::string& directory,
                                                           std::chrono::milliseconds timeout, std::stop_token stop);
  /// As init_share().
  [[nodiscard]] static Result<InitOutcome> init(std::string program, const std::string& directory,
                                                std::chrono::milliseconds timeout, std::stop_token stop);
  /// The share of a job within this one. Errors: as init(); also unavailable.
  [[nodiscard]] static Result<InitOutcome> init_job(std::string program, const std::string& directory,
                                                    const std::string& job, std::chrono::milliseconds timeout,
                                                    std::stop_token stop);
  RemoteShare(std::string program, std::string directory, std::chrono::milliseconds timeout, std::stop_token stop)
      : directory_(std::move(directory)),
        timeout_(timeout),
        helper_(std::move(program), directory_, timeout, std::move(stop)) {}

  Result<Position> tail(Position known) override;
  Result<std::vector<Position>> numbers_below(Position below, std::size_t most) override;
  Result<std::optional<std::string>> read(Position position) override;
  PutResult put(Position position, std::string_view bytes) override;
  Result<void> write_cell(CellKind kind, std::string_view name, std::string_view bytes) override;
  Result<bool> create_cell(CellKind kind, std::string_view name, std::string_view bytes) override;
  Result<std::optional<Cell>> read_cell(CellKind kind, std::string_view name) override;
  Result<std::vector<std::string>> list_cells(CellKind kind) override;
  Result<void> remove_cell(CellKind kind, std::string_view name) override;
  Result<void> write_blob(std::string_view name, std::string_view bytes) override;
  Result<std::optional<std::string>> read_blob(std::string_view name, Bytes limit) override;
  Result<std::vector<std::string>> list_blobs() override;
  Result<void> remove_blob(std::string_view name) override;
  Result<void> remove_stale(WallTime before) override;
  Result<WallTime> now() override;
  Result<std::string> cluster() override;
  Result<void> check_primitive() override;
  std::string name() const override { return directory_; }

private:
  /// A reply without an error, from a helper that has opened the share.
  Result<wire::ShareReply> call(const wire::ShareCall& call);
  Result<wire::ShareReply> ask(const wire::ShareCall& call);
  Result<void> make_ready();

  std::string directory_;
  std::chrono::milliseconds timeout_;
  ShareHelper helper_;
};

}  // namespace swarmout

// What this host keeps of a Mercurial repository: a repository without a working copy in the state directory, with the
// changesets that were wanted and what they come from. A damaged one is made anew.
//
// Threads: one, but for size().

#pragma once

#include "seeder/source/hg/hg_command.hpp"
#include "seeder/source/hg/hg_tree.hpp"

#include <atomic>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace swarmout {

class HgMirror {
public:
  /// `state` is the state directory.
  HgMirror(HgLocation location, const Path& state);

  /// Nobody else, and no hg that an earlier process of ours has started, is at work on it while this is there.
  class Use {
  public:
    explicit Use(HgMirror& mirror) : mirror_(mirror) {}
    ~Use() { mirror_.lock_.reset(); }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

  private:
    HgMirror& mirror_;
  };
  /// Also puts right what killed hgs have left. Errors: temporary: in use, or stopped; cannot_write; failed.
  [[nodiscard]] Result<std::unique_ptr<Use>> use(std::stop_token stop);

  // All below need a Use.

  /// The full hash of what upstream calls `name`, which check_hg_name() has seen. Errors: not_found; failed; temporary.
  [[nodiscard]] Result<std::string> lookup(const std::string& name, std::stop_token stop) const;
  [[nodiscard]] Result<bool> has(const std::string& node, std::stop_token stop) const;

  /// Fetches what is missing of that changeset; its files, sorted by path. Errors: not_found; failed; cannot_write;
  /// refused; temporary.
  [[nodiscard]] Result<std::vector<HgFile>> bring(const std::string& node, std::stop_token stop);

  /// A command that reads from the mirror.
  [[nodiscard]] Command command(std::vector<std::string> arguments) const;
  /// Removes the mirror, if hg says that it is damaged: the next use makes it anew. Whether it was.
  [[nodiscard]] Result<bool> remove_if_damaged(std::stop_token stop) const;

  /// Bytes of what hg keeps of changesets, and of what it has said meanwhile: it moves on while it fetches. Any thread.
  [[nodiscard]] Bytes size() const;
  /// The repository, fit for messages.
  [[nodiscard]] const std::string& shown() const { return shown_; }

private:
  [[nodiscard]] HgPlace place() const;
  [[nodiscard]] Result<void> prepare(std::stop_token stop) const;
  [[nodiscard]] Result<std::vector<HgFile>> list(const std::string& node, std::stop_token stop) const;
  [[nodiscard]] Result<std::vector<HgFile>> bring_once(const std::string& node, std::stop_token stop);
  [[nodiscard]] Error failure(const ToolOutcome& outcome, const std::string& what) const;
  [[nodiscard]] tl::unexpected<Error> not_there(const std::string& name) const;

  HgLocation location_;
  std::string shown_;
  Path directory_;  ///< of all mirrors
  Path repository_;
  std::optional<Fd> lock_;
  std::atomic<Bytes> said_ = 0;
};

}  // namespace swarmout

// What this host keeps of a Subversion URL: a working copy in the state directory, which svn itself brings from one
// revision to the next, so that only what differs is fetched. Of it only what Subversion calls pristine is used: the
// files as the repository has them, before keywords and line ends are written into them.
//
// Threads: one, but for fetched().

#pragma once

#include "seeder/source/svn/svn_tree.hpp"

#include <atomic>
#include <memory>
#include <optional>
#include <string>

namespace swarmout {

/// A revision of one history: a repository that was restored from a backup may have another one of the same number.
struct SvnPoint {
  std::string number;
  std::string date;  ///< as svn has it
  bool operator==(const SvnPoint&) const = default;
};

class SvnWorkingCopy {
public:
  /// `state` is the state directory.
  SvnWorkingCopy(SvnLocation location, const Path& state);

  /// Nobody else, and no svn that an earlier process of ours has started, is at work on it while this is there.
  class Use {
  public:
    explicit Use(SvnWorkingCopy& copy) : copy_(copy) {}
    ~Use() { copy_.lock_.reset(); }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

  private:
    SvnWorkingCopy& copy_;
  };
  /// Errors: temporary: in use, or stopped; cannot_write.
  [[nodiscard]] Result<std::unique_ptr<Use>> use(std::stop_token stop);

  // All below need a Use.

  /// The number of the last revision up to `revision` (as parse_svn_revision() gives it; empty: as the location says)
  /// that has changed something in the directory. Errors: not_found; failed; temporary.
  [[nodiscard]] Result<std::string> last_change(const std::string& revision, std::stop_token stop);

  /// Brings the working copy to revision `number`; what is in it then. A damaged one is made anew. Errors: not_found;
  /// failed; cannot_write; temporary; refused.
  [[nodiscard]] Result<SvnTree> bring(const std::string& number, std::stop_token stop);

  /// The file with that content.
  [[nodiscard]] Path pristine(const ContentId& content) const;
  /// The next bring() makes it anew.
  [[nodiscard]] Result<void> remove() const;

  /// Bytes of files fetched by this process. Any thread.
  [[nodiscard]] Bytes fetched() const;
  /// The URL, fit for messages.
  [[nodiscard]] const std::string& shown() const { return shown_; }

private:
  [[nodiscard]] SvnPlace place(const Path& directory) const;
  [[nodiscard]] std::string peg_for(const std::string& revision) const;
  [[nodiscard]] Path record() const;
  [[nodiscard]] std::optional<SvnPoint> recorded() const;
  [[nodiscard]] Result<std::string> date_of(const std::string& number, std::stop_token stop) const;
  [[nodiscard]] Result<bool> is_of_this_history(const std::string& number, std::stop_token stop);
  [[nodiscard]] Result<std::string> url_at(const std::string& number, std::stop_token stop) const;
  [[nodiscard]] Result<ToolOutcome> fetch(std::vector<std::string> arguments, std::stop_token stop);
  [[nodiscard]] Result<std::optional<SvnTree>> update(const std::string& target, const std::string& number,
                                                      std::stop_token stop);
  [[nodiscard]] Error server_failure(const ToolOutcome& outcome, const std::string& revision) const;

  SvnLocation location_;
  std::string shown_;
  Path directory_;  ///< of all working copies
  Path copy_;
  std::optional<Fd> lock_;
  std::optional<SvnPoint> newest_;  ///< of the last last_change()
  std::atomic<Bytes> fetched_ = 0;
};

}  // namespace swarmout

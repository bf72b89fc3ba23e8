// Share I/O in a process of its own. A hard NFS mount can hang for ever, and whoever touches it then hangs with it; so
// a small helper touches it, and the process that has work to do waits for the helper no longer than it wants to.
//
// The helper is this same program, started again with kShareHelperVerb; calls and replies (share_call.proto) go over
// its standard input and output, which are one socket, each after its length in four bytes.

#pragma once

#include "common/base/files.hpp"
#include "common/base/result.hpp"
#include "common/share/helper/process_stat.hpp"
#include "common/share/share.hpp"

#include <chrono>
#include <stop_token>
#include <string>
#include <vector>

namespace swarmout {

inline constexpr const char* kShareHelperVerb = "share-helper";
/// The largest blob, and something around it.
inline constexpr Bytes kMaxShareMessage = kMaxBlob + 64 * kKiB;

/// A call or a reply as it is sent: after its length.
[[nodiscard]] std::string with_length(const std::string& message);

/// A running helper, and those before it that could not be ended: a process in an uninterruptible wait does not die
/// before its wait ends.
class ShareHelper {
public:
  /// `program`: what is started. `place`: for messages.
  ShareHelper(std::string program, std::string place, std::chrono::milliseconds timeout, std::stop_token stop)
      : program_(std::move(program)), place_(std::move(place)), timeout_(timeout), stop_(std::move(stop)) {}
  /// Waits for nobody.
  ~ShareHelper();
  ShareHelper(const ShareHelper&) = delete;
  ShareHelper& operator=(const ShareHelper&) = delete;

  [[nodiscard]] bool running() const { return socket_.valid(); }
  /// Errors: temporary: too many helpers hang, or one has only just been given up; failed: it cannot be started.
  [[nodiscard]] Result<void> start();
  /// One call, one reply. Errors: temporary: no reply in time (or soon after a stop was requested), and the helper is
  /// given up.
  [[nodiscard]] Result<std::string> exchange(const std::string& call);

  /// Ends one that answers.
  void stop();

private:
  /// Of one call.
  struct Waiting {
    explicit Waiting(int pid) : progress(pid) {}
    ProcessProgress progress;
    std::chrono::milliseconds hung{0};
    std::chrono::milliseconds slow{0};  ///< while the helper got on, or waited for a processor
    std::chrono::milliseconds since_stop{0};
  };
  [[nodiscard]] Result<void> transfer(short direction, std::span<std::byte> bytes, Waiting& waiting);
  [[nodiscard]] tl::unexpected<Error> give_up(std::string why);
  [[nodiscard]] Error no_answer() const;
  void reap();

  std::string program_;
  std::string place_;
  std::chrono::milliseconds timeout_;
  std::stop_token stop_;
  int pid_ = -1;
  Fd socket_;
  std::vector<int> given_up_;                           ///< killed, and not gone yet
  std::chrono::steady_clock::time_point not_before_{};  ///< of the next start
};

}  // namespace swarmout

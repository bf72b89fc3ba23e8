// `doctor`: what may be wrong with this host and its share, each thing looked at by itself and within a time.
//
// A check that hangs, on a mount whose server is away, holds up neither the others nor the end: each has a thread, and
// one that has not answered is told as failed and left behind. Whoever runs them must then end the process without
// waiting (`silent`).

#pragma once

#include "common/base/files.hpp"
#include "common/share/share.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace swarmout {

enum class Health { ok, warn, fail };
[[nodiscard]] std::string_view name_of(Health health);

struct Finding {
  std::string id{};
  Health health = Health::ok;
  std::string seen{};
  std::string cure{};   ///< one line; empty where nothing is wrong
  bool silent = false;  ///< it has not answered, and its thread is left behind
};

/// What all checks are told. Copied for the threads.
struct DoctorOptions {
  ShareAddress share;
  Path dest;
  Path state;
  Path keys;
  std::chrono::milliseconds max_age{0};               ///< of the newest signed entry; 0: any is well
  std::function<Result<std::string>()> advertised{};  ///< the address that others are told to come to
  std::function<Finding()> fleet{};                   ///< the one check of `doctor --fleet`
  Path root = "/";                                    ///< where etc/ and var/ are; another one in tests
};

struct DoctorCheck {
  const char* id;
  const char* about;  ///< for the table of docs/operations.md
  Finding (*look)(const DoctorOptions& options);
};

/// All there are, in the order in which they are told.
[[nodiscard]] std::span<const DoctorCheck> doctor_checks();

/// Of the whole: `doctor` is done within five seconds.
inline constexpr std::chrono::milliseconds kDoctorPatience{4000};
/// Of one call to the share: less, so that its check can say what was wrong.
inline constexpr std::chrono::milliseconds kDoctorShareTimeout{3000};

[[nodiscard]] std::vector<Finding> examine(const DoctorOptions& options, std::span<const DoctorCheck> checks,
                                           std::chrono::milliseconds patience = kDoctorPatience);

// For checks.
[[nodiscard]] Finding well(std::string seen);
[[nodiscard]] Finding doubtful(std::string seen, std::string cure);
[[nodiscard]] Finding broken(std::string seen, std::string cure);
/// Its hint is the cure.
[[nodiscard]] Finding broken(const Error& error, std::string cure = "");

}  // namespace swarmout

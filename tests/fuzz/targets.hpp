// What reads bytes that others have made, each as one function that takes any bytes. A fuzzer calls them (fuzzer.cpp),
// and so does a test, with all inputs that are kept (replay_test.cpp).
//
// A target ends the process if what it tests breaks a promise: a sanitizer's finding, an exception, INVARIANT, a check.

#pragma once

#include <span>
#include <string>
#include <string_view>

namespace swarmout::fuzz {

struct Target {
  const char* name;
  void (*run)(std::string_view input);
  /// Files of tests/data to begin with: whose paths begin so.
  const char* seeds;
};

[[nodiscard]] std::span<const Target> targets();

// By what they read; each is one file.
void log_entry(std::string_view input);
void signed_log_entry(std::string_view input);
void log_view(std::string_view input);
void heartbeat(std::string_view input);
void stage(std::string_view input);
void peer_record(std::string_view input);

void descriptor(std::string_view input);
void manifest(std::string_view input);
void torrent(std::string_view input);
void pack(std::string_view input);
void signature(std::string_view input);

void delta(std::string_view input);
void delta_parts(std::string_view input);
void delta_texts(std::string_view input);

void announce(std::string_view input);
void etcd_answer(std::string_view input);
void http_request(std::string_view input);
void words(std::string_view input);

void share_call(std::string_view input);
void share_reply(std::string_view input);

void archive(std::string_view input);
void tar(std::string_view input);
void settings(std::string_view input);
void repository(std::string_view input);

/// `promise` must hold.
void check(bool promise, const char* what);

/// A file of tests/data.
[[nodiscard]] std::string data(std::string_view path);

}  // namespace swarmout::fuzz

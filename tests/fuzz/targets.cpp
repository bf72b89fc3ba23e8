#include "tests/fuzz/targets.hpp"

#include "common/base/files.hpp"

#include <cstdio>
#include <cstdlib>

namespace swarmout::fuzz {

std::span<const Target> targets() {
  static constexpr Target all[] = {
      {"log_entry", log_entry, "share/log/"},
      {"signed_log_entry", signed_log_entry, "share/log/"},
      {"log_view", log_view, "share/log/"},
      {"heartbeat", heartbeat, "share/hb/"},
      {"stage", stage, "share/stage/"},
      {"peer_record", peer_record, "share/peers/"},
      {"descriptor", descriptor, "descriptors/"},
      {"manifest", manifest, "state/manifests/"},
      {"torrent", torrent, "share/torrents/"},
      {"pack", pack, "state/packs/"},
      {"signature", signature, "descriptors/"},
      {"delta", delta, "deltas/delta"},
      {"delta_parts", delta_parts, "delta_parts"},
      {"delta_texts", delta_texts, "delta_texts"},
      {"announce", announce, "announce"},
      {"etcd_answer", etcd_answer, "etcd"},
      {"http_request", http_request, "http_request"},
      {"words", words, "words"},
      {"share_call", share_call, "share_call"},
      {"share_reply", share_reply, "share_reply"},
      {"archive", archive, "exports/"},
      {"tar", tar, "tar"},
      {"settings", settings, "settings"},
      {"repository", repository, "repository"},
  };
  return all;
}

void check(bool promise, const char* what) {
  if (!promise) {
    std::fprintf(stderr, "a promise is broken: %s\n", what);
    std::abort();
  }
}

std::string data(std::string_view path) {
  const auto content = read_file(Path(SWARMOUT_TEST_DATA) / path, 16 * kMiB);
  check(content.has_value(), "tests/data is there");
  return *content;
}

}  // namespace swarmout::fuzz

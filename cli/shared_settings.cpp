#include "cli/shared_settings.hpp"

#include "common/share/etcd/etcd_settings.hpp"

#include <algorithm>

namespace swarmout {

namespace {

constexpr std::chrono::milliseconds kLeastShareTimeout{100};
constexpr std::uint64_t kMostConnections = 60000;  // descriptors, in the end
constexpr std::uint64_t kMostDscp = 63;            // six bits

}  // namespace

namespace {

/// A directory, or an etcd URL that is one.
struct ShareUrl : Text {
  ShareUrl() : Text{.word = "DIR|URL", .shortest = 1} {}
  [[nodiscard]] bool read(std::string_view text, std::string& value) const {
    return wrong(text).empty() && Text::read(text, value);
  }
  [[nodiscard]] std::string wrong(std::string_view text) const {
    if (!is_etcd_url(text)) {
      return "";
    }
    const auto settings = parse_etcd_url(text);
    return settings ? "" : to_string(settings.error());
  }
  [[nodiscard]] std::string allowed() const { return "a directory, or etcd://HOST[:PORT][,…]/PREFIX"; }
};

}  // namespace

void add_share_settings(Verb& verb, ShareAddress& share) {
  share.helper = "/proc/self/exe";
  add_setting(
      verb, share.url, ShareUrl{},
      {.name = "share",
       .help = "The directory that every host can reach, or etcd://HOST:2379[,HOST2:2379…]/PREFIX (etcds:// for "
               "TLS)",
       .required = true});
  add_setting(
      verb, share.timeout, Duration{.least = kLeastShareTimeout},
      {.name = "share-timeout", .help = "Give up a share that does not answer for this long, and try again later"});
  add_setting(verb, share.etcd_user, Text{.word = "NAME"},
              {.name = "etcd-user",
               .group = Group::etcd,
               .help = "User for etcd; the password is in a file, or in SWARMOUT_ETCD_PASSWORD in the environment"});
  add_setting(verb, share.etcd_password_file, Place{"FILE"},
              {.name = "etcd-password-file", .group = Group::etcd, .help = "File with the password for etcd"});
  add_setting(verb, share.etcd_ca, Place{"FILE"},
              {.name = "etcd-ca",
               .group = Group::etcd,
               .help = "File with the certificates to trust; without it the system's"});
}

void make_share_optional(Verb& verb) {
  const auto is_share = [](const Setting& each) { return each.name == "share"; };
  std::find_if(verb.settings.begin(), verb.settings.end(), is_share)->required = false;
}

void add_optional_share_settings(Verb& verb, ShareAddress& share) {
  add_share_settings(verb, share);
  make_share_optional(verb);
}

void add_state_setting(Verb& verb, Path& state) {
  add_setting(verb, state, Place{}, {.name = "state", .help = "Directory for what this host keeps between runs"});
}

void add_keep_settings(Verb& verb, std::size_t& keep, MinFree& min_free) {
  add_setting(verb, keep, Count{1, 100}, {.name = "keep", .help = "Releases to keep, trees as well as packs"});
  add_setting(verb, min_free, FreeSpace{},
              {.name = "min-free",
               .help = "Keep fewer, down to the active one, while less of the disk is free than this; 0%: never"});
}

void add_keys_setting(Verb& verb, Path& keys) {
  add_setting(verb, keys, Place{},
              {.name = "keys", .help = "Directory with swarmout.pub, and swarmout.key on hosts that may lead"});
}

void add_sign_setting(Verb& verb, std::string& command) {
  add_setting(verb, command, Text{.word = "COMMAND"},
              {.name = "sign-command",
               .help = "Signs instead of swarmout.key: gets the bytes on standard input, prints the Ed25519 signature "
                       "in base64"});
}

void add_dest_setting(Verb& verb, Path& dest) {
  add_setting(verb, dest, Place{},
              {.name = "dest", .help = "Where releases/ with the trees and the link `current` are"});
}

void add_host_settings(Verb& verb, const HostTargets& to) {
  add_keys_setting(verb, to.keys);
  add_state_setting(verb, to.state);
  add_setting(verb, to.wishes.listen, ListenAddress{},
              {.name = "listen",
               .group = Group::swarm,
               .help = "Where other hosts reach this one; without it any port at the address that reaches the share"});
  add_setting(verb, to.wishes.tls, Flag{},
              {.name = "swarm-tls",
               .group = Group::swarm,
               .help = "Exchange releases over TLS, only with hosts that have swarm.key of --keys"});
  add_setting(verb, to.swarm.max_connections, Count{0, kMostConnections},
              {.name = "max-connections",
               .group = Group::swarm,
               .help = "To other hosts at the same time; 0: as suits the role"});
  add_setting(verb, to.swarm.allow, Networks{},
              {.name = "allow",
               .group = Group::swarm,
               .help = "Talk to hosts at these addresses only; without it to those that the fleet's records name"});
  add_setting(verb, to.swarm.connections_per_address, Count{0, kMostConnections},
              {.name = "connections-per-address",
               .group = Group::swarm,
               .help = "To hosts at one address, for each release; 0: as many as nobody else wants"});
  add_setting(verb, to.swarm.dscp, Count{0, kMostDscp},
              {.name = "dscp",
               .group = Group::swarm,
               .help = "Mark on what is sent to peers; 1: lower effort than other traffic, 0: none"});
  add_setting(verb, to.swarm.limits.upload, Rate{},
              {.name = "upload-limit",
               .group = Group::limits,
               .help = "Bytes a second to all other hosts together, 10M is 10 MiB; 0: no limit"});
  add_setting(
      verb, to.swarm.limits.download, Rate{},
      {.name = "download-limit", .group = Group::limits, .help = "Bytes a second from all other hosts together"});
}

}  // namespace swarmout
